//! The key of the webhook secrets: whether it is there, is the database's, and is nobody else's to read.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

use postroad_engine::SecretBox;
use postroad_store_sqlite::inspect::Inspection;
use zeroize::Zeroizing;

use super::report::Check;
use crate::{config::Config, secret_key::FILE_NAME};

const NAME: &str = "secret key";

pub(super) fn check(config: &Config, database: Option<&Inspection>) -> Check {
    let check_value = database.and_then(|database| database.secret_key_check.as_deref());
    match &config.secret_key {
        Some(given) => fits(given, check_value, "the one of --secret-key"),
        None => beside_data(&config.data_dir, check_value),
    }
}

fn beside_data(folder: &Path, check_value: Option<&[u8]>) -> Check {
    let path = folder.join(FILE_NAME);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && check_value.is_none() => {
            return Check::ok(NAME, "none yet; the first start makes one");
        }
        Err(error) => {
            return Check::fail(
                NAME,
                format!("{} cannot be read: {error}", path.display()),
                "put the file back, or give the key with --secret-key: without it the server does not start",
            );
        }
    };
    let key = match SecretBox::parse(text.trim()) {
        Ok(key) => key,
        Err(problem) => {
            let finding = format!("{} holds no secret key: {problem}", path.display());
            return Check::fail(NAME, finding, "put the file back from a backup");
        }
    };
    let others_may = fs::metadata(&path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    match fits(&key, check_value, &path.display().to_string()) {
        check if !others_may || check_value.is_some_and(|value| key.verify(value).is_err()) => check,
        _ => Check::warn(
            NAME,
            format!("other users of this machine may read {}", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
    }
}

fn fits(key: &SecretBox, check_value: Option<&[u8]>, named: &str) -> Check {
    let Some(check_value) = check_value else {
        return Check::ok(NAME, format!("{named}; there is no database yet that needs it"));
    };
    match key.verify(check_value) {
        Ok(()) => Check::ok(NAME, format!("{named} is the key of this database")),
        Err(problem) => Check::fail(
            NAME,
            format!("{named} is not the key of this database: {problem}"),
            "give the key that this database was written with; a new one goes in front of it: NEW,OLD",
        ),
    }
}
