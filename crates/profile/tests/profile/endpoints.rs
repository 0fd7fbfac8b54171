//! Endpoints that a tenant keeps under names, and subscriptions that are sent to one of them.

use postroad_domain::{CustomHeader, limits::ENDPOINTS_MAX};
use postroad_profile::{EndpointChoice, Profile};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};

use crate::facts::{Given, built_in, header, lines, load, with_request};

/// The piece that the page of the language shows, in a profile that also takes GET.
fn functions() -> Profile {
    let page = include_str!("../../../../docs/profiles.md");
    let piece = page.split("```toml\n").find(|block| block.starts_with("[request.endpoint]")).unwrap();
    let piece = piece.split("```").next().unwrap();
    with_request(&format!(
        "{REQUEST}{piece}[[handshakes]]\nmethod = \"HEAD\"\nheaders = []\n[[handshakes]]\nmethod = \"POST\"\n"
    ))
}

const REQUEST: &str = r#"
request.methods = ["GET", "POST"]
request.content = [{ type = "text/plain", body = "{{ options.function }} {{ options.functions }}" }]
"#;

fn map(json: Value) -> Map<String, Value> {
    serde_json::from_value(json).unwrap()
}

fn function(name: &str) -> Value {
    json!({"name": name, "url": format!("https://f.example/{name}?a=1"), "api_key": format!("key of {name}")})
}

/// What the tenant has and what the subscription says, as a delivery has it.
fn given(profile: &Profile, tenant: &Value, subscription: &Value) -> Given {
    let (tenant, own) = (map(tenant.clone()), map(subscription.clone()));
    let mut given = Given::new(profile, "e", "{}", "{}");
    given.options = profile.check_options(&tenant, &own).unwrap();
    given.endpoint = profile.endpoint_named(&own, &profile.endpoints_of(&tenant));
    if let Some(endpoint) = &given.endpoint {
        given.url = endpoint.url.as_str().to_owned();
    }
    given
}

fn score(profile: &Profile) -> Given {
    let tenant = json!({"functions": [function("other"), function("score")]});
    given(profile, &tenant, &json!({"kind": "function", "function": "score"}))
}

#[test]
fn a_request_to_an_endpoint_has_its_url_its_method_and_its_key_and_no_other_request_has_them() {
    let profile = functions();
    let mut to_function = score(&profile);
    to_function.headers.push(CustomHeader { name: "X_API_KEY".to_owned(), value: "own".to_owned() });
    let request = to_function.render(&profile);
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://f.example/score?a=1"));
    assert_eq!(header(&request, "x-api-key"), Some("key of score"));
    assert_eq!(header(&request, "x_api_key"), None, "what the profile writes counts");
    assert_eq!(str::from_utf8(&request.body).unwrap(), "score ", "a template sees the name alone");

    let mut webhook = given(&profile, &json!({"functions": [function("score")]}), &json!({}));
    webhook.headers.push(CustomHeader { name: "x-api-key".to_owned(), value: "own".to_owned() });
    let request = webhook.render(&profile);
    assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "https://h/x"));
    assert_eq!(header(&request, "x-api-key"), Some("own"), "the name is the customer's here");
    assert!(!profile.reserves_header("x-api-key") && profile.writes_to_endpoint("X-Api_Key"));
    assert_eq!(
        (profile.methods_to(false), profile.methods_to(true)),
        (profile.methods(), &["POST".to_owned()][..])
    );
}

#[test]
fn every_handshake_with_an_endpoint_shows_the_key_also_one_with_headers_of_its_own() {
    let profile = functions();
    let (to_function, webhook) = (score(&profile), given(&profile, &json!({}), &json!({})));
    for handshake in profile.handshakes() {
        let begun = |given: &Given| {
            let mut rng = StdRng::seed_from_u64(1);
            profile.begin_handshake(handshake, &given.input(), given.attempt, &mut rng).unwrap().request
        };
        assert_eq!(header(&begun(&to_function), "x-api-key"), Some("key of score"), "{}", handshake.method);
        assert_eq!(begun(&to_function).url, "https://f.example/score?a=1");
        assert_eq!(header(&begun(&webhook), "x-api-key"), None);
    }
}

