//! `postroad check`: whether a database is whole.

use std::path::Path;

use anyhow::{Context, anyhow};
use postroad_engine::SecretBox;
use postroad_store_sqlite::{
    OpenError,
    check::{Counts, Report, check},
    inspect::inspect,
};

use super::{CommandError, refused};
use crate::{
    config::{Config, Given},
    output::{self, counted},
    secret_key,
};

/// Reads everything and says what is wrong with it, each with its remedy.
///
/// Errors: something is wrong, or there is no database that can be read.
pub async fn run(flags: &Given) -> Result<(), CommandError> {
    let Config { data_dir, secret_key, .. } = super::config(flags)?;
    let checking = tokio::task::spawn_blocking(move || look(&data_dir, secret_key.as_ref()));
    let (report, remark) = checking.await.context("the check broke down")?.map_err(refused)?;
    tell(&report, remark.as_deref()).context("cannot write to standard output")?;
    match report.damages.len() {
        0 => Ok(()),
        1 => Err(anyhow!("the database is not whole").into()),
        kinds => Err(anyhow!("the database is not whole: {kinds} kinds of damage").into()),
    }
}

/// What was found, and what there is to know of the key of a whole database's secrets.
fn look(data_dir: &Path, given: Option<&SecretBox>) -> Result<(Report, Option<String>), OpenError> {
    let report = check(data_dir)?;
    let remark = if report.damages.is_empty() { remark_on_key(data_dir, given) } else { None };
    Ok((report, remark))
}

/// What keeps a server from starting on the database; `None` where its key is here, or nothing needs one yet. Without the
/// key the database is whole all the same: it is no damage.
fn remark_on_key(data_dir: &Path, given: Option<&SecretBox>) -> Option<String> {
    let check_value = inspect(data_dir).ok().flatten()?.secret_key_check?;
    let file = data_dir.join(secret_key::FILE_NAME);
    let file = file.display();
    let kept = if given.is_some() { Ok(None) } else { secret_key::read(data_dir) };
    match (given, kept) {
        (None, Err(error)) => Some(format!("The key of its secrets cannot be used: {error}.")),
        (None, Ok(None)) => Some(format!(
            "The key of its secrets is not beside it: the server starts only with {file} put back, or with that key in \
             --secret-key."
        )),
        (Some(given), _) => given.verify(&check_value).err().map(|problem| {
            format!("The given secret key is not that of its secrets, and the server does not start with it: {problem}.")
        }),
        (None, Ok(Some(kept))) => kept.verify(&check_value).err().map(|problem| {
            format!("{file} is not the key of its secrets, and the server does not start with it: {problem}.")
        }),
    }
}

fn tell(report: &Report, remark: Option<&str>) -> std::io::Result<()> {
    for damage in &report.damages {
        output::line(damage)?;
    }
    if report.damages.is_empty() {
        let Counts { events, deliveries, waiting, attempts } = report.counts;
        output::line(format_args!(
            "The database is whole: {}, {} of which {waiting} wait, {}.",
            counted(events, "event", "events"),
            counted(deliveries, "delivery", "deliveries"),
            counted(attempts, "attempt", "attempts")
        ))?;
    }
    remark.map_or(Ok(()), output::line)
}
