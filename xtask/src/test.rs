//! `cargo xtask test`: every test there is.

use std::path::{Path, PathBuf};

use crate::command::Command;
use crate::report::{Part, Shared};
use crate::tally::{self, Tally};
use crate::{Failure, Outcome, places, tools, web};

/// In this order: what is built early is used later.
pub(crate) const PARTS: &[Part] = &[
    Part { name: "page", about: "the page builds, for the server to take in", run: |_, _| web::build() },
    Part { name: "rust", about: "unit and integration tests of all crates", run: rust },
    Part { name: "doc", about: "examples in the documentation of all crates", run: |_, tally| doc(tally) },
    Part {
        name: "binary",
        about: "the binary and the examples that the next parts start",
        run: |_, _| build_binary(),
    },
    Part { name: "web", about: "unit tests of the page", run: |_, tally| web_unit(tally) },
    Part { name: "python", about: "real agents and OTLP clients against the binary", run: python },
    Part {
        name: "sdk",
        about: "the SDKs: the Python package as a wheel, in real agents of each Agno, and the examples in Rust",
        run: sdk,
    },
    Part {
        name: "browser",
        about: "the page in a real browser against the binary",
        run: |_, tally| browser(tally),
    },
];

fn rust(shared: &mut Shared, tally: &mut Option<Tally>) -> Outcome {
    let databases = shared.databases()?;
    if tools::has_nextest() {
        let command = Command::cargo(["nextest", "run", "--workspace", "--no-fail-fast"]);
        counted(databases.known_to(command), tally, tally::nextest)
    } else {
        let command = Command::cargo(["test", "--workspace", "--all-targets", "--no-fail-fast"]);
        counted(databases.known_to(command), tally, tally::cargo_test)
    }
}

fn doc(tally: &mut Option<Tally>) -> Outcome {
    counted(Command::cargo(["test", "--doc", "--workspace", "--no-fail-fast"]), tally, tally::cargo_test)
}

/// Builds the binary of the dev profile, unless `TRACESTEAD_BIN` names another to be tested.
pub(crate) fn build_binary() -> Outcome {
    if std::env::var_os("TRACESTEAD_BIN").is_some() {
        return existing_binary().map(|binary| println!("TRACESTEAD_BIN is {}", binary.display()));
    }
    // With the whole workspace selected, features are those that the tests were built with: nothing is built twice.
    Command::cargo(["build", "--workspace", "--bin", "tracestead", "--examples"]).run()
}

/// The binary, which an earlier part has built.
fn existing_binary() -> Result<PathBuf, Failure> {
    let binary = places::binary();
    if binary.is_file() { Ok(binary) } else { Err(format!("there is no binary at {}", binary.display())) }
}

fn web_unit(tally: &mut Option<Tally>) -> Outcome {
    counted(web::npm("test", &[])?, tally, tally::vitest)
}

fn python(shared: &mut Shared, tally: &mut Option<Tally>) -> Outcome {
    let binary = existing_binary()?;
    let databases = shared.databases()?;
    let command = Command::new(tools::python()?)
        .args(["-m", "pytest"])
        .dir(places::python_tests())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TRACESTEAD_BIN", binary);
    counted(databases.known_to(command), tally, tally::pytest)
}

fn sdk(shared: &mut Shared, tally: &mut Option<Tally>) -> Outcome {
    let databases = shared.databases()?;
    let python = tools::python()?;
    let command = Command::new(&python)
        .args(["-m", "pytest", "sdk"])
        .dir(places::python_tests())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CARGO_TARGET_DIR", places::target())
        .env("TRACESTEAD_WHEEL", wheel(&python)?)
        .env("TRACESTEAD_BIN", existing_binary()?)
        .env("TRACESTEAD_EXAMPLES", places::examples());
    counted(databases.known_to(command), tally, tally::pytest)
}

/// Builds the wheel in the dev profile, with the page in it.
fn wheel(python: &Path) -> Result<PathBuf, Failure> {
    let wheels = places::target().join("wheels");
    // Only the one that is built now is to be found there.
    let _ = std::fs::remove_dir_all(&wheels);
    Command::new(python)
        .args(["-m", "maturin", "build", "--quiet", "--interpreter"])
        .args([python, Path::new("--out"), &wheels])
        .dir(places::python_package())
        .env("CARGO_TARGET_DIR", places::target())
        .run()?;
    let built =
        std::fs::read_dir(&wheels).map_err(|error| format!("cannot list {}: {error}", wheels.display()))?;
    let wheel =
        built.filter_map(Result::ok).map(|entry| entry.path()).find(|path| path.extension().is_some());
    wheel.ok_or_else(|| format!("maturin left no wheel in {}", wheels.display()))
}

fn browser(tally: &mut Option<Tally>) -> Outcome {
    let binary = existing_binary()?;
    tools::chromium()?;
    counted(web::npm("run", &["e2e"])?.env("TRACESTEAD_BIN", binary), tally, tally::playwright)
}

/// Runs the tests and counts them. Not one test run is a failure: then something was not found.
fn counted(command: Command, tally: &mut Option<Tally>, is_summary: fn(&str) -> bool) -> Outcome {
    let mut lines = Vec::new();
    let outcome = command.run_and_read(&mut lines);
    let counted = Tally::of(&lines, is_summary);
    *tally = Some(counted);
    outcome?;
    if counted == Tally::default() { Err("no test was run".to_owned()) } else { Ok(()) }
}
