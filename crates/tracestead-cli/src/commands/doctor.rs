//! `tracestead doctor`.

use std::process::ExitCode;

use crate::arguments;

pub(crate) async fn run(_arguments: &arguments::Doctor) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being written")
}
