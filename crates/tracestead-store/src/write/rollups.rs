//! Sums over the hours: what dashboards read instead of spans.
//!
//! A row of `tracestead_rollups` is an hour, a kind of step, a name, an agent, a model, a status, and a range of durations. So
//! the rows of the same step are a histogram, and histograms are merged by adding their rows, in any database, by anyone. A
//! span adds to the rollups exactly when `is_counted` in its row is not NULL. Whatever changes a row takes its old part out
//! in the same transaction, so that sending again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use tracestead_model::{SpanShape, SpanType, latency_bucket};

use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value};

/// An hour in nanoseconds.
pub(crate) const HOUR_NS: i64 = 3_600_000_000_000;

/// Of names longer than this the beginning counts.
const MAX_NAME_CHARS: usize = 200;

const COLUMNS: [&str; 16] = [
    "bucket_start_ns",
    "rollup_id",
    "span_type",
    "name",
    "agent_id",
    "model",
    "status",
    "latency_bucket",
    "calls",
    "duration_ns",
    "counted_calls",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_nano_usd",
    "unpriced_calls",
];

/// The columns that are summed.
pub(crate) const SUMS: [&str; 8] = [
    "calls",
    "duration_ns",
    "counted_calls",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_nano_usd",
    "unpriced_calls",
];

/// What to add to the rollups at the end of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Rollups {
    sums: BTreeMap<Key, [i64; SUMS.len()]>,
    /// Where whole hours are summed anew, those whose spans change; sums are not made then.
    hours: Option<BTreeSet<i64>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    bucket_start_ns: i64,
    rollup_id: String,
    span_type: &'static str,
    name: String,
    agent_id: String,
    model: String,
    status: &'static str,
    latency_bucket: i64,
}

impl Rollups {
    /// Returns what takes changes of this database.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self { sums: BTreeMap::new(), hours: (dialect == Dialect::ClickHouse).then(BTreeSet::new) }
    }

    /// Adds a span; `is_counted` says whether its tokens and cost are part of its trace's.
    pub(crate) fn add(&mut self, span: &SpanShape, is_counted: bool) {
        self.change(span, is_counted, 1);
    }

    /// Takes out a span that was added before.
    pub(crate) fn take_out(&mut self, span: &SpanShape, is_counted: bool) {
        self.change(span, is_counted, -1);
    }

    /// Returns the hours whose sums change, where they are summed anew.
    pub(crate) fn hours(&self) -> Vec<i64> {
        self.hours.iter().flatten().copied().collect()
    }

    fn change(&mut self, span: &SpanShape, is_counted: bool, sign: i64) {
        if let Some(hours) = &mut self.hours {
            hours.insert(hour(span));
            return;
        }
        let duration_ns = span.end_time_ns.map_or(0, |end| end.saturating_sub(span.start_time_ns).max(0));
        let usage = span.own_usage();
        let of_counted = |number: Option<i64>| if is_counted { number.unwrap_or(0) } else { 0 };
        let parts = [
            1,
            duration_ns,
            i64::from(is_counted),
            of_counted(usage.input_tokens),
            of_counted(usage.output_tokens),
            of_counted(usage.total_tokens),
            of_counted(span.cost_nano_usd),
            i64::from(is_counted && span.cost_nano_usd.is_none()),
        ];
        let sums = self.sums.entry(Key::of(span, duration_ns)).or_default();
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum = sum.saturating_add(sign * part);
        }
    }

    /// Adds the sums of a step of an hour that the database made: its type, name, agent and model.
    pub(crate) fn add_sums(
        &mut self,
        hour: i64,
        [span_type, step, agent_id, model]: [String; 4],
        is_error: bool,
        latency_bucket: i64,
        parts: [i64; SUMS.len()],
    ) {
        let key = Key {
            bucket_start_ns: hour,
            rollup_id: String::new(),
            span_type: SpanType::from_stored(&span_type).as_str(),
            name: name(&step),
            agent_id,
            model,
            status: status(is_error),
            latency_bucket,
        };
        for (sum, part) in self.sums.entry(key.with_id()).or_default().iter_mut().zip(parts) {
            *sum = sum.saturating_add(part);
        }
    }

    /// Returns how many spans were added.
    pub(crate) fn calls(&self) -> i64 {
        self.sums.values().map(|sums| sums[0]).sum()
    }

    /// Writes sums over whole hours, with the number that says which of several stands.
    pub(crate) fn write_generation(
        &self,
        session: &mut dyn Session,
        generation: i64,
    ) -> Result<(), DatabaseError> {
        let mark = [Value::int(generation), Value::Bool(Some(false))];
        let rows: Vec<Vec<Value<'_>>> = self
            .sums
            .iter()
            .map(|(key, sums)| key.row(sums).into_iter().chain(mark.clone()).collect())
            .collect();
        let columns: Vec<&str> = COLUMNS.into_iter().chain(["generation", "is_deleted"]).collect();
        let table = "tracestead_rollups";
        session.insert(&Insert { table, columns: &columns, conflict: Conflict::Never }, &rows)?;
        Ok(())
    }

    /// Writes the sums, in the order of their keys: two writers cannot wait for each other.
    pub(crate) fn write(self, session: &mut dyn Session) -> Result<(), DatabaseError> {
        // There whole hours are summed anew.
        if session.dialect() == Dialect::ClickHouse {
            session.touch_hours(&self.hours());
            return Ok(());
        }
        let changes: Vec<_> = self.sums.into_iter().filter(|(_, sums)| changes(sums)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        session.lock_rollups(false)?;
        let rows: Vec<Vec<Value<'_>>> = changes.iter().map(|(key, sums)| key.row(sums)).collect();
        let conflict = Conflict::Add { key: "bucket_start_ns, rollup_id", sums: &SUMS };
        session.insert(&Insert { table: "tracestead_rollups", columns: &COLUMNS, conflict }, &rows)?;
        for (key, _) in changes.iter().filter(|(_, sums)| sums[0] < 0) {
            session.execute(
                "DELETE FROM tracestead_rollups WHERE bucket_start_ns = ? AND rollup_id = ? AND calls = 0",
                &[Value::int(key.bucket_start_ns), Value::text(&key.rollup_id)],
            )?;
        }
        Ok(())
    }
}

