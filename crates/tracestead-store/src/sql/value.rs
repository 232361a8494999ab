//! Values that are bound to statements.

use std::borrow::Cow;

use super::Dialect;

/// A value with its type, which databases want to know of an absent one too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Json(Option<Cow<'a, str>>),
    Int(Option<i64>),
    Real(f64),
    Bool(Option<bool>),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }

    pub(crate) fn maybe(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }

    pub(crate) fn json(text: Option<&'a str>) -> Self {
        Self::Json(text.map(Cow::Borrowed))
    }

    pub(crate) fn int(number: impl Into<i64>) -> Self {
        Self::Int(Some(number.into()))
    }

    /// Returns a count that fits: what is larger than any database counts is a bug elsewhere.
    pub(crate) fn count(number: u64) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

/// The longest list that is bound at once.
pub(crate) const MAX_LIST: usize = 512;

/// Returns `column IN (?, …)` and binds `items`, of which there must be at least one and at most [`Dialect::most_ids`]. The last is
/// repeated until their number is a power of two, so that there are few different statements to prepare.
pub(crate) fn in_list<'a>(column: &str, items: &[&'a str], values: &mut Vec<Value<'a>>) -> String {
    let length = items.len().next_power_of_two();
    let last = items.last().copied().unwrap_or_default();
    values.extend(items.iter().copied().chain(std::iter::repeat(last)).take(length).map(Value::text));
    format!("{column} IN ({})", vec!["?"; length].join(", "))
}

/// Returns the condition that a row of `agno_traces` or `agno_spans` belongs to one of these traces, and binds their ids.
///
/// On ClickHouse keys begin with times, so the times at which to look are looked up first.
pub(crate) fn of_traces<'a>(
    dialect: Dialect,
    table: &str,
    trace_ids: &[&'a str],
    values: &mut Vec<Value<'a>>,
) -> String {
    let mut list = || match trace_ids {
        [trace_id] => {
            values.push(Value::text(trace_id));
            "trace_id = ?".to_owned()
        }
        trace_ids => in_list("trace_id", trace_ids, values),
    };
    let of_traces = list();
    if dialect != Dialect::ClickHouse {
        return of_traces;
    }
    let (key, place) = match table {
        "agno_traces" => ("newest_first", "-start_time_ns"),
        _ => ("newest_hour", "-intDiv(start_time_ns, 3600000000000)"),
    };
    format!("{of_traces} AND {key} IN (SELECT {place} FROM tracestead_trace_places WHERE {})", list())
}
