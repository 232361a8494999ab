//! Automation of this repository in Rust: `cargo xtask help`.
//!
//! What a task needs and can fetch without asking (a virtual environment, node modules, a browser, database servers, a
//! pinned tool) it fetches; what it cannot do is a failure with a reason, never a silent skip. Everything that is built or
//! fetched goes under cargo's target directory (`CARGO_TARGET_DIR`), or into `web/node_modules` and `web/dist`; what comes
//! as a package of Debian's is installed as one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to the terminal")]

mod check;
mod command;
mod databases;
mod places;
mod report;
mod tally;
mod test;
mod tools;
mod web;

use std::process::ExitCode;

use crate::command::Command;

/// Why a task could not be done: one sentence for a person.
type Failure = String;

type Outcome = Result<(), Failure>;

const HELP: &str = "\
usage: cargo xtask TASK

  test [PART...]    every test, or the named parts of them; `test --list` names the parts
  check [PART...]   formatting, lints, dependencies, generated files; `check --list` names the parts
  databases         starts the database servers that tests use, until Ctrl-C, and tells how tests find them
  web               builds the page into web/dist
  openapi           writes web/openapi.json from the server's own description
  run [ARG...]      builds everything for release and serves; arguments go to `tracestead serve`
  bench [ARG...]    runs the benchmarks; arguments go to them
  help              this text
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match task.as_str() {
        "test" => report::run_parts("test", test::PARTS, &rest),
        "check" => report::run_parts("check", check::PARTS, &rest),
        "databases" => databases::serve(),
        "web" => web::build(),
        "openapi" => check::write_openapi(),
        "run" => run(&rest),
        "bench" => bench(&rest),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no task {other:?}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome {
    web::build()?;
    Command::cargo(["run", "--release", "--package", "tracestead-cli", "--", "serve"]).args(arguments).run()
}

fn bench(arguments: &[String]) -> Outcome {
    // Only these ask servers.
    let asks = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let asks_servers = ["engines", "list", "retention", "ways"].into_iter().any(asks);
    let databases = if asks_servers { Some(databases::Databases::start_durable()?) } else { None };
    let command = Command::cargo(["run", "--release", "--package", "tracestead-bench", "--"]).args(arguments);
    match &databases {
        Some(databases) => databases.known_to(command).run(),
        None => command.run(),
    }
}