#[test]
fn a_key_may_stand_in_the_query_behind_the_profiles_own_and_no_log_shows_it() {
    let profile = with_request(
        r#"
request.content = [{ type = "text/plain", body = "x" }]
request.query = [{ name = "type", value = "{{ event.type }}" }]
request.endpoint.option = "options.place"
request.endpoint.query = [{ name = "key", value = "{{ endpoint.api_key }}" }]
request.endpoint.headers = [{ name = "X-Place", value = "{{ endpoint.name }}" }]
options.places = { of = "tenant", type = "endpoints" }
options.place = { of = "subscription", type = "endpoint", from = "options.places" }
"#,
    );
    let place = json!({"name": "a", "url": "https://f.example/", "api_key": "k&1"});
    let to_place = given(&profile, &json!({"places": [place]}), &json!({"place": "a"}));
    let request = to_place.render(&profile);
    assert_eq!(request.url, "https://f.example/?type=e&key=k%261");
    assert_eq!(header(&request, "x-place"), Some("a"));
    assert_eq!(
        profile.url_for_log("https://f.example/", &request.url, "***"),
        "https://f.example/?type=e&key=***"
    );
    assert!(!profile.hides_header("X-Place") && functions().hides_header("x-API-key"));
    assert!(!format!("{:?}", to_place.endpoint).contains("k&1"));
}

/// Every fault of a tenant's list.
fn faults(functions: Value) -> Vec<String> {
    let problems = functions_profile_check(functions);
    problems.into_iter().map(|(field, message)| format!("{field} {message}")).collect()
}

fn functions_profile_check(list: Value) -> Vec<(String, String)> {
    let problems = functions().check_tenant_options(&map(json!({ "functions": list })));
    problems.into_iter().map(|problem| (problem.field, problem.message)).collect()
}

#[test]
fn each_fault_of_a_list_is_told_at_its_place() {
    assert_eq!(faults(json!([function("a"), function("b")])), [""; 0]);
    for (list, expected) in [
        (json!({}), "options.functions must be a list of endpoints, each with `name`, `url` and `api_key`"),
        (json!(["a"]), "options.functions[0] must be an object with `name`, `url` and `api_key`"),
        (json!([function("a"), function("a")]), "options.functions[1].name is the name of another one"),
        (with("name", json!("")), "options.functions[0].name must have 1 to 128 characters"),
        (
            with("name", json!("a ")),
            "options.functions[0].name must have 1 to 128 characters, no line break, and no space",
        ),
        (with("name", Value::Null), "options.functions[0].name is required"),
        (
            with("url", json!("https://a:b@f.example")),
            "options.functions[0].url holds a user name or password",
        ),
        (with("url", json!("ftp://f.example")), "options.functions[0].url has the scheme ftp"),
        (with("url", json!(7)), "options.functions[0].url must be a text"),
        (with("api_key", json!("a\nb")), "options.functions[0].api_key has a value with a line break"),
        (with("api_key", json!("")), "options.functions[0].api_key must have 1 to 1024 bytes"),
        (with("key", json!("x")), "options.functions[0].key is no member of an endpoint"),
        (
            json!(vec![function("a"); ENDPOINTS_MAX + 1]),
            "options.functions holds 101 endpoints; 100 are allowed",
        ),
    ] {
        let found = faults(list.clone());
        assert!(found.len() == 1 && found[0].starts_with(expected), "{list}: {found:?}");
    }
}

/// A list of one with another member.
fn with(member: &str, value: Value) -> Value {
    let mut one = function("a");
    one[member] = value;
    json!([one])
}

