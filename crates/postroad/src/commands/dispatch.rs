//! Runs the command that the command line asks for.

use tempfile::TempDir;

use super::{
    CommandError,
    data::{backup, check, compact},
    dev, doctor, import, openapi, profile, replay, send, serve,
};
use crate::{cli::Command, output};

/// Runs a command to its end. Answers the temporary folder that is to be dropped after the runtime, where there is one.
pub async fn run(command: Command) -> Result<Option<TempDir>, CommandError> {
    let variable = |name: &str| std::env::var(name).ok();
    match command {
        Command::Help(text) => output::line(text.trim_end()).map_err(anyhow::Error::from)?,
        Command::Serve(flags) => serve::run(&flags).await?,
        Command::Dev(flags) => return dev::run(&flags).await.map(Some),
        Command::Send(arguments) => send::run(arguments, variable).await?,
        Command::Replay(arguments) => replay::run(arguments, variable).await?,
        Command::Doctor(arguments) => doctor::run(arguments, variable).await?,
        Command::ImportSvix(arguments) => import::run(arguments, variable).await?,
        Command::Backup(arguments) => backup::run(arguments).await?,
        Command::Check(flags) => check::run(&flags).await?,
        Command::Compact(flags) => compact::run(&flags).await?,
        Command::Profile(command) => profile::run(command, variable)?,
        Command::OpenApi => openapi::run()?,
    }
    Ok(None)
}
