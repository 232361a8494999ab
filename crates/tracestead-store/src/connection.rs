//! A connection that is made again when it is lost.

use std::time::Duration;

use crate::engine::Connector;
use crate::error::{DatabaseError, ErrorKind};
use crate::session::{Access, Session};

/// How often a transaction is tried that other writers get in the way of.
const MOST_TRIES: u32 = 8;

/// A connection for one purpose, made again when it is lost.
pub(crate) struct Connection {
    session: Option<Box<dyn Session>>,
    connector: Connector,
    access: Access,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(session: Box<dyn Session>, connector: Connector, access: Access) -> Self {
        Self { session: Some(session), connector, access }
    }

    /// Does `work`, again if other writers get in its way or if the connection had been lost before; `work` is told which
    /// try it is.
    pub(crate) fn run<T>(
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
                self.session.insert(self.connector.connect(self.access)?)
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

    /// Tidies up before it is closed.
    pub(crate) fn finish(&mut self) {
        if let Some(session) = &mut self.session {
            session.finish();
        }
    }
}
