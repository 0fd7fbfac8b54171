//! What a profile may not say, and how it is told: file, line, key, the nearest right one.

use std::collections::BTreeMap;

use postroad_profile::Profile;

use crate::facts::{files_of, lines, load};

/// The problems of a profile whose first line is the name, so that the text begins on line 4.
fn problems_of(rest: &str) -> String {
    let toml = format!("name = \"p\"\ntitle = \"P\"\nevents = [{{ name = \"e\" }}]\n{rest}");
    lines(&load(&toml).err().unwrap_or_default())
}

const REQUEST: &str = "request.content = [{ type = \"application/json\", body = \"{{ event.data }}\" }]\n";

/// Wrong keys and values, and what is told of them.
const WRONG: [(&str, &str); 21] = [
    ("delivry = {}", "profile.toml:4: unknown key `delivry`; the nearest valid one is `delivery`"),
    (
        "[delivery]\natempts = 3",
        "profile.toml:5: unknown key `delivery.atempts`; the nearest valid one is `attempts`",
    ),
    ("[delivery]\nattempts = \"3\"", "profile.toml:5: `delivery.attempts` must be a whole number"),
    ("[delivery]\nattempts = 31", "profile.toml:5: `delivery.attempts` must be a whole number from 0 to 30"),
    ("[delivery]\nattempts = 0", "profile.toml:5: `delivery.attempts` must be at least 1"),
    (
        "[delivery]\n\nsuccess = [\"3xx\"]",
        "profile.toml:6: `delivery.success` must list statuses such as \"2xx\" or 200; a redirect is never a success",
    ),
    ("compat = \"leadsquard\"", "profile.toml:4: `compat` must be one of leadsquared"),
    ("[delivery]\ngone = \"ignore\"", "profile.toml:5: `delivery.gone` must be one of deactivate, failure"),
    (
        "[delivery]\ndeactivate_after_failures = 0",
        "profile.toml:5: `delivery.deactivate_after_failures` must be at least 1",
    ),
    (
        "[delivery]\ndeactivate_after_failures = 1001",
        "profile.toml:5: `delivery.deactivate_after_failures` must be a whole number from 0 to 1000",
    ),
    (
        "[delivery]\ntimeout = \"2m\"",
        "profile.toml:5: `delivery.timeout` must lie between `timeout_min` and `timeout_max`, and these between 1s and 60s",
    ),
    (
        "[delivery]\nbackoff = [\"soon\"]",
        "profile.toml:5: `delivery.backoff` must list spans of time such as \"10s\" or \"2h\", each at most 7 days",
    ),
    (
        "[subscription]\nnme = { is = \"required\" }",
        "profile.toml:5: unknown key `subscription.nme`; the nearest valid one is `name`",
    ),
    (
        "[options.x]\ntype = \"integer\"\ndefault = \"1\"",
        "profile.toml:6: `options.x.default` must be a whole number",
    ),
    (
        "[options.x]\ntype = \"text\"\npattern = \"(\"",
        "profile.toml:6: `options.x.pattern` is not a regular expression",
    ),
    (
        "[options.x]\ntype = \"text\"\npattern = \"a)|(b\"",
        "profile.toml:6: `options.x.pattern` is not a regular expression",
    ),
    (
        "[options.x]\ntype = \"integer\"\npattern = \"1\"",
        "profile.toml:6: `options.x.pattern` belongs to a text",
    ),
    (
        "[options.x]\ntype = \"integer\"\nchoices = [1, \"2\"]",
        "profile.toml:6: `options.x.choices` must be a whole number",
    ),
    (
        "[options.x]\ntype = \"boolean\"\nmin = 1",
        "profile.toml:6: `options.x.min` belongs to a value that has a size",
    ),
    ("[secret]\nis = \"generated\"", "profile.toml:4: `secret` belongs to a profile with a `signature`"),
    ("[words]\ndone = \"Success\"", "profile.toml:5: unknown key `words.done`"),
];

#[test]
fn a_wrong_key_or_value_is_told_with_its_line() {
    for (rest, expected) in WRONG {
        let told = problems_of(&format!("{REQUEST}{rest}"));
        // The request takes one line before the text of the case.
        let (line, after) = expected.strip_prefix("profile.toml:").unwrap().split_once(':').unwrap();
        let expected = format!("profile.toml:{}:{after}", line.parse::<usize>().unwrap() + 1);
        assert!(told.starts_with(&expected), "{rest}\n{told}\nwanted {expected}");
    }
}

