//! Examples that come with attributes.

use postroad_profile::Profile;

use crate::facts::{built_in, files_of, lines};

#[test]
fn the_attributes_of_an_example_are_part_of_its_request() {
    let profile = built_in("leadhub");
    let entry = profile.catalogue.entry("form.submitted").unwrap();
    let form = entry.example_attributes.as_ref().unwrap().strip_prefix(r#"{"extra":{"#).unwrap();
    let body = profile.render_example(entry, None).unwrap().body;
    let body = str::from_utf8(&body).unwrap();
    assert!(body.ends_with(&format!(",{}", form.strip_suffix('}').unwrap())), "{body}");
    assert_eq!(profile.catalogue.entry("lead.created").unwrap().example_attributes, None);
}

#[test]
fn attributes_that_an_event_could_not_carry_are_told_with_their_file() {
    let path = "examples/form.submitted.attributes.json";
    let told = |attributes: &str| {
        let mut files = files_of("leadhub");
        files.insert(path.to_owned(), attributes.to_owned());
        lines(&Profile::load(&files).unwrap_err())
    };
    let begin = format!("{path}: the example of `form.submitted` does not render: ");
    for (attributes, expected) in [
        (r#"{"extra":1}"#, "attributes.extra must be an object"),
        (r#"{"extra":{},"form":{}}"#, "attributes.form is not an attribute of this profile"),
        ("[]", "is not a JSON object: "),
    ] {
        assert!(told(attributes).starts_with(&format!("{begin}{expected}")), "{}", told(attributes));
    }
    let mut files = files_of("leadhub");
    files.remove(path);
    assert_eq!(lines(&Profile::load(&files).unwrap_err()), format!("{path}: the file does not exist"));
}

#[test]
fn an_attribute_that_every_event_must_carry_is_missed_in_an_example() {
    let mut files = files_of("leadhub");
    let toml = files.get_mut("profile.toml").unwrap();
    *toml = toml.replace("[attributes.extra]", "[attributes.extra]\nrequired = true");
    let told = lines(&Profile::load(&files).unwrap_err());
    assert!(told.contains("lead.created` does not render: attributes.extra is required"), "{told}");
    assert!(!told.contains("form.submitted"), "{told}");
}
