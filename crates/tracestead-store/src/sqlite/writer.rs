//! The writer: one thread that commits what waits, in groups.
//!
//! While one commit waits for the disk, the next batches gather; the thread takes all of them (within bounds) into its
//! next transaction and answers their senders after the commit. So the cost of reaching the disk is shared by as many
//! requests as are waiting, without any delay when only one is.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;
use tracestead_model::PriceBook;

use super::commit::{self, Progress};
use super::rebuild::{self, Rebuilt, Step};
use super::{Stored, backfill};
use crate::{Batch, IngestError};

/// A group is closed at so many spans: a transaction must stay short, others write to the same file.
const GROUP_SPANS: usize = 4096;

/// How often the writer looks for rows that Agno wrote.
const LOOK_AROUND: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
enum Job {
    Ingest(Ingest),
    Rebuild { step: Step, answer: oneshot::Sender<Result<Rebuilt, IngestError>> },
}

#[derive(Debug)]
struct Ingest {
    batch: Batch,
    answer: oneshot::Sender<Result<Stored, IngestError>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, prices: Arc<PriceBook>) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let thread = std::thread::Builder::new()
            .name("tracestead-writer".to_owned())
            .spawn(move || write_until_closed(connection, &jobs, &prices))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) async fn ingest(&self, batch: Batch) -> Result<Stored, IngestError> {
        self.ask(|answer| Job::Ingest(Ingest { batch, answer })).await
    }

    /// Does one step of a rebuild, between commits.
    pub(super) async fn rebuild(&self, step: Step) -> Result<Rebuilt, IngestError> {
        self.ask(|answer| Job::Rebuild { step, answer }).await
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, IngestError>>) -> Job,
    ) -> Result<T, IngestError> {
        let (answer, answered) = oneshot::channel();
        let queued = match self.queue.lock() {
            Ok(queue) => queue.as_ref().is_some_and(|queue| queue.send(job(answer)).is_ok()),
            Err(_) => false,
        };
        if !queued {
            return Err(IngestError::Closed);
        }
        answered.await.unwrap_or(Err(IngestError::Closed))
    }

    /// Says whether the thread still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.thread.lock().is_ok_and(|thread| thread.as_ref().is_some_and(|thread| !thread.is_finished()))
    }

    pub(super) async fn close(&self) {
        let queue = self.queue.lock().ok().and_then(|mut queue| queue.take());
        drop(queue);
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            // The thread ends once it has written what waits.
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the writer thread panicked");
            }
        }
    }
}

fn write_until_closed(mut connection: Connection, jobs: &Receiver<Job>, prices: &PriceBook) {
    let mut progress = Progress::default();
    let mut more_to_read = true;
    let mut looked_at = Instant::now();
    let mut left_over = None;
    loop {
        let patience = if more_to_read { Duration::ZERO } else { LOOK_AROUND };
        let next = left_over.take().map_or_else(|| jobs.recv_timeout(patience), Ok);
        match next {
            Ok(Job::Ingest(first)) => {
                let group = gather(first, jobs, &mut left_over);
                write(&mut connection, group, &mut progress, prices);
                // Exports without a pause must not keep Agno's rows waiting.
                if looked_at.elapsed() > LOOK_AROUND {
                    more_to_read = read_foreign_rows(&mut connection, &mut progress, prices);
                    looked_at = Instant::now();
                }
            }
            Ok(Job::Rebuild { step, answer }) => {
                let rebuilt = rebuild::step(&mut connection, &step, prices);
                let _ = answer.send(rebuilt.map_err(|error| IngestError::Database(error.to_string())));
            }
            Err(RecvTimeoutError::Timeout) => {
                more_to_read = read_foreign_rows(&mut connection, &mut progress, prices);
                looked_at = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // Leaves one file behind instead of three.
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::debug!(%error, "the last checkpoint was left to the next start");
    }
}

/// Takes what waits; a job of another kind ends the group and is left over.
fn gather(first: Ingest, jobs: &Receiver<Job>, left_over: &mut Option<Job>) -> Vec<Ingest> {
    let mut spans = first.batch.len();
    let mut group = vec![first];
    while spans < GROUP_SPANS {
        match jobs.try_recv() {
            Ok(Job::Ingest(job)) => {
                spans += job.batch.len();
                group.push(job);
            }
            Ok(other) => {
                *left_over = Some(other);
                break;
            }
            Err(_) => break,
        }
    }
    group
}

fn write(connection: &mut Connection, group: Vec<Ingest>, progress: &mut Progress, prices: &PriceBook) {
    let began = Instant::now();
    let spans: usize = group.iter().map(|job| job.batch.len()).sum();
    let (batches, answers): (Vec<Batch>, Vec<_>) =
        group.into_iter().map(|job| (job.batch, job.answer)).unzip();
    let committed = commit::commit(connection, &batches, progress, prices);
    // Before the answers: a sender that is told to go on must find its place in the budget free again.
    drop(batches);
    match committed {
        Ok(outcomes) => {
            metrics::histogram!("tracestead_commit_seconds").record(began.elapsed().as_secs_f64());
            metrics::histogram!("tracestead_commit_spans")
                .record(f64::from(u32::try_from(spans).unwrap_or(u32::MAX)));
            for (answer, stored) in answers.into_iter().zip(outcomes) {
                // A sender that no longer waits will send again, which changes nothing.
                let _ = answer.send(Ok(stored));
            }
        }
        Err(error) => {
            metrics::counter!("tracestead_commit_failures_total").increment(1);
            tracing::error!(%error, spans, "commit failed; senders are told to send again");
            for answer in answers {
                let _ = answer.send(Err(IngestError::Database(error.to_string())));
            }
        }
    }
}

/// Returns whether there may be more.
fn read_foreign_rows(connection: &mut Connection, progress: &mut Progress, prices: &PriceBook) -> bool {
    match backfill::step(connection, progress, prices) {
        Ok(more) => more,
        Err(error) => {
            tracing::warn!(%error, "rows written by Agno could not be read; trying again");
            false
        }
    }
}
