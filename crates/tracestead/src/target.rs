//! Where spans go first.

use std::sync::Arc;
use std::time::Duration;

use tracestead_model::{Span, UnixNanos};
use tracestead_store::{Batch, IngestError};

#[cfg(feature = "otlp")]
use crate::OtlpExporter;
use crate::{Db, DbError};

/// Where spans go first: a database, or a tracestead server that has one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// Into a database, from this process.
    Database(Db),
    /// To a server, over OTLP.
    #[cfg(feature = "otlp")]
    Server(OtlpExporter),
}

impl From<Db> for Target {
    fn from(db: Db) -> Self {
        Self::Database(db)
    }
}

#[cfg(feature = "otlp")]
impl From<OtlpExporter> for Target {
    fn from(server: OtlpExporter) -> Self {
        Self::Server(server)
    }
}

/// Spans as a target takes them, to be tried as often as need be.
pub(crate) enum Parcel {
    Rows(Arc<Batch>),
    #[cfg(feature = "otlp")]
    Bytes {
        body: Arc<[u8]>,
        spans: usize,
    },
}

/// What became of a parcel.
pub(crate) enum Sent {
    /// It is there, but for those that were refused: how many, and why the first was.
    Stored { refused: u64, reason: Option<String> },
    /// Not now.
    Later { error: String, pause: Option<Duration> },
    /// Never.
    Never { error: String },
}

impl Target {
    /// Returns where that is, without a password.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Database(db) => db.url().to_string(),
            #[cfg(feature = "otlp")]
            Self::Server(server) => server.endpoint().to_owned(),
        }
    }

    #[cfg_attr(not(feature = "otlp"), expect(clippy::unnecessary_wraps, reason = "a server has none"))]
    pub(crate) fn database(&self) -> Option<&Db> {
        match self {
            Self::Database(db) => Some(db),
            #[cfg(feature = "otlp")]
            Self::Server(_) => None,
        }
    }

    pub(crate) fn parcel(&self, spans: Vec<Span>, now: UnixNanos) -> Parcel {
        match self {
            Self::Database(db) => Parcel::Rows(Arc::new(Batch::prepare(spans, Vec::new(), now, db.prices()))),
            #[cfg(feature = "otlp")]
            Self::Server(_) => {
                Parcel::Bytes { body: tracestead_otlp::encode_traces(&spans).into(), spans: spans.len() }
            }
        }
    }

    /// Tries once. Blocks.
    pub(crate) fn send(&self, parcel: &Parcel) -> Sent {
        match (self, parcel) {
            (Self::Database(db), Parcel::Rows(batch)) => match db.ingest(batch) {
                Ok(stored) => Sent::Stored {
                    refused: stored.refused.len() as u64,
                    reason: stored.refused.into_iter().next(),
                },
                Err(DbError::Ingest(error @ IngestError::ReadOnly)) => {
                    Sent::Never { error: error.to_string() }
                }
                Err(error) => Sent::Later { error: error.to_string(), pause: None },
            },
            #[cfg(feature = "otlp")]
            (Self::Server(server), Parcel::Bytes { body, spans }) => server.send(body, *spans),
            #[cfg(feature = "otlp")]
            _ => Sent::Never { error: "the parcel was made for another target".to_owned() },
        }
    }
}
