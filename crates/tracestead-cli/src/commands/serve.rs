//! `tracestead serve`.

use tokio::signal::unix::{SignalKind, signal};
use tracestead_server::Server;
use tracing_subscriber::EnvFilter;

use crate::ExitCode;
use crate::arguments::Serve;
use crate::config::{Config, LogFormat};
use crate::printer;

pub(crate) async fn run(serve: &Serve) -> anyhow::Result<ExitCode> {
    let config = Config::load(serve)?;
    log(&config);
    // Taken before anything is promised, so that a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::start(&config.server).await?;
    for address in server.addresses() {
        printer::line(&format!("listening on {} ({})", address.url(), address.purpose()))?;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    printer::note("stopping: writing what was taken; a second signal ends at once");
    tokio::select! {
        () = server.stop() => Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => end_at_once(),
        _ = terminate.recv() => end_at_once(),
    }
}

/// Ends without waiting for what is being written; the runtime would. What was acknowledged is on disk.
fn end_at_once() -> ! {
    std::process::exit(1)
}

/// Begins to log to standard error. `RUST_LOG` may ask for more than the configuration does.
pub(crate) fn log(config: &Config) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(&config.log_level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber can only come from a test in this process; the first one stays.
    let _ = match config.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