#[test]
fn a_subscription_names_an_endpoint_that_there_is_or_brings_a_new_one() {
    let profile = functions();
    let endpoints = profile.endpoints_of(&map(json!({"functions": [function("score")]})));
    let choose = |function: Value| {
        let chosen =
            profile.choose_endpoint(&map(json!({"kind": "function", "function": function})), &endpoints);
        chosen.map_err(|problems| (problems[0].field.clone(), problems[0].message.clone()))
    };
    assert!(matches!(choose(json!("score")), Ok(EndpointChoice::Known(known)) if known.name == "score"));
    assert!(matches!(choose(function("score")), Ok(EndpointChoice::Known(_))), "the same is no other one");
    assert!(matches!(choose(function("new")), Ok(EndpointChoice::New(new)) if new.api_key == "key of new"));
    let none = profile.choose_endpoint(&Map::new(), &endpoints);
    assert!(matches!(none, Ok(EndpointChoice::None)));

    let (field, message) = choose(json!("scores")).unwrap_err();
    assert_eq!(field, "options.function");
    assert!(
        message.contains("none of the tenant's `options.functions`; the nearest one is score"),
        "{message}"
    );
    let mut other = function("score");
    other["api_key"] = json!("another");
    let (field, message) = choose(other).unwrap_err();
    assert_eq!(field, "options.function.name");
    assert!(message.contains("is taken"), "{message}");
    let full: Vec<_> = (0..ENDPOINTS_MAX).map(|no| function(&no.to_string())).collect();
    let full = profile.endpoints_of(&map(json!({ "functions": full })));
    let one_more = profile.choose_endpoint(&map(json!({"function": function("new")})), &full).unwrap_err();
    assert!(one_more[0].message.contains("has 100 already"), "{}", one_more[0].message);
}

#[test]
fn an_option_that_goes_with_another_ones_value_is_required_there_and_refused_elsewhere() {
    let profile = functions();
    let check = |own: Value| {
        let problems = profile.check_options(&Map::new(), &map(own)).err().unwrap_or_default();
        problems.into_iter().map(|one| format!("{} {}", one.field, one.message)).collect::<Vec<_>>()
    };
    assert_eq!(check(json!({})), [""; 0]);
    assert_eq!(check(json!({"kind": "webhook"})), [""; 0]);
    assert_eq!(check(json!({"kind": "function", "function": "a"})), [""; 0]);
    assert_eq!(
        check(json!({"kind": "function"})),
        ["options.function is required where `kind` is \"function\""]
    );
    for own in [json!({"function": "a"}), json!({"kind": "webhook", "function": "a"})] {
        let told = check(own);
        assert!(
            told.len() == 1 && told[0].starts_with("options.function belongs to `kind` \"function\""),
            "{told:?}"
        );
    }
}

#[test]
fn a_form_is_told_all_of_it() {
    let schema = functions().option_schema();
    let list = &schema["tenant"]["properties"]["functions"];
    assert_eq!((&list["type"], &list["maxItems"]), (&json!("array"), &json!(100)));
    assert_eq!(list["items"]["required"], json!(["name", "url", "api_key"]));
    assert_eq!(list["items"]["properties"]["api_key"]["writeOnly"], json!(true));
    let own = &schema["subscription"];
    let kinds: Vec<_> =
        own["properties"]["function"]["anyOf"].as_array().unwrap().iter().map(|of| &of["type"]).collect();
    assert_eq!(kinds, ["string", "object"]);
    let condition = json!([{
        "if": {"properties": {"kind": {"const": "function"}}, "required": ["kind"]},
        "then": {"required": ["function"]},
        "else": {"properties": {"function": false}},
    }]);
    assert_eq!(own["allOf"], condition);
    let by_default = with_request(
        "request.content = [{ type = \"text/plain\", body = \"x\" }]\n[options]\na = { of = \"tenant\", type = \"boolean\", default = true }\n\
         b = { of = \"tenant\", type = \"text\", with = { a = true } }",
    );
    let condition = &by_default.option_schema()["tenant"]["allOf"][0]["if"];
    assert_eq!(*condition, json!({"properties": {"a": {"const": true}}}), "one that is not set has it too");
}

