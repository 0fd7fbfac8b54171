//! `postroad check`: whether a database is whole.

use anyhow::{Context, anyhow};
use postroad_store_sqlite::check::{Counts, Report, check};

use super::{CommandError, data_dir};
use crate::{config::Given, output};

/// Reads everything and says what is wrong with it, each with its remedy.
///
/// Errors: something is wrong, or there is no database that can be read.
pub async fn run(flags: &Given) -> Result<(), CommandError> {
    let data_dir = data_dir(flags)?;
    let checking = tokio::task::spawn_blocking(move || check(&data_dir));
    let report = checking.await.context("the check broke down")?.map_err(anyhow::Error::msg)?;
    tell(&report).context("cannot write to standard output")?;
    match report.damages.len() {
        0 => Ok(()),
        1 => Err(anyhow!("the database is not whole").into()),
        kinds => Err(anyhow!("the database is not whole: {kinds} kinds of damage").into()),
    }
}

fn tell(report: &Report) -> std::io::Result<()> {
    for damage in &report.damages {
        output::line(damage)?;
    }
    if report.damages.is_empty() {
        let Counts { events, deliveries, waiting, attempts } = report.counts;
        output::line(format_args!(
            "The database is whole: {events} events, {deliveries} deliveries of which {waiting} wait, {attempts} attempts."
        ))?;
    }
    Ok(())
}
