//! The writer: one thread that commits what waits, in groups.
//!
//! While one commit waits for the disk, the next batches gather; the thread takes all of them (within bounds) into its
//! next transaction and answers their senders after the commit. So the cost of reaching the disk is shared by as many
//! requests as are waiting, without any delay when only one is.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracestead_model::{PriceBook, UnixNanos};

use super::backfill::{self, Filled, Memory};
use super::clickhouse::Summing;
use super::commit::{self, Context, Work};
use super::progress::{self, Progress};
use super::rebuild::{self, Rebuild, Rebuilt, Step};
use super::retention::{self, Background, Prune, PrunePosition, Pruned};
use crate::connection::Connection;
use crate::engine::Connector;
use crate::error::{DatabaseError, ErrorKind};
use crate::schema::Tables;
use crate::session::{Access, Session};
use crate::{Batch, IngestError, Stored};

/// How often the writer looks for rows that Agno wrote.
const LOOK_AROUND: Duration = Duration::from_millis(300);

/// How often the rows that are to be filled are counted while there are many.
const COUNT_AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    progress: Arc<Progress>,
}

#[derive(Debug)]
enum Job {
    Ingest(Ingest),
    Rebuild { step: Step, answer: oneshot::Sender<Result<Rebuilt, IngestError>> },
    Prune { step: retention::Step, answer: oneshot::Sender<Result<Pruned, IngestError>> },
}

#[derive(Debug)]
struct Ingest {
    batch: Arc<Batch>,
    answer: oneshot::Sender<Result<Stored, IngestError>>,
}

