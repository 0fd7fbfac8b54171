//! What a subscription, a tenant and a key can be is checked by the engine, for every way in.

use postroad_domain::{
    AuditAction, CredentialKind, CustomHeader, EndpointUrl, KeySpec, RateLimit, Scope, Subscription,
    SubscriptionSpec, TlsSettings,
};
use postroad_engine::{
    AuditFilter, CreateError, CreateKeyFailure, FieldProblem, HeaderDraft, KeyDraft, NewSubscription, Origin,
    PushDraft, PutTenantError, RateLimitDraft, RetryDraft, SubscriptionDraft, SubscriptionUpdate,
    TargetDraft, TenantDraft, UpdateError,
};
use postroad_store::{Configuration, SubscriptionChange, UpdateSubscription, memory::MemoryStore};
use postroad_testkit::clock::ManualClock;

use crate::world::{World, acme, draft, tenant_of, to};

const URL: &str = "https://a.example/";

/// What a case makes of a draft that is right.
type Edit<Draft> = fn(&mut Draft);

fn push_of(draft: &mut SubscriptionDraft) -> &mut PushDraft {
    match &mut draft.target {
        TargetDraft::Push(Some(push)) => push,
        other => panic!("{other:?}"),
    }
}

fn texts(count: usize, text: &str) -> Vec<String> {
    vec![text.to_owned(); count]
}

fn header(name: &str, value: &str) -> HeaderDraft {
    HeaderDraft { name: name.to_owned(), value: value.to_owned() }
}

async fn create(
    world: &World,
    draft: SubscriptionDraft,
    secret: Option<&str>,
) -> Result<(), Vec<FieldProblem>> {
    let new = NewSubscription { draft, secret: secret.map(str::to_owned) };
    match world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await {
        Ok(_) => Ok(()),
        Err(CreateError::Invalid(problems)) => Err(problems),
        Err(other) => panic!("{other}"),
    }
}

/// The only fault, as a line: its field and what is said of it.
fn only(refused: Result<(), Vec<FieldProblem>>, case: &str) -> String {
    let problems = refused.expect_err(case);
    let [FieldProblem { field, message }] = problems.as_slice() else { panic!("{case}: {problems:?}") };
    format!("{field} {message}")
}

type Change = fn(&mut SubscriptionDraft);

