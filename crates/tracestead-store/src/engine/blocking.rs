//! Drivers that do not block, for a session that does.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::error::{DatabaseError, ErrorKind};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a statement may take before its connection is given up: a server that is gone without a word never answers.
const ANSWER: Duration = Duration::from_mins(3);

/// A runtime of one session's own. It runs only while the session waits.
#[derive(Debug)]
pub(super) struct Blocking(Option<Runtime>);

impl Blocking {
    pub(super) fn new() -> Result<Self, DatabaseError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            DatabaseError::new(ErrorKind::Other, format!("cannot start a runtime: {error}"))
        })?;
        Ok(Self(Some(runtime)))
    }

    /// Waits for an answer, but not for ever.
    pub(super) fn wait<T, E>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
        read: fn(&E) -> DatabaseError,
    ) -> Result<T, DatabaseError> {
        self.within(ANSWER, answer, read)
    }

    /// Waits for a connection.
    pub(super) fn connect<T, E>(
        &self,
        connection: impl Future<Output = Result<T, E>>,
        read: fn(&E) -> DatabaseError,
    ) -> Result<T, DatabaseError> {
        self.within(CONNECT, connection, read)
    }

    /// Waits as long as it takes.
    pub(super) fn wait_long<T, E>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
        read: fn(&E) -> DatabaseError,
    ) -> Result<T, DatabaseError> {
        self.within(Duration::MAX, answer, read)
    }

    fn within<T, E>(
        &self,
        patience: Duration,
        answer: impl Future<Output = Result<T, E>>,
        read: fn(&E) -> DatabaseError,
    ) -> Result<T, DatabaseError> {
        let Some(runtime) = &self.0 else {
            return Err(DatabaseError::new(ErrorKind::Connection, "the connection is closed"));
        };
        let Ok(answer) = runtime.block_on(async { tokio::time::timeout(patience, answer).await }) else {
            let says = format!("no answer within {} s", patience.as_secs());
            return Err(DatabaseError::new(ErrorKind::Connection, says));
        };
        answer.map_err(|error| read(&error))
    }
}

impl Drop for Blocking {
    /// A session may be dropped where waiting is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
