//! `tracestead demo`: a server with made-up agent runs to look at.
//!
//! The runs go through the same door as real ones: encoded as OTLP and posted to the server. What they say is in
//! [`scenario`], who says it in [`cast`], how it is said in [`agno`].

mod agno;
mod cast;
mod random;
mod recorder;
mod scenario;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracestead_model::{Span, UnixNanos};
use tracestead_otlp::encode_traces;
use tracestead_server::{Server, Settings, StartError};
use tracestead_store::DatabaseUrl;

use super::now;
use crate::ExitCode;
use crate::arguments::Demo;
use crate::config::database_url;
use crate::printer::{self, Style};
use random::Random;
use scenario::Company;

/// How many runs there are at first, and over how long.
const FIRST_RUNS: usize = 62;
const FIRST_MINUTES: i64 = 30;

/// How long until the next run, in milliseconds.
const PAUSE_MS: (i64, i64) = (2_000, 6_000);

pub(crate) async fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (database, folder) = if let Some(url) = &arguments.db {
        (database_url(url, "--db")?, None)
    } else {
        // Removed with everything in it when this function ends.
        let folder = tempfile::Builder::new().prefix("tracestead-demo-").tempdir()?;
        (DatabaseUrl::Sqlite(folder.path().join("demo.db")), Some(folder))
    };
    let server = start(arguments, &database).await?;
    let address = server.addresses()[0];
    let sender = Sender::new(address.socket)?;
    let mut company = Company::new(arguments.seed, now());
    let work = async {
        let (traces, spans) = send_first(&sender, &mut company, arguments.seed).await?;
        if arguments.once {
            printer::line(&format!("wrote {traces} traces with {spans} spans to {database}"))?;
            printer::note(&Style::Dim.paint(&format!("`tracestead traces --db {database}` lists them")));
            return Ok(());
        }
        greet(&address.url(), &database, folder.is_some(), traces)?;
        go_on(&sender, &mut company, arguments.seed).await
    };
    let ended = tokio::select! {
        ended = work => ended,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    drop(sender);
    tokio::select! {
        () = server.stop() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if let Some(folder) = folder {
        folder.close().context("cannot remove the temporary database")?;
        printer::note("stopped; the temporary database is removed");
    }
    ended.map(|()| ExitCode::SUCCESS)
}

async fn start(arguments: &Demo, database: &DatabaseUrl) -> anyhow::Result<Server> {
    let mut settings = Settings::new(database.clone());
    // Beside the page nothing is needed, and a tracestead that runs already may have the other ports.
    settings.otlp_http = None;
    settings.otlp_grpc = None;
    settings.listen = if arguments.once { SocketAddr::from(([127, 0, 0, 1], 0)) } else { arguments.listen };
    match Server::start(&settings).await {
        Ok(server) => Ok(server),
        Err(StartError::Bind { socket, source, .. }) if source.kind() == std::io::ErrorKind::AddrInUse => {
            anyhow::bail!(
                "another program listens on {socket}\n  hint: `--listen 127.0.0.1:0` takes a free port"
            )
        }
        Err(StartError::OpenWithoutAuthentication(socket)) => anyhow::bail!(
            "the demo listens on this machine only, not on {socket}\n  hint: with `--db FILE --once` it fills a database \
             for `tracestead serve`, which can listen elsewhere"
        ),
        Err(error) => Err(error.into()),
    }
}

fn greet(url: &str, database: &DatabaseUrl, is_temporary: bool, traces: usize) -> std::io::Result<()> {
    let after =
        if is_temporary { "stops it and removes the database" } else { "stops it; the database stays" };
    printer::line(&format!(
        "{traces} agent runs of the last {FIRST_MINUTES} minutes, and a new one every few seconds:"
    ))?;
    printer::line("")?;
    printer::line(&format!("  page      {}", Style::Bold.paint(url)))?;
    printer::line(&format!("  terminal  tracestead traces --db {database}"))?;
    printer::line("")?;
    printer::line(&format!("Ctrl-C {after}"))
}

/// Sends what happened until now, and returns how many traces and spans that were.
async fn send_first(sender: &Sender, company: &mut Company, seed: u64) -> anyhow::Result<(usize, usize)> {
    let mut random = Random::new(!seed);
    let now_ns = now().as_i64();
    let second = 1_000_000_000;
    let oldest = now_ns - FIRST_MINUTES * 60 * second;
    // The newest is just over, so that the list begins at now.
    let mut ends: Vec<i64> = (1..FIRST_RUNS).map(|_| random.between(oldest, now_ns - second)).collect();
    ends.push(now_ns - second / 2);
    ends.sort_unstable();
    let runs: Vec<Vec<Span>> =
        ends.into_iter().map(|end| company.next_run(UnixNanos::from_i64(end))).collect();
    let spans = runs.concat();
    sender.send(&spans).await?;
    Ok((runs.len(), spans.len()))
}

async fn go_on(sender: &Sender, company: &mut Company, seed: u64) -> anyhow::Result<()> {
    let mut random = Random::new(seed.rotate_left(32));
    loop {
        let pause = random.between(PAUSE_MS.0, PAUSE_MS.1).unsigned_abs();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        sender.send(&company.next_run(now())).await?;
    }
}

/// Posts spans as an SDK would.
struct Sender {
    client: reqwest::Client,
    url: String,
}

impl Sender {
    fn new(mut server: SocketAddr) -> anyhow::Result<Self> {
        if server.ip().is_unspecified() {
            server.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        // The server is this process; a proxy for the outside world has no part in it.
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { client, url: format!("http://{server}/v1/traces") })
    }

    async fn send(&self, spans: &[Span]) -> anyhow::Result<()> {
        let request = self.client.post(&self.url).header("content-type", "application/x-protobuf");
        let answer = request.body(encode_traces(spans)).send().await?;
        let status = answer.status();
        anyhow::ensure!(status.is_success(), "the server refused the spans of the demo: {status}");
        Ok(())
    }
}
