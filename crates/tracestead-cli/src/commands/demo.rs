//! `tracestead demo`.

use std::process::ExitCode;

use crate::arguments;

pub(crate) async fn run(_arguments: &arguments::Demo) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
