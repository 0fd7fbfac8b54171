//! The configuration: what wins, what is refused and in which words. No process and no file: `load` is pure.

use std::{ffi::OsString, path::Path, time::Duration};

use postroad::{
    cli::{self, Command},
    config::{Config, ConfigError, Given, LogFormat, Purpose, docs, load},
};

/// The configuration of `serve` from these flags, variables and this file.
fn serve(flags: &[&str], environment: &[(&str, &str)], file: &str) -> Result<Config, ConfigError> {
    let words = ["postroad", "serve"].iter().chain(flags).map(OsString::from);
    let parsed = cli::parse(words).expect("flags that exist");
    let Command::Serve(flags) = parsed else { panic!("not serve") };
    load(Purpose::Serve, &flags, &variables(environment)?, &Given::from_file(Path::new("p.toml"), file)?)
}

fn variables(environment: &[(&str, &str)]) -> Result<Given, ConfigError> {
    let variable = |wanted: &str| environment.iter().find(|(name, _)| *name == wanted);
    Given::from_environment(|name| variable(name).map(|(_, value)| OsString::from(value)))
}

#[test]
fn without_anything_the_defaults_hold() {
    let config = serve(&[], &[], "").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data_dir, Path::new("./postroad-data"));
    assert_eq!((config.log_format, config.log_level.as_str()), (LogFormat::Text, "info"));
    assert_eq!(config.shutdown_grace, Duration::from_secs(10));
    assert!(config.admin_key.is_none() && config.secret_key.is_none() && config.public_url.is_none());
    assert!(config.allow_subnets.is_empty() && config.profiles.is_none());
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = "shutdown-grace = \"3s\"\n";
    let variable = [("POSTROAD_SHUTDOWN_GRACE", "2s")];
    let flag = ["--shutdown-grace", "1s"];
    for (flags, environment, seconds) in
        [(&[][..], &[][..], 3), (&[], &variable, 2), (&flag, &variable, 1), (&flag, &[], 1)]
    {
        let config = serve(flags, environment, file).unwrap();
        assert_eq!(config.shutdown_grace, Duration::from_secs(seconds), "{flags:?} {environment:?}");
    }
}

#[test]
fn a_list_is_repeated_as_a_flag_has_commas_in_the_environment_and_is_an_array_in_the_file() {
    let subnets = |flags: &[&str], environment: &[(&str, &str)], file: &str| -> Vec<String> {
        let config = serve(flags, environment, file).unwrap();
        config.allow_subnets.iter().map(ToString::to_string).collect()
    };
    let file = "allow-subnet = [\"10.0.0.0/8\", \"fd00::/8\"]";
    assert_eq!(subnets(&[], &[], file), ["10.0.0.0/8", "fd00::/8"]);
    assert_eq!(
        subnets(&[], &[("POSTROAD_ALLOW_SUBNET", "10.1.0.0/16, 10.2.0.0/16")], file),
        ["10.1.0.0/16", "10.2.0.0/16"]
    );
    let flags = ["--allow-subnet", "10.3.0.0/16", "--allow-subnet", "10.4.0.0/16"];
    assert_eq!(subnets(&flags, &[], file), ["10.3.0.0/16", "10.4.0.0/16"]);
}

#[test]
fn a_folder_of_profiles_can_be_named_in_every_way() {
    let folder = Some(Path::new("p"));
    assert_eq!(serve(&["--profiles", "p"], &[], "").unwrap().profiles.as_deref(), folder);
    assert_eq!(serve(&[], &[("POSTROAD_PROFILES", "p")], "").unwrap().profiles.as_deref(), folder);
    assert_eq!(serve(&[], &[], "profiles = \"p\"").unwrap().profiles.as_deref(), folder);
    let environment = variables(&[("POSTROAD_PROFILES", "p")]).unwrap();
    let nothing = Given::default();
    let dev = load(Purpose::Dev, &nothing, &environment, &nothing).unwrap();
    assert_eq!(dev.profiles.as_deref(), folder);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = serve(&[], &[("POSTROAD_ADMIN_KEY", ""), ("POSTROAD_LISTEN", "")], "").unwrap();
    assert!(config.admin_key.is_none());
    assert_eq!(config.listen.port(), 8080);
}

#[test]
fn a_flag_that_cannot_be_used_is_named_with_its_remedy() {
    for (flags, expected) in [
        (
            &["--listen", "localhost"][..],
            "the flag --listen: \"localhost\" must be an IP address and a port, such as 127.0.0.1:8080 or [::]:8080",
        ),
        (
            &["--allow-subnet", "10.0.0.0/8", "--allow-subnet", "office"],
            "the flag --allow-subnet: \"10.0.0.0/8,office\" must be a subnet such as 10.20.0.0/16 or fd00::/8, or \
             several with commas between them",
        ),
        (
            &["--public-url", "https://a.example/hooks"],
            "the flag --public-url: \"https://a.example/hooks\" must end after the host or port, as in \
             https://hooks.example.com",
        ),
        (
            &["--log-level", "inof"],
            "the flag --log-level: \"inof\" must be off, error, warn, info, debug or trace, or a list with parts of \
             the program such as info,postroad_engine=debug",
        ),
        (&["--profiles", ""], "the flag --profiles: \"\" must name a folder"),
        (
            &["--secret-key", "k1:AAAA"],
            "the flag --secret-key: the value must be ID:BASE64, or several with commas between them, with the base64 \
             of 32 bytes each; entry 1 is not 32 bytes long",
        ),
    ] {
        assert_eq!(serve(flags, &[], "").unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_variable_that_cannot_be_used_is_named_with_its_remedy() {
    let refused = serve(&[], &[("POSTROAD_SHUTDOWN_GRACE", "10")], "").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the environment variable POSTROAD_SHUTDOWN_GRACE: \"10\" must be a time of at most 1h, such as 500ms, 10s or 2m"
    );
}

#[test]
fn a_value_in_the_file_that_cannot_be_used_is_named_with_its_line_and_remedy() {
    for (file, expected) in [
        ("\nlog-format = \"xml\"\n", "p.toml, line 2, key \"log-format\": \"xml\" must be text or json"),
        ("listen = 8080", "p.toml, line 1, key \"listen\" must hold a text in quotes"),
        ("allow-subnet = [1]", "p.toml, line 1, key \"allow-subnet\" must hold an array of texts in quotes"),
    ] {
        assert_eq!(serve(&[], &[], file).unwrap_err().to_string(), expected);
    }
}

#[test]
fn an_unknown_key_in_the_file_is_answered_with_its_line_and_the_nearest_key() {
    for (file, line, nearest) in [
        ("listen = \"127.0.0.1:1\"\nlisten-addr = \"x\"\n", 2, "listen"),
        ("data_dir = \"x\"", 1, "data-dir"),
        ("[admin]\nkey = \"x\"", 1, "admin-key"),
    ] {
        let refused = serve(&[], &[], file).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("p.toml, line {line}: there is no key")), "{refused}");
        assert!(refused.contains(&format!("the nearest is \"{nearest}\"")), "{refused}");
    }
}

