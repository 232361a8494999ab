//! Which databases are one, and who records into them.
//!
//! A program may name its database in several places. Whoever asks one of these is to see what was recorded into any of them,
//! so those who record are known to the process and not to a [`super::Db`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;

use tracestead_store::{DatabaseUrl, TableNames};

use crate::pipeline::Flush;

/// Tables, wherever they are and whoever logs in there.
#[derive(Debug, Clone)]
pub(super) struct Place {
    url: DatabaseUrl,
    tables: TableNames,
}

/// Who records where. In a process that was forked those of its parent have no thread, so they are told apart.
struct Feed {
    process: u32,
    place: Place,
    flush: Weak<dyn Flush>,
}

static FEEDS: Mutex<Vec<Feed>> = Mutex::new(Vec::new());

impl Place {
    pub(super) fn new(url: &DatabaseUrl, tables: &TableNames) -> Self {
        Self { url: url.clone(), tables: tables.clone() }
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        if self.tables != other.tables {
            return false;
        }
        match (&self.url, &other.url) {
            (DatabaseUrl::Sqlite(path), DatabaseUrl::Sqlite(other)) => {
                path == other || real_path(path) == real_path(other)
            }
            (DatabaseUrl::Postgres(server), DatabaseUrl::Postgres(other))
            | (DatabaseUrl::MySql(server), DatabaseUrl::MySql(other))
            | (DatabaseUrl::ClickHouse(server), DatabaseUrl::ClickHouse(other)) => {
                let of = |server: &tracestead_store::ServerUrl| {
                    (
                        server.host.clone(),
                        server.port,
                        server.socket.clone(),
                        server.database.clone(),
                        server.schema.clone(),
                    )
                };
                of(server) == of(other)
            }
            _ => false,
        }
    }

    /// Remembers who records here.
    pub(super) fn is_fed_by(&self, feed: &Arc<dyn Flush>) {
        if let Some(mut feeds) = feeds() {
            feeds.retain(|feed| feed.flush.strong_count() > 0);
            let flush = Arc::downgrade(feed);
            feeds.push(Feed { process: std::process::id(), place: self.clone(), flush });
        }
    }

    /// Stores what this process has recorded here, unless that fails anyway.
    pub(super) fn flush_before_reading(&self) {
        let process = std::process::id();
        let of_this_process: Vec<_> = feeds().map_or_else(Vec::new, |feeds| {
            let ours = feeds.iter().filter(|feed| feed.process == process);
            ours.filter_map(|feed| Some((feed.place.clone(), feed.flush.upgrade()?))).collect()
        });
        for (place, flush) in of_this_process {
            if place.is_same_as(self) {
                flush.flush_before_reading();
            }
        }
    }
}

/// Nobody holds this for longer than a moment, but for a thread that is not in this process any more because it was forked just
/// then. Without it a question is answered from what has been stored.
fn feeds() -> Option<MutexGuard<'static, Vec<Feed>>> {
    for _ in 0..100 {
        match FEEDS.try_lock() {
            Ok(feeds) => return Some(feeds),
            Err(TryLockError::Poisoned(poisoned)) => return Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(100)),
        }
    }
    None
}

/// Returns the path without links; of a file that is not there, that of its directory.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent().and_then(|parent| parent.canonicalize().ok()), path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}
