//! `tracestead openapi`.

use crate::ExitCode;
use crate::printer;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    printer::line(&tracestead_server::openapi_document())?;
    Ok(ExitCode::SUCCESS)
}
