//! Every profile that comes with Postroad loads, and its catalogue is the product's.

use postroad_profile::ExampleOrigin;

use crate::facts::{built_in, files_of};

const ALL: [(&str, usize); 5] =
    [("standard", 1), ("leadhub", 6), ("leanbe", 22), ("sleekplan", 16), ("leadsquared", 39)];

#[test]
fn every_built_in_profile_loads_and_renders_each_of_its_examples() {
    for (name, events) in ALL {
        let profile = built_in(name);
        assert_eq!(profile.name, name);
        assert_eq!(profile.catalogue.entries().len(), events, "{name}");
        for entry in profile.catalogue.entries() {
            let request = profile.render_example(entry, None).unwrap();
            assert_eq!(request.method, "POST");
            let body = str::from_utf8(&request.body).unwrap();
            if name != "leanbe" {
                assert!(body.contains(&entry.example), "{name} {}: {body}", entry.name);
            }
        }
    }
}

#[test]
fn every_file_of_an_example_belongs_to_an_event() {
    for (name, _) in ALL {
        let profile = built_in(name);
        let entries = profile.catalogue.entries().iter();
        let mut expected: Vec<_> = entries
            .flat_map(|entry| [Some(entry.example_file.clone()), entry.example_attributes_file.clone()])
            .flatten()
            .chain(["profile.toml".to_owned()])
            .collect();
        expected.sort_unstable();
        assert_eq!(files_of(name).into_keys().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn an_example_that_the_product_did_not_publish_says_so() {
    let published = |name: &str| {
        let profile = built_in(name);
        let entries = profile.catalogue.entries().iter();
        entries
            .filter(|entry| entry.example_is == ExampleOrigin::Published)
            .map(|entry| entry.name.clone())
            .collect()
    };
    let published: Vec<Vec<String>> = ["leadhub", "leanbe", "sleekplan", "leadsquared"].map(published).into();
    assert_eq!(
        published,
        [
            vec!["lead.created"],
            vec!["idea.created", "customer.created"],
            vec!["item.create"],
            vec!["Lead_Post_Create"],
        ]
    );
}

#[test]
fn the_built_in_profiles_are_the_folders_that_hold_a_profile() {
    let mut expected = ALL.map(|(name, _)| name);
    expected.sort_unstable();
    let names: Vec<_> = postroad_profile::built_in().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected);
}

#[test]
fn only_names_of_the_catalogue_are_accepted_and_their_case_counts() {
    let leanbe = built_in("leanbe").catalogue;
    assert_eq!(leanbe.resolve("idea.upVoted").unwrap().as_str(), "idea.upVoted");
    assert_eq!(leanbe.resolve("idea.upvoted"), None);
    assert_eq!(built_in("sleekplan").catalogue.resolve("item.created"), None);
    let standard = built_in("standard").catalogue;
    assert_eq!(standard.resolve("anything.at-all").unwrap().as_str(), "anything.at-all");
    assert_eq!(standard.resolve("any thing"), None);
    assert_eq!(
        standard.resolve(&"a".repeat(129)),
        None,
        "it matches, but is longer than an event type may be"
    );
}

#[test]
fn the_names_that_are_most_alike_are_told_the_best_first() {
    let nearest = |profile: &str, name: &str| built_in(profile).catalogue.nearest(name);
    assert_eq!(nearest("leanbe", "idea.upvoted")[0], "idea.upVoted");
    let alike = nearest("sleekplan", "item.created");
    assert_eq!((alike.len(), &*alike[0]), (3, "item.create"));
    assert_eq!(nearest("sleekplan", "quux"), [""; 0]);
    assert_eq!(postroad_profile::nearest_words("colour", ["count", "color"])[0], "color");
}

#[test]
fn the_digest_changes_with_any_file_and_with_nothing_else() {
    let profile = built_in("leadhub");
    assert_eq!(profile.digest, built_in("leadhub").digest);
    let mut files = files_of("leadhub");
    files.get_mut("examples/lead.created.json").unwrap().push(' ');
    assert_ne!(postroad_profile::Profile::load(&files).unwrap().digest, profile.digest);
}

#[test]
fn the_shipped_defaults_are_those_of_the_products() {
    for (name, attempts, gaps_secs, timeout_secs) in [
        ("leanbe", 4, vec![10, 60, 300], 10),
        ("sleekplan", 4, vec![10, 60, 300], 10),
        ("leadhub", 4, vec![60, 120, 240], 10),
        ("standard", 10, vec![5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400], 15),
    ] {
        let delivery = built_in(name).delivery;
        assert_eq!(delivery.retry.attempts, attempts, "{name}");
        assert_eq!(delivery.retry.backoff.iter().map(|gap| gap.as_secs()).collect::<Vec<_>>(), gaps_secs);
        assert_eq!(delivery.timeout.default.as_secs(), timeout_secs);
        assert!([200, 204, 299].into_iter().all(|status| delivery.success.contains(status)), "{name}");
        assert!([199, 302, 410, 500].into_iter().all(|status| !delivery.success.contains(status)), "{name}");
        assert_eq!(
            (delivery.gone_deactivates, delivery.retry_after),
            (name == "standard", name == "standard")
        );
    }
}

#[test]
fn a_slip_of_the_pen_is_recognised_and_another_word_is_not() {
    let known = ["listen", "data-dir", "log-level", "log-format", "profiles"];
    for (wrong, expected) in [
        ("listn", Some("listen")),
        ("Listen", Some("listen")),
        ("listen-addr", Some("listen")),
        ("data_dir", Some("data-dir")),
        ("loglevel", Some("log-level")),
        ("foo", None),
        ("database", None),
        ("proxy", None),
        ("", None),
    ] {
        assert_eq!(postroad_profile::near_word(wrong, known), expected, "{wrong}");
    }
}
