//! The catalogue: keys, approvals, the audit log and saved views. It is small, and needs transactions.

use crate::error::{DatabaseError, ErrorKind};
use crate::readers::Readers;
use crate::session::{Access, Session};
use crate::store::off_thread;
use crate::{DatabaseUrl, MigrationStep, OpenError, OpenOptions, ReadError, schema};

/// A catalogue, in a SQLite, PostgreSQL or MySQL database; the tables of spans may be beside it.
#[derive(Debug)]
pub struct Catalog {
    readers: Readers,
    url: DatabaseUrl,
}

impl Catalog {
    /// Opens the catalogue and makes what is missing of its tables. Blocks until the database answers.
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        Self::migrate(options, &mut |_| {})?;
        let readers = Readers::new(options.connector()?, options.readers, None);
        Ok(Self { readers, url: options.url.clone() })
    }

    /// Makes what is missing, and tells of each statement before it is run.
    pub fn migrate(
        options: &OpenOptions,
        tell: &mut (dyn FnMut(MigrationStep<'_>) + Send),
    ) -> Result<(), OpenError> {
        off_thread(|| {
            check_engine(options)?;
            let mut session = options.reach(Access::Write)?;
            schema::migrate_catalog(session.as_mut(), options.now, tell)
                .map_err(|source| options.cannot_open(source))
        })
    }

    /// Returns the statements that [`Catalog::open`] would run, and changes nothing. Beside spans, some of its tables are
    /// made with theirs.
    pub fn plan(options: &OpenOptions, is_beside_spans: bool) -> Result<Vec<String>, OpenError> {
        off_thread(|| {
            check_engine(options)?;
            let mut session = options.look()?;
            schema::catalog_script(session.as_mut(), options.now, is_beside_spans)
                .map_err(|source| options.cannot_open(source))
        })
    }

    /// Says whether it can be read.
    pub async fn check(&self) -> Result<(), ReadError> {
        let read = |session: &mut dyn Session| {
            session.query("SELECT key_id FROM tracestead_keys LIMIT 1", &[]).map(|_| ())
        };
        self.readers.run(read).await
    }

    /// Returns where it is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

fn check_engine(options: &OpenOptions) -> Result<(), OpenError> {
    match options.url {
        DatabaseUrl::ClickHouse(_) => Err(options.cannot_open(DatabaseError::new(
            ErrorKind::Other,
            "ClickHouse has no transactions, which keys and approvals need; name a SQLite, PostgreSQL or MySQL database",
        ))),
        _ => Ok(()),
    }
}
