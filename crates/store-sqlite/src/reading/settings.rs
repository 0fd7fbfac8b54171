//! Small values kept for the whole installation.

use postroad_store::SettingKey;
use rusqlite::Connection;

use crate::{
    error::Fault,
    sql::{self, query},
};

/// A value, if it was ever kept.
pub(crate) fn get(db: &Connection, key: SettingKey) -> Result<Option<Vec<u8>>, Fault> {
    query::find(db, sql::SETTING_GET, (key.as_str(),), |row| Ok(row.get(0)?))
}