fn hour(span: &SpanShape) -> i64 {
    span.start_time_ns.div_euclid(HOUR_NS) * HOUR_NS
}

fn name(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

fn status(is_error: bool) -> &'static str {
    if is_error { "ERROR" } else { "OK" }
}

fn changes(sums: &[i64; SUMS.len()]) -> bool {
    sums.iter().any(|sum| *sum != 0)
}

impl Key {
    fn of(span: &SpanShape, duration_ns: i64) -> Self {
        let step = Self {
            bucket_start_ns: hour(span),
            rollup_id: String::new(),
            span_type: span.span_type.as_str(),
            name: name(&span.name),
            agent_id: span.context.agent_id.clone().unwrap_or_default(),
            model: span.model.clone().unwrap_or_default(),
            status: status(span.is_error),
            latency_bucket: latency_bucket(duration_ns),
        };
        step.with_id()
    }

    fn with_id(mut self) -> Self {
        let key = &mut self;
        // Names are too long for the key of some databases.
        let mut hash = blake3::Hasher::new();
        for part in [key.span_type, &key.name, &key.agent_id, &key.model, key.status] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(&key.latency_bucket.to_be_bytes());
        hash.finalize().to_hex()[..32].clone_into(&mut key.rollup_id);
        self
    }

    fn row<'a>(&'a self, sums: &[i64; SUMS.len()]) -> Vec<Value<'a>> {
        let mut row = vec![
            Value::int(self.bucket_start_ns),
            Value::text(&self.rollup_id),
            Value::text(self.span_type),
            Value::text(&self.name),
            Value::text(&self.agent_id),
            Value::text(&self.model),
            Value::text(self.status),
            Value::int(self.latency_bucket),
        ];
        row.extend(sums.iter().map(|sum| Value::int(*sum)));
        row
    }
}
