//! `postroad openapi`: the document of the API without a server, for generators of clients and for checks.

use anyhow::Context;

use super::CommandError;
use crate::output;

/// Prints the document as JSON.
///
/// Errors: nobody reads the output.
pub fn run() -> Result<(), CommandError> {
    output::line(format_args!("{:#}", postroad_server::openapi()))
        .context("cannot write to standard output")?;
    Ok(())
}
