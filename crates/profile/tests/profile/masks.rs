//! What a log may show of the URL and the headers that a profile made.

use crate::facts::with_request;

const OPTIONS: &str = r#"
request.content = [{ type = "text/plain", body = "" }]
[options]
key = { type = "text", default = "k", secret = true }
open = { type = "text", default = "o" }
"#;

#[test]
fn a_secret_option_in_the_query_is_masked_by_its_name_and_nothing_beside_it() {
    let own = "https://h/x?own=1#part";
    for (query, url, shown) in [
        (r#"{ name = "a", value = "{{ options.open }}" }"#, "https://h/x?own=1&a=o", "https://h/x?own=1&a=o"),
        (
            r#"{ name = "own", value = "{{ options.key }}" }, { name = "b c", value = "x{{ options.key | upper }}" }"#,
            "https://h/x?own=1&own=k&b%20c=xK",
            "https://h/x?own=1&own=***&b%20c=***",
        ),
        (r#"{ raw = "a=1&k={{ options.key }}" }"#, "https://h/x?own=1&a=1&k=k", "https://h/x?own=1&***"),
    ] {
        let profile = with_request(&format!("request.query = [{query}]\n{OPTIONS}"));
        assert_eq!(profile.url_for_log(own, url, "***"), shown, "{query}");
    }
}
