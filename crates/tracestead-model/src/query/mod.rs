//! What people ask: filters over traces, pages, and the rows that answer.
//!
//! A question is a [`TraceQuery`]. Agno's filter expressions (`{"op": "EQ", "key": "user_id", "value": "bob"}`) are read
//! by [`Filter::from_json`]; the simple parameters of a list become the same [`Filter`]. A store turns it into SQL;
//! [`Filter::matches`] is what that SQL has to mean.

mod evaluate;
mod filter;
mod record;

pub use evaluate::microsecond;
pub use filter::{Comparison, Field, FieldKind, Filter, FilterValue, InvalidFilter, MAX_FILTER_DEPTH};
pub use record::{SessionStats, SpanRecord, TraceRecord, duration_ms};

/// A question for traces, newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceQuery {
    /// Which traces; all if `None`.
    pub filter: Option<Filter>,
    /// How many at most.
    pub limit: u32,
    /// Where to begin.
    pub from: PageStart,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PageStart {
    /// With the newest.
    #[default]
    Newest,
    /// After so many, as Agno's routes page.
    Offset(u64),
    /// After this trace: a page that does not drift while new traces come in.
    After {
        /// The start time of the last trace seen.
        start_time_ns: i64,
        /// Its id.
        trace_id: String,
    },
}
