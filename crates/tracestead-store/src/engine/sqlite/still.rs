//! A database that nobody writes to, read without a trace.
//!
//! SQLite makes files beside a database with a write-ahead log even to read it, and leaves them there if it may not write
//! the database. It does not if it is told that the file never changes. That is true as long as nobody else has it open, so
//! the file is looked at before and after each question; once it has changed it is read as any other, as the files
//! are there then.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{DatabaseError, ErrorKind};

/// A file as it was found.
#[derive(Debug)]
pub(super) struct Still {
    path: PathBuf,
    log: PathBuf,
    found: Option<(u64, SystemTime)>,
}

impl Still {
    /// Returns the file if it has a write-ahead log that is not in use: only then something would be left beside it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        // Bytes 18 and 19 of the header tell: <https://sqlite.org/fileformat2.html>.
        let mut header = [0; 20];
        std::io::Read::read_exact(&mut fs::File::open(path).ok()?, &mut header).ok()?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let still = Self { path: path.to_owned(), log: log.into(), found: look(path) };
        (header.ends_with(&[2, 2]) && still.is_still()).then_some(still)
    }

    /// Returns the name by which SQLite is told that the file never changes.
    pub(super) fn uri(&self) -> String {
        let mut uri = "file:".to_owned();
        for byte in self.path.as_os_str().as_encoded_bytes() {
            if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
                uri.push(char::from(*byte));
            } else {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri + "?immutable=1"
    }

    /// Fails once the file has changed, as a connection that is lost: the next one reads it as any other.
    pub(super) fn check(&self) -> Result<(), DatabaseError> {
        if self.is_still() {
            return Ok(());
        }
        Err(DatabaseError::new(ErrorKind::Connection, "another program began to write to the database"))
    }

    fn is_still(&self) -> bool {
        self.found.is_some() && !self.log.exists() && look(&self.path) == self.found
    }
}

fn look(path: &Path) -> Option<(u64, SystemTime)> {
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}
