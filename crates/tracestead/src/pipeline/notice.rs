//! What a user should hear of, once.

use std::fmt;
use std::sync::Arc;

/// Something that somebody should know. Its text is a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The database, or the server, does not take spans; they are tried again. Said once until it is mended.
    Failing {
        /// Where spans go.
        target: String,
        /// What it says.
        error: String,
    },
    /// It takes spans again.
    Recovered {
        /// Where spans go.
        target: String,
        /// How many spans were dropped since it failed.
        dropped: u64,
    },
    /// Spans were dropped because too many waited. Said once a minute at most.
    Dropped {
        /// How many since it was last said.
        spans: u64,
    },
    /// Spans are not stored, and trying again would not help.
    Refused {
        /// How many.
        spans: u64,
        /// Why the first was not.
        reason: String,
    },
    /// Copies cannot be sent to an endpoint. Said once until they can.
    CopyFailing {
        /// Where they go.
        endpoint: String,
        /// What went wrong.
        error: String,
    },
}

impl Notice {
    /// Says whether something is wrong, and not only mended.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Recovered { .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing { target, error } => {
                write!(f, "spans cannot be stored in {target} and wait to be tried again: {error}")
            }
            Self::Recovered { target, dropped: 0 } => {
                write!(f, "spans are stored in {target} again, none was lost")
            }
            Self::Recovered { target, dropped } => {
                write!(f, "spans are stored in {target} again, {dropped} were dropped meanwhile")
            }
            Self::Dropped { spans } => {
                write!(
                    f,
                    "{spans} spans were dropped: they ended faster than they are stored; see max_queue_size"
                )
            }
            Self::Refused { spans, reason } => write!(f, "{spans} spans were not stored: {reason}"),
            Self::CopyFailing { endpoint, error } => {
                write!(f, "copies of spans cannot be sent to {endpoint} and wait to be tried again: {error}")
            }
        }
    }
}

/// Who is told.
#[derive(Clone)]
pub struct Report(Arc<dyn Fn(&Notice) + Send + Sync>);

impl Report {
    /// Makes one of a function. It is called on tracestead's threads, rarely.
    pub fn new(tell: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(crate) fn tell(&self, notice: &Notice) {
        // Whoever is told may fail; what is told is none of the pipeline's business.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (self.0)(notice)));
    }
}

impl Default for Report {
    /// Tells the subscriber of `tracing`, if there is one.
    fn default() -> Self {
        Self::new(|notice| {
            if notice.is_warning() {
                tracing::warn!("{notice}");
            } else {
                tracing::info!("{notice}");
            }
        })
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}
