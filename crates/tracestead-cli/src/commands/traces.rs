//! `tracestead traces`.

use std::process::ExitCode;

use crate::arguments;

pub(crate) async fn run(_arguments: &arguments::Traces) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
