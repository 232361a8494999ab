//! `tracestead doctor`: what would keep the server from working, and what to do about it.

mod database;
mod ports;

use serde_json::{Value, json};

use super::now;
use crate::ExitCode;
use crate::arguments;
use crate::config::Config;
use crate::printer::{self, Style};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    Warning,
    Failed,
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    name: String,
    outcome: Outcome,
    says: String,
    hint: Option<String>,
}

impl Check {
    fn ok(name: &str, says: impl Into<String>) -> Self {
        Self { name: name.to_owned(), outcome: Outcome::Ok, says: says.into(), hint: None }
    }

    fn warning(name: &str, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name: name.to_owned(), outcome: Outcome::Warning, says: says.into(), hint: Some(hint.into()) }
    }

    fn failed(name: &str, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name: name.to_owned(), outcome: Outcome::Failed, says: says.into(), hint: Some(hint.into()) }
    }

    fn json(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Failed => "failed",
        };
        json!({"check": self.name, "outcome": outcome, "says": self.says, "hint": self.hint})
    }

    fn print(&self) -> std::io::Result<()> {
        let mark = match self.outcome {
            Outcome::Ok => Style::Green.paint("ok     "),
            Outcome::Warning => Style::Yellow.paint("warning"),
            Outcome::Failed => Style::Red.paint("failed "),
        };
        printer::line(&format!("{mark}  {:<13}  {}", self.name, self.says))?;
        match &self.hint {
            Some(hint) => printer::line(&format!("{:<24}{}", "", Style::Dim.paint(&format!("hint: {hint}")))),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(arguments: &arguments::Doctor) -> anyhow::Result<ExitCode> {
    let checks = checks(arguments).await;
    if arguments.json {
        printer::line(&Value::Array(checks.iter().map(Check::json).collect()).to_string())?;
    } else {
        for check in &checks {
            check.print()?;
        }
    }
    let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let (failed, warnings) = (count(Outcome::Failed), count(Outcome::Warning));
    if !arguments.json {
        printer::line(&match (failed, warnings) {
            (0, 0) => "\neverything looks good".to_owned(),
            (0, warnings) => format!("\nworks, with something to look at: {warnings}"),
            (failed, _) => format!("\nwould not work as it is; failed: {failed}"),
        })?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn checks(arguments: &arguments::Doctor) -> Vec<Check> {
    let mut checks = vec![clock()];
    let config = match Config::load(&arguments.serve) {
        Ok(config) => config,
        Err(error) => {
            let hint = "`tracestead config print` shows every setting there is, once this one is right";
            checks.push(Check::failed("configuration", error.to_string(), hint));
            return checks;
        }
    };
    let is_set = |origin: &str| origin != "default";
    let set = config.shown.iter().filter(|shown| is_set(&shown.origin)).count();
    checks.push(Check::ok(
        "configuration",
        match set {
            0 => "defaults throughout".to_owned(),
            1 => "1 setting beside the defaults".to_owned(),
            set => format!("{set} settings beside the defaults"),
        },
    ));
    checks.extend(database::checks(&config.server).await);
    checks.extend(ports::checks(&config.server).await);
    checks
}

/// Spans are shown by their senders' clocks beside ours; one that is far off makes lists look empty.
fn clock() -> Check {
    let time = super::show::clock_time(now().as_i64());
    if time.as_str() < "2024" {
        return Check::failed("clock", format!("says {time} UTC"), "set the clock of this machine");
    }
    Check::ok("clock", format!("{time} UTC"))
}
