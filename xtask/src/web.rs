//! The page: node modules, build, scripts of `web/package.json`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::command::Command;
use crate::{Outcome, places};

/// Builds the page into `web/dist`, from where the server takes it.
pub(crate) fn build() -> Outcome {
    npm("run", &["build"])?.run()
}

/// A command of npm's in `web/`, with the node modules in place.
pub(crate) fn npm(command: &str, arguments: &[&str]) -> Result<Command, String> {
    let web = places::web();
    if !web.join("package.json").is_file() {
        return Err("web/package.json is missing".to_owned());
    }
    // npm itself leaves this file at the end of an installation.
    let installed = modified(&web.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < modified(&web.join("package-lock.json")) {
        Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).dir(&web).run()?;
    }
    Ok(Command::new("npm").args([command]).args(arguments).dir(&web))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
