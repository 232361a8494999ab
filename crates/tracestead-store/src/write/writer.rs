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
use tracestead_model::PriceBook;

use super::backfill;
use super::clickhouse::Summing;
use super::commit::{self, Context, Memory, Work};
use super::rebuild::{self, Rebuild, Rebuilt, Step};
use crate::engine::Connector;
use crate::error::{DatabaseError, ErrorKind};
use crate::schema::Tables;
use crate::session::{Access, Session};
use crate::{Batch, IngestError, Stored};

/// A group is closed at so many spans: a transaction must stay short, others write to the same tables.
const GROUP_SPANS: usize = 4096;

/// How often the writer looks for rows that Agno wrote.
const LOOK_AROUND: Duration = Duration::from_millis(300);

/// How often a transaction is tried that other writers get in the way of.
const MOST_TRIES: u32 = 8;

#[derive(Debug)]
pub(crate) struct Writer {
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
    pub(crate) fn start(
        session: Box<dyn Session>,
        connector: Connector,
        tables: Tables,
        prices: Arc<PriceBook>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let summing = Summing::start(&connector)?;
        let thread = std::thread::Builder::new().name("tracestead-writer".to_owned()).spawn(move || {
            let connection = Connection { session: Some(session), connector };
            Thread { connection, memory: Memory::default(), tables, prices }.run(&jobs);
            if let Some(summing) = summing {
                summing.finish();
            }
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) async fn ingest(&self, batch: Batch) -> Result<Stored, IngestError> {
        self.ask(|answer| Job::Ingest(Ingest { batch, answer })).await
    }

    /// Does one step of a rebuild, between commits.
    pub(crate) async fn rebuild(&self, what: Rebuild, after: Option<String>) -> Result<Rebuilt, IngestError> {
        self.ask(|answer| Job::Rebuild { step: Step { what, after }, answer }).await
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

/// The one connection that writes, made again when it is lost.
struct Connection {
    session: Option<Box<dyn Session>>,
    connector: Connector,
}

impl Connection {
    /// Does `work`, again if other writers get in its way or if the connection had been lost before; `work` is told which
    /// try it is.
    fn run<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Session, u32) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut reconnected = false;
        let mut tries = 0;
        loop {
            let session = if let Some(session) = &mut self.session {
                session
            } else {
                reconnected = true;
                self.session.insert(self.connector.connect(Access::Write)?)
            };
            match work(session.as_mut(), tries) {
                Err(error) if error.kind == ErrorKind::Connection => {
                    self.session = None;
                    // It may have been lost long ago, which shows only now.
                    if reconnected {
                        return Err(error);
                    }
                }
                Err(error) if error.kind == ErrorKind::Conflict && tries < MOST_TRIES => {
                    tries += 1;
                    metrics::counter!("tracestead_commit_retries_total").increment(1);
                    std::thread::sleep(Duration::from_millis(u64::from(tries * tries) * 5));
                }
                result => return result,
            }
        }
    }
}

struct Thread {
    connection: Connection,
    memory: Memory,
    tables: Tables,
    prices: Arc<PriceBook>,
}

impl Thread {
    fn run(mut self, jobs: &Receiver<Job>) {
        let mut more_to_read = true;
        let mut looked_at = Instant::now();
        let mut left_over = None;
        loop {
            let patience = if more_to_read { Duration::ZERO } else { LOOK_AROUND };
            let next = left_over.take().map_or_else(|| jobs.recv_timeout(patience), Ok);
            match next {
                Ok(Job::Ingest(first)) => {
                    let group = gather(first, jobs, &mut left_over);
                    self.write(group);
                    // Exports without a pause must not keep Agno's rows waiting.
                    if looked_at.elapsed() > LOOK_AROUND {
                        more_to_read = self.read_foreign_rows();
                        looked_at = Instant::now();
                    }
                }
                Ok(Job::Rebuild { step, answer }) => {
                    let rebuilt = self.rebuild(&step);
                    let _ = answer.send(rebuilt.map_err(|error| IngestError::Database(error.to_string())));
                }
                Err(RecvTimeoutError::Timeout) => {
                    more_to_read = self.read_foreign_rows();
                    looked_at = Instant::now();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some(session) = &mut self.connection.session {
            session.finish();
        }
    }

    fn write(&mut self, group: Vec<Ingest>) {
        let began = Instant::now();
        let spans: usize = group.iter().map(|job| job.batch.len()).sum();
        let (batches, answers): (Vec<Batch>, Vec<_>) =
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

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Stored>, DatabaseError> {
        let received: Vec<String> = batches.iter().map(|batch| batch.received_at.to_agno()).collect();
        let mut outcomes = vec![Stored::default(); batches.len()];
        let mut waiting = vec![Work::of(batches, &received)];
        // One span that the database will not take must not keep the others out: they are tried in ever smaller parts.
        while let Some(work) = waiting.pop() {
            let context = Context { prices: &self.prices, tables: &self.tables };
            let memory = &mut self.memory;
            let committed = self.connection.run(|session, tries| {
                commit::commit(session, &work, &mut outcomes, memory, context, tries > 0)
            });
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

    /// Returns whether there may be more.
    fn read_foreign_rows(&mut self) -> bool {
        let context = Context { prices: &self.prices, tables: &self.tables };
        let memory = &mut self.memory;
        match self.connection.run(|session, _| backfill::step(session, memory, context)) {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "rows written by Agno could not be read; trying again");
                false
            }
        }
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
