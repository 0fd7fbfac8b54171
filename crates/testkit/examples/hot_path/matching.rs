//! Which subscriptions want an event: among ten, and among the thousand that a tenant may have.

use std::hint::black_box;

use postroad_domain::{EndpointUrl, EventType, SubscriptionSpec, matching::wants};

use super::Piece;

pub(super) fn pieces() -> [Piece; 2] {
    [piece(10, 20_000), piece(1_000, 200)]
}

fn piece(count: usize, times: usize) -> Piece {
    Piece {
        name: format!("match, {count} subscriptions"),
        times,
        run: Box::new(move |times| {
            let specs: Vec<_> = (0..count).map(spec).collect();
            let event_type = EventType::parse("lead.type-7").unwrap();
            let tags = ["pathfinder".to_owned(), "kind-3".to_owned()];
            for _ in 0..times {
                let wanted =
                    specs.iter().filter(|spec| wants(spec, black_box(&event_type), black_box(&tags)));
                black_box(wanted.count());
            }
        }),
    }
}

/// Every other one names five event types, every third one tags.
fn spec(number: usize) -> SubscriptionSpec {
    let mut spec = SubscriptionSpec::to(EndpointUrl::parse("https://example.com/hook").unwrap());
    if number.is_multiple_of(2) {
        let name = |offset| EventType::parse(&format!("lead.type-{}", (number + offset) % 20)).unwrap();
        spec.events = (0..5).map(name).collect();
    }
    if number.is_multiple_of(3) {
        spec.tag_sets = vec![vec!["pathfinder".to_owned(), format!("kind-{}", number % 7)]];
    }
    spec
}
