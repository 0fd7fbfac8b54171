//! Profiles with several signature schemes: a subscription chooses one when it is made.

use postroad_profile::{OptionOwner, Profile};
use serde_json::{Map, Value, json};

use crate::facts::{Given, built_in, header, lines, load, with_request};

const SCHEMES: &str = r#"
request.content = [{ type = "application/json", body = "{{ event.data }}" }]
request.headers = [{ name = "X-Signature", value = "{{ signature }}" }]
secret.is = "generated"
[signature]
sign = "once"
message = "{{ body }}"
schemes = [{ name = "new", algorithm = "hmac-sha512" }, { name = "old", algorithm = "hmac-sha1" }]
"#;

fn options(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

#[test]
fn a_profile_with_several_schemes_lets_a_subscription_choose_one() {
    let profile = built_in("standard");
    let option = profile.options.last().unwrap();
    assert_eq!((option.name.as_str(), option.owner), ("signature", OptionOwner::Subscription));
    assert_eq!(option.default, Some(Value::from("hmac-sha256")));
    assert_eq!(option.choices, [Value::from("hmac-sha256"), Value::from("ed25519")]);
    assert!(option.description.as_ref().unwrap().contains("when the subscription is created"));
    let check = |json| profile.check_options(&Map::new(), &options(json)).map(drop);
    assert_eq!(check(json!({"signature": "ed25519"})), Ok(()));
    let refused = check(json!({"signature": "rot13"})).unwrap_err();
    assert_eq!(refused[0].message, r#"must be one of "hmac-sha256", "ed25519""#);
    assert_eq!(profile.check_tenant_options(&options(json!({"signature": "ed25519"}))).len(), 1);
}

#[test]
fn the_chosen_scheme_or_the_first_signs() {
    let scheme = |profile: &Profile, json: Value| profile.scheme_of(&options(json)).map(str::to_owned);
    let profile = with_request(SCHEMES);
    for (chosen, expected, hex_digits) in [
        (json!({}), "new", 128),
        (json!({"signature": "old"}), "old", 40),
        (json!({"signature": 1}), "new", 128),
    ] {
        let name = scheme(&profile, chosen);
        assert_eq!(name.as_deref(), Some(expected));
        let mut given = Given::new(&profile, "e", "{}", "{}");
        given.secrets.push(profile.secret_key("key", name.as_deref()).unwrap());
        assert_eq!(header(&given.render(&profile), "X-Signature").unwrap().len(), hex_digits);
    }
    assert_eq!(scheme(&built_in("leadhub"), json!({})).as_deref(), Some("hmac-sha256"));
    assert_eq!(scheme(&built_in("sleekplan"), json!({})), None);
}

#[test]
fn a_profile_with_one_scheme_has_no_such_option_and_may_have_its_own() {
    assert!(built_in("leadhub").options.iter().all(|option| option.name != "signature"));
    let one = SCHEMES.replace(", { name = \"old\", algorithm = \"hmac-sha1\" }", "");
    let own = "options.signature = { type = \"text\", default = \"Yours\" }";
    assert_eq!(with_request(&format!("{own}\n{one}")).options.len(), 1);
}

#[test]
fn what_would_make_the_choice_unclear_is_told() {
    let problems = |rest: &str| {
        let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{rest}");
        lines(&load(&toml).err().unwrap_or_default())
    };
    assert_eq!(
        problems(&format!("options.signature = {{ type = \"text\" }}{SCHEMES}")),
        "profile.toml:4: `options.signature` is made by Postroad from the schemes of `signature`: leave it out"
    );
    assert_eq!(
        problems(&SCHEMES.replace("\"old\"", "\"new\"")),
        "profile.toml:11: the scheme `new` is declared twice"
    );
}

#[test]
fn each_scheme_makes_a_request_of_the_examples_when_the_profile_is_loaded() {
    let broken = SCHEMES.replace("\"hmac-sha1\"", "\"hmac-sha1\", value = \"{{ digest | unix }}\"");
    let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{broken}");
    let told = lines(&load(&toml).unwrap_err());
    assert!(told.contains("the filter takes a time"), "{told}");
}