#[test]
fn what_does_not_fit_together_is_told_when_the_profile_is_loaded() {
    const LIST: &str = "options.l = { of = \"tenant\", type = \"endpoints\" }\n";
    const ONE: &str = "options.o = { of = \"subscription\", type = \"endpoint\", from = \"options.l\" }\n";
    const USED: &str = "request.endpoint.option = \"options.o\"\n";
    let all = format!("{LIST}{ONE}");
    for (rest, expected) in [
        (all.clone(), "`request.endpoint` is missing: without it nothing is sent to what `options.o` names"),
        (format!("{LIST}{USED}"), "`request.endpoint.option` must name an option of the type `endpoint`"),
        (format!("{all}request.endpoint.option = \"o\""), "must name an option, as in `options.NAME`"),
        (format!("{all}request.endpoint.methods = [\"POST\"]"), "the key `request.endpoint.option` is missing"),
        (format!("{all}{USED}request.endpoint.methods = [\"PUT\"]"), "must be some of the request's: POST"),
        (
            format!("{all}{USED}request.headers = [{{ name = \"X-A\", value = \"1\" }}]\nrequest.endpoint.headers = [{{ name = \"x_a\", value = \"1\" }}]"),
            "has x_a, which `request.headers` writes already",
        ),
        (
            format!("{all}{USED}request.headers = [{{ name = \"X-A\", value = \"{{{{ endpoint.api_key }}}}\" }}]"),
            "`endpoint.api_key` has no value here: it stands only in headers and query of `request.endpoint`",
        ),
        (
            format!("{USED}options.o = {{ of = \"subscription\", type = \"endpoint\", from = \"options.x\" }}"),
            "`options.o.from` must name an option of the type `endpoints`",
        ),
        (
            format!("{USED}options.o = {{ of = \"subscription\", type = \"endpoint\" }}"),
            "the key `options.o.from` is missing",
        ),
        ("options.l = { type = \"endpoints\" }".to_owned(), "`options.l.of` must be \"tenant\""),
        (
            "options.l = { of = \"tenant\", type = \"endpoints\", default = [] }".to_owned(),
            "`options.l.default` does not go together with endpoints",
        ),
        ("options.x = { type = \"text\", from = \"options.y\" }".to_owned(), "`options.x.from` belongs to an option of the type `endpoint`"),
        ("attributes.x = { type = \"endpoints\" }".to_owned(), "`attributes.x.type` belongs to an option"),
        ("options.x = { of = \"tenant\", type = \"text\", with = { y = 1 } }".to_owned(), "`options.x.with` names `y`, which is no option"),
        (
            "options.x = { type = \"text\", with = { y = true } }\noptions.y = { type = \"boolean\" }".to_owned(),
            "needs both options to be `of` the tenant, or both of the subscription",
        ),
        (
            "options.x = { of = \"tenant\", type = \"text\", with = { y = 1 } }\noptions.y = { of = \"tenant\", type = \"boolean\" }"
                .to_owned(),
            "has a value that `y` cannot have: it must be true or false",
        ),
    ] {
        let toml = format!(
            "name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\nrequest.content = [{{ type = \"text/plain\", body = \"x\" }}]\n{rest}"
        );
        let told = lines(&load(&toml).err().unwrap_or_default());
        assert!(told.contains(expected), "{rest}\n{told}");
    }
}

#[test]
fn ls_19_a_lapp_is_posted_to_with_its_key_and_a_webhook_is_not() {
    let profile = built_in("leadsquared");
    let (tenant, own) =
        (map(json!({"lapps": [function("score")]})), map(json!({"type": "lapp", "lapp": "score"})));
    let mut given = Given::new(&profile, "Lead_Post_Create", "{}", "{}");
    given.options = profile.check_options(&tenant, &own).unwrap();
    given.endpoint = profile.endpoint_named(&own, &profile.endpoints_of(&tenant));
    given.url = "https://f.example/score?a=1".to_owned();
    // Of a time when it was a webhook.
    given.method = Some("GET".to_owned());
    let request = given.render(&profile);
    assert_eq!(request.method, "POST");
    assert!(request.url.starts_with("https://f.example/score?a=1&entityType=Webhook&"), "{}", request.url);
    assert!(request.url.ends_with("&eventType=Lead_Post_Create"), "{}", request.url);
    assert_eq!(header(&request, "x-api-key"), Some("key of score"));
    given.endpoint = None;
    assert_eq!(header(&given.render(&profile), "x-api-key"), None);
}
