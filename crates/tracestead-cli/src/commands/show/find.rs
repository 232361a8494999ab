//! Finds a trace by the beginning of its id.

use tracestead_model::query::{Field, Filter, TraceQuery, TraceRecord};
use tracestead_store::SpanStore;

/// How many digits at least tell traces apart.
const MIN_DIGITS: usize = 4;

/// How many candidates are named.
const MAX_CANDIDATES: u32 = 10;

/// What there is under an id or its beginning.
#[derive(Debug)]
pub(crate) enum Found {
    /// This one.
    One(Box<TraceRecord>),
    /// None.
    Nothing,
    /// Several that begin so.
    Several(Vec<TraceRecord>),
    /// Too few digits to look for, or something that is no beginning of an id.
    NoPrefix,
}

impl Found {
    /// Returns the trace, or what to tell the user and the exit code.
    pub(crate) fn one(self, asked: &str) -> Result<TraceRecord, (String, u8)> {
        match self {
            Self::One(trace) => Ok(*trace),
            Self::Nothing => Err((
                format!(
                    "there is no trace whose id begins with `{asked}`\n  hint: `tracestead traces` lists what there is; \
                     a run may take some seconds to arrive"
                ),
                crate::commands::NOT_FOUND,
            )),
            Self::NoPrefix => Err((
                format!(
                    "`{asked}` is no trace id\n  hint: give at least {MIN_DIGITS} hexadecimal digits of its beginning"
                ),
                2,
            )),
            Self::Several(traces) => {
                let mut lines =
                    vec![format!("several traces begin with `{asked}`; give more digits of one of them:")];
                lines.extend(traces.iter().map(|trace| {
                    let name = super::cut(&super::one_line(&trace.name), 40);
                    format!("  {}  {} UTC  {name}", trace.trace_id, super::clock_time(trace.start_time_ns))
                }));
                if traces.len() >= MAX_CANDIDATES as usize {
                    lines.push("  … and perhaps more".to_owned());
                }
                Err((lines.join("\n"), 1))
            }
        }
    }
}

/// Looks for the trace with this id, else for those whose ids begin so.
pub(crate) async fn find_trace(store: &SpanStore, asked: &str) -> anyhow::Result<Found> {
    // Another program may have written ids that are not hexadecimal; whole, they are found too.
    if let Some(trace) = store.trace(asked).await? {
        return Ok(Found::One(Box::new(trace)));
    }
    if asked.len() < MIN_DIGITS || !asked.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(Found::NoPrefix);
    }
    let filter = Some(Filter::StartsWith(Field::TraceId, asked.to_ascii_lowercase()));
    let mut traces =
        store.traces(TraceQuery { filter, limit: MAX_CANDIDATES, ..TraceQuery::default() }).await?;
    Ok(match (traces.len(), traces.pop()) {
        (_, None) => Found::Nothing,
        (1, Some(trace)) => Found::One(Box::new(trace)),
        (_, Some(trace)) => {
            traces.push(trace);
            Found::Several(traces)
        }
    })
}
