//! `docs/configuration.md`, written from the table so that it cannot say anything else than the program does.

use std::fmt::Write as _;

use super::{InDev, KEYS, Key, Otherwise};

const INTRODUCTION: &str = "\
# Configuration

This page is generated from the table of keys in `crates/postroad/src/config/keys.rs`; a test compares the two.

Every key can be given in three ways: as a flag (`--data-dir DIR`), as an environment variable (`POSTROAD_DATA_DIR`),
and in a TOML file named by `--config FILE` or `POSTROAD_CONFIG`. A flag wins over the environment, the environment over
the file, the file over the default. An empty environment variable counts as not set.

```toml
# postroad.toml
listen = \"0.0.0.0:8080\"
data-dir = \"/var/lib/postroad\"
allow-subnet = [\"10.20.0.0/16\", \"fd00::/8\"]
log-format = \"json\"
```

A key in the file that does not exist, or a value that cannot be used, ends the start with exit code 2 and a sentence
that names the key, the place where it stands, and what to write instead.

| key | flag | environment | default |
|---|---|---|---|
";

const EXIT_CODES: &str = "
## Exit codes of `postroad serve`

| code | meaning |
|---|---|
| 0 | stopped after SIGTERM or SIGINT; everything is written |
| 1 | could not start or go on: the folder is in use, the address is taken, the secret key is wrong |
| 2 | the command line or the configuration cannot be used |
| 130, 143 | a second SIGINT or SIGTERM ended it at once; the next start goes on where it was |
";

/// The whole page.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for key in &KEYS {
        let in_file = if key.in_file { format!("`{}`", key.name) } else { "–".to_owned() };
        let _ = writeln!(
            page,
            "| {in_file} | `{}` | `{}` | {} |",
            key.flag().replace('|', "\\|"),
            key.environment_name(),
            default(key)
        );
    }
    for key in &KEYS {
        let _ = write!(page, "\n## `{}`\n\n{}.", key.name, key.summary);
        if !key.details.is_empty() {
            let _ = write!(page, " {}", key.details);
        }
        page.push('\n');
        if let Some(remark) = in_dev(key) {
            let _ = write!(page, "\n{remark}\n");
        }
    }
    page.push_str(EXIT_CODES);
    page
}

fn default(key: &Key) -> String {
    match key.otherwise {
        Otherwise::Value(value) => format!("`{value}`"),
        Otherwise::Words(words) => words.to_owned(),
    }
}

fn in_dev(key: &Key) -> Option<String> {
    match key.in_dev {
        InDev::AsInServe => None,
        InDev::Default(value) => Some(format!("`postroad dev` has the default `{value}`.")),
        InDev::Absent => Some("`postroad dev` does not have it.".to_owned()),
    }
}