impl Writer {
    pub(crate) fn start(
        session: Box<dyn Session>,
        connector: Connector,
        tables: Tables,
        prices: Arc<PriceBook>,
        background: Option<Background>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let progress = Arc::new(Progress::default());
        let noted = Arc::clone(&progress);
        let summing = Summing::start(&connector)?;
        let thread = std::thread::Builder::new().name("tracestead-writer".to_owned()).spawn(move || {
            let most_spans = session.dialect().most_spans();
            let connection = Connection::new(session, connector, Access::Write);
            let memory = Memory::default();
            let progress = noted;
            Thread { connection, most_spans, memory, tables, prices, progress, counted_at: None, background }
                .run(&jobs);
            // What is left to be summed is summed.
            drop(summing);
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), progress })
    }

    pub(crate) async fn ingest(&self, batch: Arc<Batch>) -> Result<Stored, IngestError> {
        self.ask(|answer| Job::Ingest(Ingest { batch, answer })).await
    }

    /// Does one step of a rebuild, between commits.
    pub(crate) async fn rebuild(&self, what: Rebuild, after: Option<String>) -> Result<Rebuilt, IngestError> {
        self.ask(|answer| Job::Rebuild { step: Step { what, after }, answer }).await
    }

    /// Does one step of a prune, between commits.
    pub(crate) async fn prune(
        &self,
        what: Prune,
        now: UnixNanos,
        position: Option<PrunePosition>,
    ) -> Result<Pruned, IngestError> {
        let step = retention::Step { what, now, position };
        self.ask(|answer| Job::Prune { step, answer }).await
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

    /// Returns how far the back-fill is.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Says whether the thread still runs.
    pub(crate) fn is_alive(&self) -> bool {
        self.thread.lock().is_ok_and(|thread| thread.as_ref().is_some_and(|thread| !thread.is_finished()))
    }

    pub(crate) async fn close(&self) {
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

struct Thread {
    connection: Connection,
    /// So many go into one commit, if so many wait.
    most_spans: usize,
    memory: Memory,
    tables: Tables,
    prices: Arc<PriceBook>,
    progress: Arc<Progress>,
    /// When the rows to be filled were last counted.
    counted_at: Option<Instant>,
    /// What is to be deleted in time.
    background: Option<Background>,
}

impl Thread {
    fn run(mut self, jobs: &Receiver<Job>) {
        // How long until rows that Agno wrote are looked for.
        let mut rest = Duration::ZERO;
        let mut looked_at = Instant::now();
        let mut left_over = None;
        loop {
            // Rules are about what was read of a trace, so reading comes first.
            let patience = if rest < LOOK_AROUND { rest } else { rest.min(self.rest()) };
            let next = left_over.take().map_or_else(|| jobs.recv_timeout(patience), Ok);
            let mut is_idle = false;
            match next {
                Ok(Job::Ingest(first)) => {
                    let group = gather(first, self.most_spans, jobs, &mut left_over);
                    self.write(group);
                }
                Ok(Job::Rebuild { step, answer }) => {
                    let rebuilt = self.rebuild(&step);
                    let _ = answer.send(rebuilt.map_err(|error| IngestError::Database(error.to_string())));
                }
                Ok(Job::Prune { step, answer }) => {
                    let pruned = self.prune(&step);
                    let _ = answer.send(pruned.map_err(|error| IngestError::Database(error.to_string())));
                }
                Err(RecvTimeoutError::Timeout) => is_idle = true,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Exports without a pause must not keep Agno's rows waiting, nor those that are to be deleted.
            if (is_idle && looked_at.elapsed() >= rest) || looked_at.elapsed() >= LOOK_AROUND {
                rest = self.read_foreign_rows();
                looked_at = Instant::now();
            }
            if rest >= LOOK_AROUND && self.rest().is_zero() {
                self.prune_in_background();
            }
        }
        self.connection.finish();
    }

    fn write(&mut self, group: Vec<Ingest>) {
        let began = Instant::now();
        let spans: usize = group.iter().map(|job| job.batch.len()).sum();
        let (batches, answers): (Vec<Arc<Batch>>, Vec<_>) =
            group.into_iter().map(|job| (job.batch, job.answer)).unzip();
        let committed = self.commit(&batches);
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

    fn commit(&mut self, batches: &[Arc<Batch>]) -> Result<Vec<Stored>, DatabaseError> {
        let received: Vec<String> = batches.iter().map(|batch| batch.received_at.to_agno()).collect();
        let mut outcomes = vec![Stored::default(); batches.len()];
        let mut waiting = vec![Work::of(batches, &received)];
        // One span that the database will not take must not keep the others out: they are tried in ever smaller parts.
        while let Some(work) = waiting.pop() {
            let context = Context { prices: &self.prices, tables: &self.tables };
            let committed = self
                .connection
                .run(|session, tries| commit::commit(session, &work, &mut outcomes, context, tries > 0));
            match committed {
                Err(error) if error.kind == ErrorKind::Rows => match work.split() {
                    Ok((first, second)) => waiting.extend([second, first]),
                    Err(Some((at, span))) => {
                        outcomes[at].refused.push(format!("span {}: {error}", span.span_id));
                    }
                    Err(None) => return Err(error),
                },
                committed => committed?,
            }
        }
        Ok(outcomes)
    }

    fn rebuild(&mut self, step: &Step) -> Result<Rebuilt, DatabaseError> {
        let context = Context { prices: &self.prices, tables: &self.tables };
        self.connection.run(|session, _| rebuild::step(session, step, context))
    }

    fn prune(&mut self, step: &retention::Step) -> Result<Pruned, DatabaseError> {
        let context = Context { prices: &self.prices, tables: &self.tables };
        let pruned = self.connection.run(|session, _| retention::step(session, step, context))?;
        metrics::counter!("tracestead_pruned_traces_total").increment(pruned.traces);
        metrics::counter!("tracestead_pruned_spans_total").increment(pruned.spans);
        Ok(pruned)
    }

    /// Returns how long nothing is to be deleted.
    fn rest(&self) -> Duration {
        self.background.as_ref().map_or(Duration::MAX, Background::rest)
    }

    fn prune_in_background(&mut self) {
        let Some(step) = self.background.as_ref().map(Background::next) else { return };
        let began = Instant::now();
        let pruned = self.prune(&step);
        let Some(background) = &mut self.background else { return };
        match pruned {
            Ok(pruned) => background.done(pruned, began.elapsed()),
            Err(error) => {
                tracing::warn!(%error, "old traces could not be deleted; trying again");
                background.failed();
            }
        }
    }

    /// Fills some rows and returns how long to rest: as long as it took, as others want the database too.
    fn read_foreign_rows(&mut self) -> Duration {
        let context = Context { prices: &self.prices, tables: &self.tables };
        let memory = &mut self.memory;
        let began = Instant::now();
        match self.connection.run(|session, _| backfill::step(session, memory, context)) {
            Ok(filled) => {
                let took = began.elapsed();
                self.note(filled);
                if filled.has_more { took.min(LOOK_AROUND) } else { LOOK_AROUND }
            }
            Err(error) => {
                tracing::warn!(%error, "rows written by Agno could not be read; trying again");
                LOOK_AROUND
            }
        }
    }

    fn note(&mut self, filled: Filled) {
        self.progress.note_done(filled.spans);
        if !filled.has_more {
            self.progress.note_pending(0);
            self.counted_at = None;
        } else if self.counted_at.is_none_or(|counted_at| counted_at.elapsed() > COUNT_AGAIN) {
            // It is for people to see; what fails here fails again where it matters.
            if let Ok(pending) = self.connection.run(|session, _| progress::pending(session)) {
                self.progress.note_pending(pending);
            }
            self.counted_at = Some(Instant::now());
        }
    }
}

/// Takes what waits; a job of another kind ends the group and is left over.
fn gather(
    first: Ingest,
    most_spans: usize,
    jobs: &Receiver<Job>,
    left_over: &mut Option<Job>,
) -> Vec<Ingest> {
    let mut spans = first.batch.len();
    let mut group = vec![first];
    while spans < most_spans {
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
