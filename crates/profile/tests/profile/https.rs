//! Profiles that take only URLs of HTTPS.

use postroad_profile::Profile;
use serde_json::{Map, Value};

use crate::facts::{built_in, lines, load};

const REST: &str = r#"
request.content = [{ type = "text/plain", body = "x" }]
options.strict = { of = "both", type = "boolean", default = true }
options.color = { type = "text" }
"#;

fn with(rule: &str) -> Result<Profile, String> {
    let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{rule}{REST}");
    load(&toml).map_err(|problems| lines(&problems))
}

fn requires(profile: &Profile, tenant_options: &str) -> bool {
    let tenant: Map<String, Value> = serde_json::from_str(tenant_options).unwrap();
    profile.requires_https(&profile.check_options(&tenant, &Map::new()).unwrap())
}

#[test]
fn a_profile_says_it_for_all_or_lets_an_option_decide() {
    for (rule, tenant_options, expected) in [
        ("", "{}", false),
        ("subscription.require_https = false", "{}", false),
        ("subscription.require_https = true", "{}", true),
        ("subscription.require_https = 'options.strict'", "{}", true),
        ("subscription.require_https = 'options.strict'", r#"{"strict":false}"#, false),
    ] {
        assert_eq!(requires(&with(rule).unwrap(), tenant_options), expected, "{rule} {tenant_options}");
    }
}

#[test]
fn a_product_may_ask_for_https_by_its_option() {
    let sleekplan = built_in("sleekplan");
    assert!(!requires(&sleekplan, r#"{"product_id":1}"#));
    assert!(requires(&sleekplan, r#"{"product_id":1,"require_https":true}"#));
}

#[test]
fn what_is_no_boolean_option_is_told_with_the_nearest_one() {
    let nearest = "profile.toml:4: `subscription.require_https` must be true, false or a declared boolean option: \
                   the nearest one is `options.strict`";
    for text in ["options.strct", "options.color", "strict", "yes"] {
        assert_eq!(with(&format!("subscription.require_https = '{text}'")).unwrap_err(), nearest);
    }
    assert_eq!(
        with("subscription.require_https = 1").unwrap_err(),
        "profile.toml:4: `subscription.require_https` must be true, false or a text"
    );
}
