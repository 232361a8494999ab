//! The file that was opened, which may not be the one that has its name any more.
//!
//! A file that is deleted while it is open takes everything that is written, and nobody ever reads it. And whoever closes it last
//! deletes the write-ahead log that has its name, though that may be another file's by then.

use std::path::{Path, PathBuf};

/// A file as it was opened.
#[derive(Debug)]
pub(crate) struct Original {
    path: PathBuf,
    found: Option<(u64, u64)>,
}

impl Original {
    pub(crate) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), found: identity(path) }
    }

    /// Says whether the file that was opened is the one that has its name.
    pub(crate) fn is_there(&self) -> bool {
        self.found.is_none() || identity(&self.path) == self.found
    }
}

/// Returns what tells a file from others; `None` if it is not there, or if the system has no such thing.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Elsewhere a file that is open cannot be deleted.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<(u64, u64)> {
    None
}
