//! `tracestead spans`.

use std::process::ExitCode;

use crate::arguments;

pub(crate) async fn run(_arguments: &arguments::Spans) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
