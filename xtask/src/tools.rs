//! What tasks need from outside of the repository, and how it gets here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Command;
use crate::{Failure, Outcome, places};

const CARGO_DENY_VERSION: &str = "0.20.2";
const CHROMIUM: &str = "/usr/bin/chromium";

/// Whether `cargo nextest` is there; `cargo test` does as well.
pub(crate) fn has_nextest() -> bool {
    Command::cargo(["nextest", "--version"]).output().is_ok()
}

/// The pinned cargo-deny: from the path if it is that version there, else built once.
pub(crate) fn cargo_deny() -> Result<PathBuf, Failure> {
    let ours = places::target().join("tools/bin/cargo-deny");
    for candidate in [Path::new("cargo-deny"), &ours] {
        let version = Command::new(candidate).args(["--version"]).output().unwrap_or_default();
        if String::from_utf8_lossy(&version).split_whitespace().nth(1) == Some(CARGO_DENY_VERSION) {
            return Ok(candidate.to_path_buf());
        }
    }
    // Unoptimised: compiling it takes much longer than what it does.
    Command::cargo([
        "install",
        "cargo-deny",
        "--locked",
        "--debug",
        "--version",
        CARGO_DENY_VERSION,
        "--root",
    ])
    .args([places::target().join("tools")])
    .run()?;
    Ok(ours)
}

/// The Python of a virtual environment with everything in `tests/requirements.txt`.
pub(crate) fn python() -> Result<PathBuf, Failure> {
    let venv = places::target().join("venv");
    let python = venv.join("bin/python");
    let required = read(&places::python_tests().join("requirements.txt"))?;
    // A copy of what was installed last; absent until an installation came to its end.
    let installed = venv.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == required) {
        return Ok(python);
    }
    Command::new("python3").args(["-m", "venv", "--clear"]).args([&venv]).run()?;
    Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .args([places::python_tests().join("requirements.txt")])
        .run()?;
    fs::write(&installed, required)
        .map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(python)
}

/// Sees to a browser: one of the system's, because Playwright's own downloads are not everywhere within reach.
pub(crate) fn chromium() -> Outcome {
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "chromium"])
}

fn apt_get(arguments: &[&str]) -> Outcome {
    let is_root = Command::new("id").args(["-u"]).output().is_ok_and(|id| id.trim_ascii() == b"0");
    let command = if is_root { Command::new("apt-get") } else { Command::new("sudo").args(["apt-get"]) };
    // Somebody else may be installing something right now.
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