#[test]
fn a_wrong_template_is_told_with_the_line_within_it() {
    for (body, expected) in [
        (
            "{{ event.dta }}",
            "profile.toml:4: undefined variable `event.dta`; the nearest valid one is `event.data`",
        ),
        ("{{ options.zone }}", "profile.toml:4: undefined variable `options.zone`"),
        ("{{ event.attributes.extra }}", "profile.toml:4: undefined variable `event.attributes.extra`"),
        (
            "''\n\n{{ event.data }}{% if tenat.id %}{% endif %}''",
            "profile.toml:6: undefined variable `tenat.id`; the nearest valid one is `tenant.id`",
        ),
        (
            "{{ attempt.at }}",
            "profile.toml:4: the variable `attempt.at` has no value here: it belongs to one attempt, and this part is made once for all attempts",
        ),
        (
            "{{ digest }}",
            "profile.toml:4: the variable `digest` has no value here: it stands only in `value` of a signature",
        ),
        ("{% if event.data %}", "profile.toml:4: bad template: unexpected end of input"),
        ("''\n\n{{ event.data | }}''", "profile.toml:6: bad template: "),
        (
            "{{ event.data | hxe }}",
            "examples/e.json: the example of `e` does not render: profile.toml:4: unknown filter",
        ),
        ("{{ event.type }}", "examples/e.json: the example of `e` does not render: its body is not JSON"),
        (
            "{{ event.type | unix }}",
            "examples/e.json: the example of `e` does not render: profile.toml:4: the filter takes a time, not `e`",
        ),
    ] {
        let told =
            problems_of(&format!("request.content = [{{ type = \"application/json\", body = '{body}' }}]"));
        assert!(told.starts_with(expected), "{body}\n{told}\nwanted {expected}");
    }
}

#[test]
fn a_wrong_signature_is_told() {
    let scheme =
        "[[signature.schemes]]\nname = \"s\"\nalgorithm = \"hmac-sha256\"\n[secret]\nis = \"optional\"\n";
    for (rest, expected) in [
        (
            "[signature]\nsign = \"never\"\nmessage = \"{{ body }}\"\n",
            "profile.toml:6: `signature.sign` must be one of once, each_attempt",
        ),
        (
            "[signature]\nsign = \"once\"\nmessage = \"{{ attempt.at }}\"\n",
            "profile.toml:7: the variable `attempt.at` has no value here",
        ),
        (
            "[signature]\nsign = \"once\"\nmessage = \"{{ signature }}\"\n",
            "profile.toml:7: the variable `signature` has no value here",
        ),
        ("[signature]\nsign = \"once\"\n", "profile.toml:5: the key `signature.message` is missing"),
    ] {
        let told = problems_of(&format!("{REQUEST}{rest}{scheme}"));
        assert!(told.starts_with(expected), "{rest}\n{told}\nwanted {expected}");
    }
    // The body cannot hold the signature of itself.
    let body = "request.content = [{ type = \"text/plain\", body = \"{{ signature }}\" }]\n";
    let told =
        problems_of(&format!("{body}[signature]\nsign = \"once\"\nmessage = \"{{{{ body }}}}\"\n{scheme}"));
    assert_eq!(
        told,
        "profile.toml:4: the variable `signature` has no value here: the signature is not made yet"
    );
}

#[test]
fn events_are_unique_and_have_their_examples() {
    let load_events = |events: &str| {
        let toml = format!("name = \"p\"\ntitle = \"P\"\n{REQUEST}{events}");
        lines(&load(&toml).err().unwrap_or_default())
    };
    for (events, expected) in [
        ("", "profile.toml:1: the key `events` is missing"),
        (
            "[[events]]\nname = \"e\"\n[[events]]\nname = \"e\"",
            "profile.toml:6: the event `e` is declared twice",
        ),
        (
            "[[events]]\nname = \"e\"\ntitle = \"T\"\n[[events]]\nname = \"f\"\nexample = \"examples/e.json\"\ntitle = \"T\"",
            "profile.toml:7: the event `T` is declared twice",
        ),
        (
            "[[events]]\nname = \"e\"\nnumber = 3\n[[events]]\nname = \"f\"\nexample = \"examples/e.json\"\nnumber = 3",
            "profile.toml:7: the event number `3` is declared twice",
        ),
        (
            "[[events]]\nname = \"e\"\nnumber = \"3\"",
            "profile.toml:6: `events.number` must be a whole number",
        ),
        (
            "[[events]]\nname = \"a b\"\nexample = \"examples/e.json\"",
            "profile.toml:5: `events.name` must be 1 to 128",
        ),
        ("[[events]]\nname = \"f\"", "examples/f.json: the file does not exist"),
    ] {
        let told = load_events(events);
        assert!(told.starts_with(expected), "{events}\n{told}\nwanted {expected}");
    }
}

