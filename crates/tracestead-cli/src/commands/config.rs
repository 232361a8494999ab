//! `tracestead config print`.

use serde_json::json;

use crate::ExitCode;
use crate::arguments::{self, ConfigCommand};
use crate::config::Config;
use crate::printer;

pub(crate) fn run(arguments: &arguments::Config) -> anyhow::Result<ExitCode> {
    let ConfigCommand::Print { serve, json } = &arguments.command;
    let config = Config::load(serve)?;
    for shown in &config.shown {
        let (key, value, origin) = (&shown.key, &shown.value, &shown.origin);
        if *json {
            printer::line(&json!({"key": key, "value": value, "origin": origin}).to_string())?;
        } else {
            printer::line(&format!("{key:<24} = {value:<28} \x1b[2m# {origin}\x1b[0m"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
