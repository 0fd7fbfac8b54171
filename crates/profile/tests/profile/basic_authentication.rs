//! Basic authentication: the customer's own header, or one that the profile makes of options.

use crate::facts::{Given, header, with_request};

const CONTENT: &str = "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n";

#[test]
fn the_customers_own_authorization_is_sent_as_it_is() {
    let profile = with_request(CONTENT);
    assert!(!profile.reserves_header("Authorization"));
    let mut given = Given::new(&profile, "e", "{}", "{}");
    given.authorization = Some("Basic dXNlcjpwYXNz".to_owned());
    assert_eq!(header(&given.render(&profile), "Authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[test]
fn a_profile_can_make_the_header_of_a_name_and_a_password() {
    let profile = with_request(&format!(
        r#"
        {CONTENT}
        [[request.headers]]
        name = "Authorization"
        value = 'Basic {{{{ (options.user ~ ":" ~ options.password) | base64 }}}}'
        when = "options.user"
        [options.user]
        type = "text"
        [options.password]
        type = "text"
        secret = true
        "#
    ));
    assert!(profile.reserves_header("authorization"), "what the profile writes is not the customer's");
    let mut given = Given::new(&profile, "e", "{}", r#"{"user":"Zoë","password":"a:b"}"#);
    given.authorization = Some("Bearer mine".to_owned());
    // printf 'Zoë:a:b' | base64
    assert_eq!(header(&given.render(&profile), "Authorization"), Some("Basic Wm/DqzphOmI="));
    let without = Given::new(&profile, "e", "{}", "{}").render(&profile);
    assert_eq!(header(&without, "Authorization"), None);
    let schema = profile.option_schema();
    assert_eq!(schema["tenant"]["properties"]["password"]["writeOnly"], true);
}
