//! Items half read: what both decoders fill in, field by field, in whichever order the fields come.

mod log;
mod span;

use std::fmt::Write as _;
use std::sync::Arc;

use tracestead_model::{InvalidId, Resource, Scope, TraceId, UnixNanos};

pub(crate) use log::{LogDraft, severity};
pub(crate) use span::{LinkDraft, SpanDraft, event_time};

use crate::fault::Fault;

/// Reasons quote a name up to this many characters.
const NAME_IN_REASON: usize = 64;

/// The fields of one item, a span or a log record, as far as they were read. A bad id is kept as an error until the end,
/// because the name that tells people which item it was often comes later.
pub(crate) trait Draft: Sized {
    /// What it becomes.
    type Item;

    /// Returns the item, or why it is none.
    fn finish(self, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Result<Self::Item, Rejection>;

    /// Returns the words with which the item is refused: which one it is as far as known, and why.
    fn reject(&self, fault: &Fault) -> Rejection;

    /// Returns where `item` keeps its resource.
    fn resource_of(item: &mut Self::Item) -> &mut Arc<Resource>;

    /// Returns where `item` keeps its scope.
    fn scope_of(item: &mut Self::Item) -> &mut Arc<Scope>;
}

/// The words with which an item is refused.
#[derive(Debug)]
pub(crate) struct Rejection(pub(crate) String);

impl Rejection {
    fn new(item: String, trace_id: Option<TraceId>, name: &str, fault: &Fault) -> Self {
        let mut reason = item;
        if let Some(id) = trace_id {
            let _ = write!(reason, " of trace {id}");
        }
        if !name.is_empty() {
            reason.push_str(", `");
            reason.extend(name.chars().take(NAME_IN_REASON));
            reason.push('`');
        }
        let _ = write!(reason, ": {fault}");
        Self(reason)
    }
}

/// Returns an id that need not be there: empty and all zeros both mean that there is none.
pub(crate) fn optional_id<T>(id: Result<T, InvalidId>) -> Result<Option<T>, InvalidId> {
    match id {
        Ok(id) => Ok(Some(id)),
        Err(InvalidId::Zero { .. } | InvalidId::Length { actual: 0, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn time(field: &'static str, nanos: u64) -> Result<UnixNanos, Fault> {
    UnixNanos::new(nanos).map_err(|error| Fault::Time { field, error })
}

/// Returns a time that need not be there: 0 means that there is none.
fn optional_time(field: &'static str, nanos: u64) -> Result<Option<UnixNanos>, Fault> {
    if nanos == 0 { Ok(None) } else { time(field, nanos).map(Some) }
}
