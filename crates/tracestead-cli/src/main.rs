//! The `tracestead` command: starts the server, reads the database, shows what there is.
//!
//! What the user typed is in [`arguments`]; each command is a module of [`commands`]; what is printed goes through
//! [`printer`]. Exit codes: 0 done, 1 failed, 2 typed wrong or configured wrong, 3 not found, 4 something would
//! be done if it were not a dry run, 130 ended by Ctrl-C before it was done.

mod arguments;
mod commands;
mod config;
mod printer;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

// glibc's allocator keeps the memory of large exports for each thread that decoded one; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            printer::error(&error);
            match error.downcast_ref::<config::ConfigError>() {
                Some(_) => ExitCode::from(2),
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
