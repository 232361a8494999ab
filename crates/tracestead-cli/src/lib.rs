//! The `tracestead` command: starts the server, reads the database, shows what there is.
//!
//! What the user typed is in [`arguments`]; each command is a module of [`commands`]; what is printed goes through
//! [`printer`]. Exit codes: 0 done, 1 failed, 2 typed wrong or configured wrong, 3 not found, 4 something would
//! be done if it were not a dry run, 130 ended by Ctrl-C before it was done.
//!
//! It is a library so that the Python package can have it as well, in the same file as its module.

mod arguments;
mod commands;
mod config;
mod exit_code;
mod printer;

use std::ffi::OsString;

use clap::Parser as _;

use arguments::{Arguments, Command};

pub use exit_code::ExitCode;

/// Runs the command with what was typed, its name first, and returns its exit code. It prints what it has to say.
#[must_use]
pub fn run_command(typed: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(typed) {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` is an error to clap, on standard output and with code 0. Of a closed pipe there is nobody to tell.
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::WRONG, ExitCode::from);
        }
    };
    match run(arguments) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            printer::error(&error);
            match error.downcast_ref::<config::ConfigError>() {
                Some(_) => ExitCode::WRONG,
                None => ExitCode::FAILURE,
            }
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Serve(serve) => commands::serve::run(&serve).await,
            Command::Traces(traces) => commands::traces::run(&traces).await,
            Command::Spans(spans) => commands::spans::run(&spans).await,
            Command::Migrate(migrate) => commands::migrate::run(&migrate).await,
            Command::Copy(copy) => commands::copy::run(&copy).await,
            Command::Rebuild(rebuild) => commands::rebuild::run(&rebuild).await,
            Command::Prune(prune) => commands::prune::run(&prune).await,
            Command::Demo(demo) => commands::demo::run(&demo).await,
            Command::Doctor(doctor) => commands::doctor::run(&doctor).await,
            Command::Config(config) => commands::config::run(&config),
            Command::Openapi => commands::openapi::run(),
        }
    })
}

/// `tracestead traces | head` is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