#[test]
fn a_key_that_resembles_none_is_answered_without_a_guess() {
    for (file, expected) in [
        ("foo = \"x\"", "p.toml, line 1: there is no key \"foo\" (all keys: postroad serve --help)"),
        (
            "# a file cannot name the file\nconfig = \"x\"",
            "p.toml, line 2: there is no key \"config\" (all keys: postroad serve --help)",
        ),
        (
            "[foo]\nlisten = \"127.0.0.1:1\"",
            "p.toml, line 1: there is no key \"foo\"; the file has no sections (all keys: postroad serve --help)",
        ),
    ] {
        assert_eq!(serve(&[], &[], file).unwrap_err().to_string(), expected);
    }
}

#[test]
fn all_unknown_keys_of_a_file_are_told_at_once_in_the_order_of_their_lines() {
    let file = "listn = \"127.0.0.1:1\"\nlog-level = \"info\"\ndata_dir = \"x\"\n[foo]\n";
    assert_eq!(
        serve(&[], &[], file).unwrap_err().to_string(),
        "3 keys do not exist (all keys: postroad serve --help):\n\
         \x20 p.toml, line 1: there is no key \"listn\"; the nearest is \"listen\"\n\
         \x20 p.toml, line 3: there is no key \"data_dir\"; the nearest is \"data-dir\"\n\
         \x20 p.toml, line 4: there is no key \"foo\"; the file has no sections"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    for file in ["listen = \"127.0.0.1:1\"\nlog-level\n", "log-level = \"info\"\nlog-level = \"warn\"\n"] {
        let refused = serve(&[], &[], file).unwrap_err().to_string();
        assert!(refused.starts_with("p.toml, line 2: this is not TOML: "), "{refused}");
    }
}

#[test]
fn no_refusal_shows_a_secret() {
    let secret = "hunter2 hunter2";
    for (flags, file) in [
        (vec!["--admin-key", secret], String::new()),
        (vec!["--secret-key", secret], String::new()),
        (vec![], format!("admin-key = \"{secret}\"")),
        (vec![], format!("secret-key = \"{secret}")),
        (vec![], format!("secret-key = [\"{secret}\"]")),
    ] {
        let refused = serve(&flags, &[], &file).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused}");
    }
    let config = serve(&["--admin-key", "hunter2-and-3"], &[], "").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_key_that_can_be_guessed_is_refused_also_behind_a_proxy_on_this_machine() {
    for listen in ["0.0.0.0:8080", "[::]:8080", "127.0.0.1:8080", "[::1]:8080"] {
        let refused = serve(&["--listen", listen, "--admin-key", "secret7"], &[], "").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the flag --admin-key: the value must have 8 characters or more: shorter ones are found by trying"
        );
        let refused = serve(&["--listen", listen], &[], "metrics-key = \"m\"").unwrap_err().to_string();
        assert!(
            refused.starts_with("p.toml, line 1, key \"metrics-key\": the value must have 8"),
            "{refused}"
        );
        serve(&["--listen", listen, "--admin-key", "secret78"], &[], "").unwrap();
    }
    let (nothing, short) = (Given::default(), variables(&[("POSTROAD_ADMIN_KEY", "k")]).unwrap());
    load(Purpose::Dev, &nothing, &short, &nothing).unwrap();
}

#[test]
fn dev_logs_warnings_only_and_ends_soon() {
    let nothing = Given::default();
    let config = load(Purpose::Dev, &nothing, &nothing, &nothing).unwrap();
    assert_eq!((config.log_level.as_str(), config.shutdown_grace), ("warn", Duration::from_secs(1)));
    let environment =
        variables(&[("POSTROAD_DATA_DIR", "/precious"), ("POSTROAD_LOG_LEVEL", "info")]).unwrap();
    let config = load(Purpose::Dev, &nothing, &environment, &nothing).unwrap();
    assert_eq!((config.log_level.as_str(), config.data_dir.as_path()), ("info", Path::new("")));
}

#[test]
fn the_page_about_the_configuration_is_the_one_that_the_table_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("POSTROAD_UPDATE_DOCS").is_some() {
        std::fs::write(&path, docs::page()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == docs::page(), "docs/configuration.md is old: run this test with POSTROAD_UPDATE_DOCS=1");
}
