//! `cargo xtask check`: everything that can be said of the sources without running tests.

use std::fs;

use crate::command::Command;
use crate::report::Part;
use crate::{Failure, Outcome, places, test, tools, web};

pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        about: "Rust is formatted",
        run: |_, _| Command::cargo(["fmt", "--all", "--check"]).run(),
    },
    Part { name: "clippy", about: "Rust has no lint", run: |_, _| clippy() },
    Part {
        name: "drivers",
        about: "the store and the SDK build with any of their drivers",
        run: |_, _| drivers(),
    },
    Part { name: "docs", about: "the SDK's documentation has no broken link", run: |_, _| docs() },
    Part { name: "deny", about: "dependencies are allowed ones", run: |_, _| deny() },
    Part {
        name: "web",
        about: "the page's sources have no lint and right types",
        run: |_, _| web::npm("run", &["check"])?.run(),
    },
    Part {
        name: "openapi",
        about: "web/openapi.json is what the server says",
        run: |_, _| openapi_is_current(),
    },
];

fn clippy() -> Outcome {
    Command::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()
}

/// Those of the store, each a feature: alone, and all others without it. In between nothing can be wrong that is not wrong in one
/// of these. The SDK hands them on, and has one for what it sends over HTTP. Without tests: they are of all drivers.
fn drivers() -> Outcome {
    const DRIVERS: [&str; 4] = ["sqlite", "postgres", "mysql", "clickhouse"];
    let without =
        |left_out: &&str| DRIVERS.into_iter().filter(|driver| driver != left_out).collect::<Vec<_>>();
    let alone = DRIVERS.iter().map(|driver| vec![*driver]);
    for features in alone.chain(DRIVERS.iter().map(without)) {
        clippy_with("tracestead-store", &features.join(","))?;
    }
    for feature in DRIVERS.iter().chain(&["otlp"]) {
        clippy_with("tracestead", feature)?;
    }
    Ok(())
}

fn clippy_with(package: &str, features: &str) -> Outcome {
    Command::cargo(["clippy", "--package", package, "--no-default-features", "--features"])
        .args([features, "--", "-D", "warnings"])
        .run()
}

/// As docs.rs has it, with everything.
fn docs() -> Outcome {
    Command::cargo(["doc", "--no-deps", "--all-features", "--package", "tracestead"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

/// Not `advisories`: their database lives on a host that not every machine reaches.
fn deny() -> Outcome {
    Command::new(tools::cargo_deny()?).args(["check", "bans", "licenses", "sources"]).run()
}

fn openapi_is_current() -> Outcome {
    let committed =
        fs::read(places::openapi()).map_err(|error| format!("cannot read web/openapi.json: {error}"))?;
    if committed == openapi()? {
        Ok(())
    } else {
        Err("web/openapi.json is not what the server says; run `cargo xtask openapi` and commit it"
            .to_owned())
    }
}

/// `cargo xtask openapi`.
pub(crate) fn write_openapi() -> Outcome {
    fs::write(places::openapi(), openapi()?)
        .map_err(|error| format!("cannot write web/openapi.json: {error}"))
}

fn openapi() -> Result<Vec<u8>, Failure> {
    test::build_binary()?;
    Command::new(places::binary()).args(["openapi"]).output()
}
