//! How long it takes to make and sign the request of one event of 1 KiB, for each built-in profile:
//! `cargo bench -p postroad-profile`.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(missing_docs, reason = "the macros of criterion write items without docs")]

use std::{collections::BTreeMap, hint::black_box};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use postroad_domain::{DeliveryId, Event, EventId, SubscriptionId, Timestamp};
use postroad_profile::{
    AttemptFacts, DeliveryFacts, OptionValues, Profile, RenderInput, SubscriptionFacts, TenantFacts, built_in,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Map, json};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_777_458_600_900_000);
const DATA_BYTES: usize = 1_024;

criterion_group!(benches, render);
criterion_main!(benches);

fn render(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render and sign 1 KiB");
    for (name, files) in built_in() {
        let bench = Bench::new(&files);
        bench.with_input(|profile, input| {
            let attempt = AttemptFacts { number: 1, at: AT };
            group.bench_function(name.as_str(), |bencher| {
                bencher.iter(|| profile.render(black_box(input), attempt).unwrap());
            });
        });
    }
    group.finish();
}

/// What one rendering needs, made before the clock runs.
struct Bench {
    profile: Profile,
    event: Event,
    options: OptionValues,
}

impl Bench {
    fn new(files: &BTreeMap<String, String>) -> Self {
        let profile = Profile::load(files).unwrap();
        // The options that a profile requires are whole numbers so far.
        let required = profile.options.iter().filter(|option| option.required);
        let tenant: Map<_, _> = required.map(|option| (option.name.clone(), json!(1))).collect();
        let options = profile.check_options(&tenant, &Map::new()).unwrap();
        let event_type = profile.catalogue.resolve(&profile.catalogue.entries()[0].name).unwrap();
        let event = Event {
            id: EventId::for_event(AT, &mut StdRng::seed_from_u64(1)),
            event_type,
            accepted_at: AT,
            occurred_at: Some(AT),
            tags: Vec::new(),
            attributes: Bytes::new(),
            data: data(),
            deliveries: 1,
            profile: None,
            tenant_version: 1,
            trace: None,
            test: false,
        };
        Self { profile, event, options }
    }

    fn with_input(&self, run: impl FnOnce(&Profile, &RenderInput<'_>)) {
        let scheme = self.profile.schemes().first();
        let secrets: Vec<_> = scheme
            .map(|scheme| self.profile.secret_key(&scheme.key.generate(&mut StdRng::seed_from_u64(2)), None))
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let input = RenderInput {
            event: &self.event,
            more_events: &[],
            grouped: false,
            delivery: DeliveryFacts { id: DeliveryId::from_uuid(Uuid::from_u128(3)), created_at: AT },
            subscription: SubscriptionFacts {
                id: SubscriptionId::from_uuid(Uuid::from_u128(2)),
                name: Some("CRM sync"),
                url: "https://example.com/hook?key=1",
                endpoint: None,
                method: None,
                content_type: None,
                headers: &[],
                authorization: None,
            },
            tenant: TenantFacts { id: "acme", name: None },
            options: &self.options,
            secrets: &secrets,
        };
        run(&self.profile, &input);
    }
}

/// Members of several types, filled up with text to the size.
fn data() -> Bytes {
    let mut data =
        String::from(r#"{"id":123,"title":"Zoë can't log in","score":1.0,"tags":["vip","new"],"text":""#);
    while data.len() < DATA_BYTES - 2 {
        data.push('x');
    }
    data.push_str("\"}");
    Bytes::from(data)
}
