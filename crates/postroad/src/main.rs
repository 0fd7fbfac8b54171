//! The program: reads the command line, runs one command, and says how it ended by its exit code.

mod allocator;

use std::process::ExitCode;

use postroad::{
    cli,
    commands::{self, CommandError},
    output,
};

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        // Help and version come this way too; clap knows which of them belong on standard output.
        Err(answer) => answer.exit(),
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match &error {
                CommandError::Interrupted(message) => output::note(message),
                wrong => output::complain(wrong),
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: cli::Command) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::Failed(error.into()))?;
    let folder = runtime.block_on(commands::run(command))?;
    // With its last task the store is closed; only then may its folder go, and the exit code be returned.
    drop(runtime);
    drop(folder);
    Ok(())
}
