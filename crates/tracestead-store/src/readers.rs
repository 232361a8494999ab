//! Reading connections: opened when needed, kept, never more than a few.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::ReadError;
use crate::engine::Connector;
use crate::error::{DatabaseError, ErrorKind};
use crate::read::Attached;
use crate::session::{Access, Session, transaction};

/// How often a question is asked that another's changes get in the way of.
const MOST_TRIES: u32 = 5;

/// Connections that are not in use.
type Idle = Arc<Mutex<Vec<Box<dyn Session>>>>;

pub(crate) struct Readers {
    connector: Connector,
    idle: Idle,
    permits: Arc<Semaphore>,
    /// Of a database that is only to be read.
    attached: Option<Arc<Attached>>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("permits", &self.permits).finish_non_exhaustive()
    }
}

impl Readers {
    pub(crate) fn new(connector: Connector, most: usize, attached: Option<Attached>) -> Self {
        let permits = Arc::new(Semaphore::new(most.max(1)));
        Self { connector, idle: Arc::default(), permits, attached: attached.map(Arc::new) }
    }

    /// Runs `read` on a reading connection, off the async threads, within one transaction: all its statements see the
    /// same state.
    pub(crate) async fn run<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Session) -> Result<T, DatabaseError> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| ReadError::Closed)?;
        let connector = self.connector.clone();
        let idle = Arc::clone(&self.idle);
        let attached = self.attached.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut tries = 0;
            loop {
                let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let is_kept = kept.is_some();
                let mut session = match kept {
                    Some(session) => session,
                    None => connector.connect(Access::Read)?,
                };
                let answer = transaction(session.as_mut(), Access::Read, |session| match &attached {
                    Some(attached) => attached.read(session, &read),
                    None => read(session),
                });
                match answer {
                    // It may have been lost while nobody used it.
                    Err(error) if error.kind == ErrorKind::Connection && is_kept => {}
                    // A table was changed under it: another server migrates.
                    Err(error) if error.kind == ErrorKind::Conflict && tries < MOST_TRIES => tries += 1,
                    Err(error) => return Err(error),
                    Ok(answer) => {
                        idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
                        return Ok(answer);
                    }
                }
            }
        });
        Ok(task.await.map_err(|_| ReadError::Closed)??)
    }
}