#[test]
fn an_example_must_pass_what_is_checked_at_the_door() {
    let mut files = files_of("leanbe");
    files.insert("examples/okr.created.json".to_owned(), r#"{"x":1e400}"#.to_owned());
    files.insert("examples/okr.updated.json".to_owned(), "{".to_owned());
    let told = lines(&Profile::load(&files).unwrap_err());
    assert!(
        told.contains(
            "examples/okr.created.json: the example of `okr.created` does not render: data holds a number"
        ),
        "{told}"
    );
    assert!(
        told.contains("examples/okr.updated.json: the example of `okr.updated` does not render: is not JSON"),
        "{told}"
    );
}

#[test]
fn what_is_not_toml_and_what_is_not_there_is_told() {
    assert_eq!(lines(&Profile::load(&BTreeMap::new()).unwrap_err()), "profile.toml: the file does not exist");
    let told = lines(&load("name = \"p\"\ntitle = ").unwrap_err());
    assert!(told.starts_with("profile.toml:2: cannot be read: "), "{told}");
}

#[test]
fn events_are_kept_at_least_as_long_as_a_delivery_may_wait() {
    let told = problems_of(&format!(
        "{REQUEST}[delivery]\nattempts = 2\nbackoff = [\"1h\"]\njitter_percent = 0\nretention = \"24h\""
    ));
    assert!(
        told.contains("`delivery.retention` must be from 25h to 3650d: by `attempts` and `backoff`"),
        "{told}"
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let told = problems_of("a = 1\nb = 2\n[delivery]\nc = 3");
    assert_eq!(told.lines().count(), 4, "{told}");
}

#[test]
fn an_example_is_rendered_with_each_value_of_an_option() {
    let options = "options.shape = { type = \"text\", choices = [\"good\", \"bad\"], default = \"good\" }\n";
    let body = "{% if options.shape == 'good' %}{}{% else %}[{% endif %}";
    let told = problems_of(&format!(
        "{options}request.content = [{{ type = \"application/json\", body = \"{body}\" }}]"
    ));
    assert!(
        told.starts_with("examples/e.json: the example of `e` does not render: its body is not JSON"),
        "{told}"
    );
}

#[test]
fn a_required_option_with_a_pattern_needs_an_example() {
    let option = |example: &str| {
        problems_of(&format!(
            "{REQUEST}options.region = {{ type = \"text\", pattern = \"[a-z]+-[0-9]\", required = true{example} }}"
        ))
    };
    assert!(option("").contains("options.region must match"), "{}", option(""));
    assert_eq!(option(", example = \"eu-1\""), "");
    assert!(option(", example = \"EU\"").contains("`options.region.example` must match"));
}

#[test]
fn a_template_that_would_run_for_ever_is_stopped() {
    let body = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let told = problems_of(&format!("request.content = [{{ type = \"text/plain\", body = \"{body}\" }}]"));
    assert!(
        told.starts_with("examples/e.json: the example of `e` does not render: profile.toml:4: "),
        "{told}"
    );
}

#[test]
fn the_documented_example_is_a_profile_that_loads() {
    let page = include_str!("../../../../docs/profiles.md");
    let block = |language: &str| {
        let (_, behind) = page.split_once(&format!("```{language}\n")).unwrap();
        behind.split_once("```").unwrap().0.to_owned()
    };
    let files = [("profile.toml", block("toml")), ("examples/ticket.opened.json", block("json"))];
    let files = BTreeMap::from(files.map(|(path, text)| (path.to_owned(), text)));
    let profile = Profile::load(&files).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let entry = &profile.catalogue.entries()[0];
    let request = profile.render_example(entry, None).unwrap();
    let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let shown = format!(
        "{} {}\n{}\n{}\n",
        request.method,
        request.url,
        headers.collect::<String>(),
        str::from_utf8(&request.body).unwrap()
    );
    assert_eq!(shown.replace(env!("CARGO_PKG_VERSION"), "VERSION"), block("http"));
}
