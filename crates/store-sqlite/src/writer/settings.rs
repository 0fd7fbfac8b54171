//! Keeping values of the whole installation.

use postroad_store::SettingKey;

use crate::{
    error::Fault,
    sql::{self, query},
    writer::work::Work,
};

/// Keeps a value.
pub(crate) fn put(work: &Work<'_>, key: SettingKey, value: &[u8]) -> Result<(), Fault> {
    query::run(work.db, sql::SETTING_PUT, (key.as_str(), value)).map(|_| ())
}