/// Each with the beginning of what is said of it.
const SUBSCRIPTIONS: [(&str, Change); 37] = [
    ("name must have 1 to 255 characters", |it| it.name = Some(String::new())),
    ("name must have 1 to 255 characters", |it| it.name = Some("ü".repeat(256))),
    ("description must have 0 to 4096 characters", |it| it.description = Some("d".repeat(4_097))),
    ("events holds 501 values; 500 are allowed", |it| it.events = texts(501, "a")),
    ("events[1] must have 1 to 255 characters", |it| it.events = vec!["a".to_owned(), String::new()]),
    ("events[0] cannot be the name of an event type", |it| it.events = texts(1, "a b")),
    ("tag_sets holds 101 values; 100 are allowed", |it| it.tag_sets = vec![texts(1, "a"); 101]),
    ("tag_sets[0] is empty, which would let every event through", |it| it.tag_sets = vec![Vec::new()]),
    ("tag_sets[0] holds 33 values; 32 are allowed", |it| it.tag_sets = vec![texts(33, "a")]),
    ("tag_sets[1][0] must have 1 to 128 characters", |it| it.tag_sets = vec![texts(1, "a"), texts(1, "")]),
    ("options.sign is not an option of this profile", |it| it.options = r#"{"sign":1}"#.to_owned()),
    ("delivery is required", |it| it.target = TargetDraft::Push(None)),
    ("delivery.type is not available in this version as pull: write push", |it| {
        it.target = TargetDraft::Pull
    }),
    ("delivery.url is not a URL", |it| push_of(it).url = Some("a".to_owned())),
    ("delivery.url has the scheme ftp", |it| push_of(it).url = Some("ftp://a.example".to_owned())),
    ("delivery.method must have 1 to 255 characters", |it| push_of(it).method = Some(String::new())),
    ("delivery.method must be one of POST, PUT, PATCH", |it| push_of(it).method = Some("GET".to_owned())),
    ("delivery.content_type must be application/json", |it| {
        push_of(it).content_type = Some("a/b".to_owned())
    }),
    ("delivery.http_version must be \"1.1\" or \"2\"", |it| push_of(it).http_version = Some("3".to_owned())),
    ("delivery.authorization must have 1 to 4096 bytes", |it| {
        push_of(it).authorization = Some(String::new())
    }),
    ("delivery.authorization has a value with a line break", |it| {
        push_of(it).authorization = Some("a\nb".to_owned());
    }),
    ("delivery.headers holds 31 values; 30 are allowed", |it| {
        push_of(it).headers = vec![header("X-A", "1"); 31]
    }),
    ("delivery.headers[0].name sets Host", |it| push_of(it).headers = vec![header("Host", "\n")]),
    ("delivery.headers[1].value has a value with a line break", |it| {
        push_of(it).headers = vec![header("X-A", "1"), header("X-B", "\n")];
    }),
    ("delivery.headers[1].name is webhook-id, which this profile writes", |it| {
        push_of(it).headers = vec![header("X-A", "1"), header("webhook-id", "x")];
    }),
    ("delivery.tls.ca is longer than 32768 bytes", |it| {
        push_of(it).tls = Some(TlsSettings { ca: Some("x".repeat(32_769)), ..TlsSettings::default() });
    }),
    ("delivery.tls.ca holds no certificate", |it| {
        push_of(it).tls = Some(TlsSettings { ca: Some("x".to_owned()), ..TlsSettings::default() });
    }),
    ("concurrency must be a whole number from 1 to 1000", |it| push_of(it).concurrency = Some(0.into())),
    ("concurrency must be a whole number from 1 to 1000", |it| push_of(it).concurrency = Some((-1).into())),
    ("rate_limit.count must be a whole number from 1 to 10000", |it| {
        push_of(it).rate_limit = Some(limit(0, "1s"))
    }),
    ("rate_limit.per must be from 100ms to 24h", |it| push_of(it).rate_limit = Some(limit(1, "25h"))),
    ("retry.attempts must be a whole number from 1 to 30", |it| {
        push_of(it).retry = Some(retry(Some(31), &["1s"]))
    }),
    ("retry.backoff[1] must be a duration such as", |it| {
        push_of(it).retry = Some(retry(None, &["1s", "soon"]))
    }),
    ("retry.backoff is empty: name the gap", |it| push_of(it).retry = Some(retry(Some(2), &[]))),
    ("timeout must be from 1s to 1m", |it| push_of(it).timeout = Some("500ms".to_owned())),
    ("success is empty", |it| push_of(it).success = Some(Vec::new())),
    ("success must list statuses", |it| push_of(it).success = Some(texts(1, "302"))),
];

fn limit(count: u32, per: &str) -> RateLimitDraft {
    RateLimitDraft { count: count.into(), per: per.to_owned() }
}

fn retry(attempts: Option<u32>, backoff: &[&str]) -> RetryDraft {
    let backoff = backoff.iter().map(|gap| (*gap).to_owned()).collect();
    RetryDraft { attempts: attempts.map(Into::into), backoff: Some(backoff) }
}

#[tokio::test]
async fn what_a_subscription_cannot_be_is_refused_by_its_field() {
    let world = World::new().await;
    for (expected, change) in SUBSCRIPTIONS {
        let mut wanted = draft(to(URL));
        change(&mut wanted);
        let said = only(create(&world, wanted, None).await, expected);
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
    let said = only(create(&world, draft(to(URL)), Some("geheim")).await, "secret");
    assert!(said.starts_with("secret ") && said.contains("24 to 64 random bytes"), "{said}");
    assert!(world.engine.configuration().subscriptions(&acme()).await.unwrap().is_empty());
}

#[tokio::test]
async fn all_faults_are_told_at_once_those_of_limits_and_those_of_the_profile() {
    let world = World::new().await;
    let mut wanted = draft(to(URL));
    wanted.name = Some(String::new());
    wanted.events = vec!["a b".to_owned(), "fine".to_owned(), String::new()];
    wanted.options = r#"{"sign":1}"#.to_owned();
    push_of(&mut wanted).url = Some("x".to_owned());
    push_of(&mut wanted).headers = vec![header("Host", "x"), header("webhook-id", "x")];
    push_of(&mut wanted).timeout = Some("61s".to_owned());
    let problems = create(&world, wanted, Some("geheim")).await.unwrap_err();
    let mut fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    fields.sort_unstable();
    let expected = [
        "delivery.headers[0].name",
        "delivery.headers[1].name",
        "delivery.url",
        "events[0]",
        "events[2]",
        "name",
        "options.sign",
        "secret",
        "timeout",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn nothing_is_said_about_what_a_way_in_could_not_read_but_that() {
    let world = World::new().await;
    let mut wanted = draft(to(URL));
    push_of(&mut wanted).url = Some(String::new());
    wanted.name = Some(String::new());
    let message = "must be a string, not a number".to_owned();
    wanted.unreadable = vec![FieldProblem { field: "delivery.url".to_owned(), message }];
    let problems = create(&world, wanted, None).await.unwrap_err();
    let said: Vec<_> =
        problems.iter().map(|problem| (problem.field.as_str(), problem.message.as_str())).collect();
    let expected =
        [("delivery.url", "must be a string, not a number"), ("name", "must have 1 to 255 characters")];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_draft_made_of_a_subscription_makes_it_again() {
    let world = World::new().await;
    let mut spec =
        SubscriptionSpec { name: Some("x".to_owned()), description: Some("y".to_owned()), ..to(URL) };
    spec.tag_sets = vec![texts(2, "a")];
    let push = spec.push_mut().unwrap();
    push.headers = vec![CustomHeader::parse("X-A", "1").unwrap()];
    push.method = Some("PUT".to_owned());
    push.concurrency = 3;
    push.rate_limit = Some(RateLimit { count: 5, per: std::time::Duration::from_millis(1_500) });
    push.timeout = Some(std::time::Duration::from_secs(9));
    push.success = Some(texts(1, "2xx"));
    let created = world.subscribe(spec.clone()).await.subscription;
    assert_eq!(created.spec, spec);
    let (id, revision) = (created.id, created.revision());
    let again = world
        .engine
        .configuration()
        .update_subscription(&Origin::ADMIN, &acme(), id, revision, draft(spec))
        .await
        .unwrap();
    assert_eq!(again.version, created.version, "nothing changed");
}

#[tokio::test]
async fn what_a_tenant_cannot_be_is_refused_by_its_field() {
    let world = World::new().await;
    let cases: [(&str, Edit<TenantDraft>); 8] = [
        ("name must have 1 to 255 characters", |it| it.name = Some(String::new())),
        ("contacts holds 21 values; 20 are allowed", |it| it.contacts = texts(21, "jo@example.com")),
        ("contacts[0] must be a mail address such as", |it| it.contacts = texts(1, "jo")),
        ("contacts[0] must be a mail address such as", |it| it.contacts = texts(1, "j o@example.com")),
        ("retention must be a duration such as", |it| it.retention = Some("long".to_owned())),
        ("retention must be from 1m to 3650d", |it| it.retention = Some("59s".to_owned())),
        ("retention_bytes must be a whole number from 1048576", |it| it.retention_bytes = Some(1.into())),
        ("options.x is not an option", |it| it.options = r#"{"x":1}"#.to_owned()),
    ];
    for (expected, change) in cases {
        let mut wanted = TenantDraft::from(tenant_of("standard", "{}"));
        change(&mut wanted);
        let put = world.engine.configuration().put_tenant(&Origin::ADMIN, acme(), wanted).await;
        let Err(PutTenantError::Invalid(problems)) = put else { panic!("{expected}") };
        let said = only(Err(problems), expected);
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
}

#[tokio::test]
async fn what_a_key_cannot_be_is_refused_by_its_field() {
    let world = World::new().await;
    let spec = KeySpec {
        name: "x".to_owned(),
        kind: CredentialKind::Api,
        scopes: [Scope::EventsWrite].into(),
        rate_limit: None,
        expires_at: None,
    };
    let cases: [(&str, Edit<KeyDraft>); 10] = [
        ("name must have 1 to 255 characters", |it| it.name = String::new()),
        ("scopes must name at least one scope", |it| it.scopes.clear()),
        ("scopes holds 7 values; 6 are allowed", |it| it.scopes = texts(7, "pull")),
        ("scopes[0] must be one of events:write", |it| it.scopes = texts(1, "events:read")),
        ("kind must be one of api, leadsquared", |it| it.kind = Some("leanix".to_owned())),
        ("kind cannot be leadsquared here: no such API is served to tenants of the profile standard", |it| {
            it.kind = Some("leadsquared".to_owned());
        }),
        ("expires_at must be an RFC 3339 time", |it| it.expires_at = Some("soon".to_owned())),
        ("expires_at must lie in the future", |it| it.expires_at = Some("2000-01-01T00:00:00Z".to_owned())),
        ("rate_limit.count must be a whole number from 1 to 1000000", |it| {
            it.rate_limit = Some(limit(0, "1s"))
        }),
        ("rate_limit.per must be from 100ms to 24h", |it| it.rate_limit = Some(limit(1, "1ms"))),
    ];
    for (expected, change) in cases {
        let mut wanted = KeyDraft::from(spec.clone());
        change(&mut wanted);
        let made = world.engine.configuration().create_key(&Origin::ADMIN, &acme(), wanted).await;
        let Err(CreateKeyFailure::Invalid(problems)) = made.map(|_| ()) else { panic!("{expected}") };
        let said = only(Err(problems), expected);
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
}

/// A world whose tenant has a profile that can do without a secret, and a subscription that has one.
async fn with_secret() -> (World, postroad_domain::Subscription) {
    let world = World::on(MemoryStore::embedded(), ManualClock::default()).await;
    world
        .engine
        .configuration()
        .put_tenant(&Origin::ADMIN, acme(), tenant_of("leadhub", "{}"))
        .await
        .unwrap();
    let spec = SubscriptionSpec { name: Some("one".to_owned()), ..to(URL) };
    let wanted = SubscriptionDraft { events: texts(1, "lead.created"), ..draft(spec) };
    let new = NewSubscription { draft: wanted, secret: Some("s3cr3t".to_owned()) };
    let created = world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await;
    (world, created.unwrap().subscription)
}

fn renamed_without_secret(current: &postroad_domain::Subscription) -> SubscriptionUpdate {
    let spec = SubscriptionSpec { name: Some("two".to_owned()), ..current.spec.clone() };
    SubscriptionUpdate { draft: Some(draft(spec)), removes_secret: true }
}

#[tokio::test]
async fn a_secret_goes_alone_also_where_the_settings_would_be_refused_today() {
    let (world, before) = with_secret().await;
    let mut spec = before.spec.clone();
    spec.push_mut().unwrap().url = Some(EndpointUrl::parse("https://blocked.example/").unwrap());
    let update = UpdateSubscription {
        tenant: None,
        ask: None,
        tenant_no: before.tenant_no,
        id: before.id,
        expected: before.revision(),
        change: SubscriptionChange::Spec(Box::new(spec.clone())),
        at: before.updated_at,
        audit: None,
    };
    world.store.update_subscription(update).await.unwrap();
    let configuration = world.engine.configuration();
    let patch = async |update: fn(&Subscription) -> SubscriptionUpdate| {
        configuration.patch_subscription(&Origin::ADMIN, &acme(), before.id, |_| true, update).await
    };
    let refused = patch(renamed_without_secret).await;
    assert!(matches!(refused, Err(UpdateError::BlockedUrl(_))), "{refused:?}");
    let changed = patch(|_| SubscriptionUpdate { draft: None, removes_secret: true }).await.unwrap();
    assert_eq!((changed.version, changed.spec), (before.version + 2, spec));
    assert!(changed.secrets.is_empty());
    let entries = world.engine.history().list_audit(AuditFilter::default(), None, 50).await.unwrap().items;
    assert_eq!(entries[0].action, AuditAction::SecretRemoved);
    // Where there is none, nothing is to be removed.
    let again = patch(|_| SubscriptionUpdate { draft: None, removes_secret: true }).await.unwrap();
    assert_eq!(again.version, changed.version);
}

#[tokio::test]
async fn a_patch_changes_settings_and_secret_in_one_version_with_one_entry_of_the_audit() {
    let (world, before) = with_secret().await;
    let changed = world
        .engine
        .configuration()
        .patch_subscription(&Origin::ADMIN, &acme(), before.id, |_| true, renamed_without_secret)
        .await;
    let changed = changed.unwrap();
    assert_eq!((changed.version, changed.spec.name.as_deref()), (before.version + 1, Some("two")));
    assert!(changed.secrets.is_empty() && !before.secrets.is_empty());
    let entries = world.engine.history().list_audit(AuditFilter::default(), None, 50).await.unwrap().items;
    let of_it: Vec<_> = entries.iter().filter(|entry| entry.object == before.id.to_string()).collect();
    let actions: Vec<_> = of_it.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::SubscriptionChanged, AuditAction::SubscriptionCreated]);
    assert_eq!(
        of_it[0].changes.as_deref(),
        Some(r#"{"name":{"after":"two","before":"one"},"secret":{"after":null,"before":"********"}}"#)
    );
}

#[tokio::test]
async fn a_patch_is_refused_where_the_subscription_is_not_what_is_expected() {
    let (world, before) = with_secret().await;
    let stale = |_: &postroad_domain::Subscription| false;
    let refused = world
        .engine
        .configuration()
        .patch_subscription(&Origin::ADMIN, &acme(), before.id, stale, renamed_without_secret)
        .await;
    assert!(matches!(refused, Err(UpdateError::Stale)));
    let now = world.store.subscription(before.tenant_no, before.id).await.unwrap().unwrap();
    assert_eq!((now.version, now.secrets.len()), (before.version, 1));
}
