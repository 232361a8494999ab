//! The rows of traces: what they said before, and how they are written.

use std::collections::HashMap;

use tracestead_model::query::duration_ms;
use tracestead_model::{SpanId, TraceShape, UnixNanos};

use super::clickhouse;
use super::draft::Draft;
use super::summary::Description;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Row, Value, of_traces};

/// The ids by which a trace is found.
const CONTEXT: [&str; 6] = ["run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id"];

/// What the row of a trace said before.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) root_span_id: Option<String>,
    pub(super) entry_span_id: Option<String>,
    pub(super) name: String,
    pub(super) description: Description,
    context: [Option<String>; CONTEXT.len()],
    created_at: String,
    span_count: i64,
    /// Where rows of the trace are, if their place depends on when it began. There may be several for a moment.
    places: Vec<i64>,
}

const BEFORE: &str = r#"trace_id, root_span_id, entry_span_id, name, root_type, input_preview, output_preview, service_name,
    environment, "release", tags, run_id, session_id, user_id, agent_id, team_id, workflow_id, created_at, start_time_ns,
    span_count"#;

/// Returns what the rows of these traces say, in the order of their ids; nobody else changes them before the transaction
/// ends.
pub(super) fn lock(
    session: &mut dyn Session,
    trace_ids: &[&str],
) -> Result<HashMap<String, Before>, DatabaseError> {
    let for_update = session.dialect().for_update();
    read(session, trace_ids, for_update)
}

/// Returns what the rows of these traces say, in the order of their ids; `tail` is the end of the statement.
pub(super) fn read(
    session: &mut dyn Session,
    trace_ids: &[&str],
    tail: &str,
) -> Result<HashMap<String, Before>, DatabaseError> {
    let dialect = session.dialect();
    let from = dialect.from("agno_traces");
    let mut found = HashMap::new();
    for some in trace_ids.chunks(dialect.most_ids()) {
        let mut values = Vec::new();
        let list = of_traces(dialect, "agno_traces", some, &mut values);
        let sql = format!("SELECT {BEFORE} FROM {from} WHERE {list} ORDER BY trace_id{tail}");
        for mut row in session.query(&sql, &values)? {
            let (trace_id, mut row) = (row.required(0), before(row));
            if let Some(other) = found.remove(&trace_id) {
                row = row.or(other);
            }
            found.insert(trace_id, row);
        }
    }
    Ok(found)
}

fn before(mut row: Row) -> Before {
    Before {
        root_span_id: row.text(1),
        entry_span_id: row.text(2),
        name: row.required(3),
        description: Description {
            name: None,
            root_type: row.text(4),
            input_preview: row.text(5),
            output_preview: row.text(6),
            service_name: row.text(7),
            environment: row.text(8),
            release: row.text(9),
            tags: row.text(10),
        },
        context: std::array::from_fn(|at| row.text(11 + at)),
        created_at: row.required(17),
        places: row.int(18).into_iter().collect(),
        span_count: row.whole(19),
    }
}

impl Before {
    /// Says whether it has our columns, and so is shown.
    pub(super) fn is_listed(&self) -> bool {
        !self.places.is_empty()
    }

    /// Returns how many rows there are.
    pub(super) fn rows(&self) -> i64 {
        i64::try_from(self.places.len()).unwrap_or(i64::MAX)
    }

    /// Of two rows, the one of which more is known is right, and both have to go where they are not.
    fn or(self, other: Self) -> Self {
        let (mut right, mut wrong) =
            if self.span_count < other.span_count { (other, self) } else { (self, other) };
        right.places.append(&mut wrong.places);
        right
    }
}

pub(super) const AGNOS: [&str; 13] = [
    "trace_id",
    "name",
    "status",
    "start_time",
    "end_time",
    "duration_ms",
    "run_id",
    "session_id",
    "user_id",
    "agent_id",
    "team_id",
    "workflow_id",
    "created_at",
];

pub(super) const OURS: [&str; 23] = [
    "start_time_ns",
    "end_time_ns",
    "span_count",
    "error_span_count",
    "root_span_id",
    "entry_span_id",
    "root_type",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_nano_usd",
    "unpriced_call_count",
    "models",
    "agent_name",
    "team_name",
    "workflow_name",
    "service_name",
    "environment",
    r#""release""#,
    "tags",
    "has_agent_spans",
    "input_preview",
    "output_preview",
];

/// The row of a trace as it is to be written.
#[derive(Debug)]
pub(super) struct TraceRow {
    trace_id: String,
    shape: TraceShape,
    description: Description,
    context: [Option<String>; CONTEXT.len()],
    created_at: String,
    /// Whether there is a row already.
    is_stored: bool,
    /// Whether only Agno wrote to it: then its columns stay as they are.
    is_agnos: bool,
    moved_from: Vec<i64>,
}

impl TraceRow {
    pub(super) fn new(
        trace_id: &str,
        draft: &Draft<'_>,
        shape: TraceShape,
        description: Description,
        before: Option<&Before>,
        created_at: Option<&str>,
    ) -> Self {
        let created_at = match (before, created_at) {
            (Some(before), _) => before.created_at.clone(),
            (None, Some(created_at)) => created_at.to_owned(),
            // Someone wrote spans without a trace.
            (None, None) => UnixNanos::from_i64(shape.start_time_ns).to_agno(),
        };
        let places = before.map_or(&[][..], |before| &before.places);
        let moved_from = places.iter().copied().filter(|start| *start != shape.start_time_ns).collect();
        Self {
            trace_id: trace_id.to_owned(),
            context: context(draft, &shape, before),
            is_stored: before.is_some(),
            is_agnos: before.is_some() && !draft.has_ours(),
            shape,
            description,
            created_at,
            moved_from,
        }
    }

    fn agnos(&self) -> [Value<'_>; AGNOS.len()] {
        let shape = &self.shape;
        let [run_id, session_id, user_id, agent_id, team_id, workflow_id] =
            self.context.each_ref().map(|id| Value::maybe(id.as_deref()));
        [
            Value::text(&self.trace_id),
            Value::text(self.description.name.as_deref().unwrap_or(&shape.name)),
            Value::text(if shape.error_span_count > 0 { "ERROR" } else { "OK" }),
            Value::from(UnixNanos::from_i64(shape.start_time_ns).to_agno()),
            Value::from(UnixNanos::from_i64(shape.end_time_ns).to_agno()),
            Value::int(duration_ms(shape.start_time_ns, Some(shape.end_time_ns))),
            run_id,
            session_id,
            user_id,
            agent_id,
            team_id,
            workflow_id,
            Value::text(&self.created_at),
        ]
    }

    fn ours(&self) -> [Value<'_>; OURS.len()] {
        let (shape, description) = (&self.shape, &self.description);
        let id = |id: Option<SpanId>| Value::Text(id.map(|id| id.to_hex().into()));
        let models: Vec<&str> = shape.models.iter().map(String::as_str).collect();
        let models = (!models.is_empty()).then(|| serde_json::Value::from(models).to_string());
        [
            Value::int(shape.start_time_ns),
            Value::int(shape.end_time_ns),
            Value::int(shape.span_count),
            Value::int(shape.error_span_count),
            id(shape.root),
            id(shape.entry),
            Value::maybe(description.root_type.as_deref()),
            Value::Int(shape.input_tokens),
            Value::Int(shape.output_tokens),
            Value::Int(shape.total_tokens),
            Value::Int(shape.cost_nano_usd),
            Value::int(shape.unpriced_call_count),
            Value::Json(models.map(Into::into)),
            Value::maybe(shape.context.agent_name.as_deref()),
            Value::maybe(shape.context.team_name.as_deref()),
            Value::maybe(shape.context.workflow_name.as_deref()),
            Value::maybe(description.service_name.as_deref()),
            Value::maybe(description.environment.as_deref()),
            Value::maybe(description.release.as_deref()),
            Value::json(description.tags.as_deref()),
            Value::Bool(Some(shape.has_agent_spans)),
            Value::maybe(description.input_preview.as_deref()),
            Value::maybe(description.output_preview.as_deref()),
        ]
    }

    /// Returns the columns that are written of a trace that has a row, and their values.
    pub(super) fn says(&self) -> Vec<(&'static str, Value<'_>)> {
        let agnos = if self.is_agnos { Vec::new() } else { AGNOS.into_iter().zip(self.agnos()).collect() };
        agnos.into_iter().chain(OURS.into_iter().zip(self.ours())).collect()
    }

    fn row(&self) -> Vec<Value<'_>> {
        self.agnos().into_iter().chain(self.ours()).collect()
    }

    /// Returns a row that says that this trace is not where it was.
    fn gone(&self, columns: &[&str], start_time_ns: i64) -> Vec<Value<'_>> {
        let mut row = self.row();
        row[AGNOS.len()] = Value::int(start_time_ns);
        clickhouse::gone("agno_traces", columns, row, &["trace_id", "start_time_ns"])
    }
}

/// Returns who ran. What the row said and no span says is Agno's and stays, unless a run tells who it is; what a span said
/// until now is ours, and goes if none says it any more.
fn context(
    draft: &Draft<'_>,
    shape: &TraceShape,
    before: Option<&Before>,
) -> [Option<String>; CONTEXT.len()] {
    let of = |context: &tracestead_model::RunContext| {
        [
            context.run_id.clone(),
            context.session_id.clone(),
            context.user_id.clone(),
            context.agent_id.clone(),
            context.team_id.clone(),
            context.workflow_id.clone(),
        ]
    };
    let mut now = of(&shape.context);
    let Some(before) = before else { return now };
    for (at, value) in now.iter_mut().enumerate() {
        // An entry run tells its ids whole, but for conversation and user.
        let may_keep = shape.entry.is_none() || CONTEXT[at] == "session_id" || CONTEXT[at] == "user_id";
        let was_said = || draft.stored().any(|stored| of(&stored.shape.context)[at] == before.context[at]);
        if value.is_none() && may_keep && !was_said() {
            value.clone_from(&before.context[at]);
        }
    }
    now
}

/// Writes the rows of traces.
pub(super) fn write(session: &mut dyn Session, rows: &[TraceRow]) -> Result<(), DatabaseError> {
    let columns: Vec<&str> = AGNOS.into_iter().chain(OURS).collect();
    let table = "agno_traces";
    if session.dialect() == Dialect::ClickHouse {
        return write_with_places(session, columns, rows);
    }
    let replace = Conflict::Replace { key: "trace_id", kept: &["created_at"] };
    // One way for all where nobody else can write meanwhile.
    let is_alone = session.dialect() == Dialect::Sqlite;
    let (new, stored): (Vec<&TraceRow>, Vec<&TraceRow>) =
        rows.iter().filter(|row| !row.is_agnos).partition(|row| !row.is_stored && !is_alone);
    if !new.is_empty() {
        let values: Vec<Vec<Value<'_>>> = new.iter().map(|row| row.row()).collect();
        let insert = Insert { table, columns: &columns, conflict: Conflict::Keep };
        if session.insert(&insert, &values)? < new.len() as u64 {
            let says = "another writer has begun the same trace";
            return Err(DatabaseError::new(crate::error::ErrorKind::Conflict, says));
        }
    }
    if !stored.is_empty() {
        let values: Vec<Vec<Value<'_>>> = stored.iter().map(|row| row.row()).collect();
        session.insert(&Insert { table, columns: &columns, conflict: replace }, &values)?;
    }
    for row in rows.iter().filter(|row| row.is_agnos) {
        let (columns, mut values): (Vec<&str>, Vec<Value<'_>>) = row.says().into_iter().unzip();
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
        let sql = format!("UPDATE agno_traces SET {} WHERE trace_id = ?", set.join(", "));
        values.push(Value::text(&row.trace_id));
        session.execute(&sql, &values)?;
    }
    Ok(())
}

/// Writes the rows where their place depends on when a trace began: a trace that began earlier than was known leaves a row
/// where it was that says that it is gone.
fn write_with_places<'a>(
    session: &mut dyn Session,
    mut columns: Vec<&'a str>,
    rows: &'a [TraceRow],
) -> Result<(), DatabaseError> {
    let mut all: Vec<Vec<Value<'_>>> = Vec::with_capacity(rows.len());
    for row in rows {
        if row.is_agnos {
            rewrite_ours(session, row)?;
        } else {
            all.push(row.row().into_iter().chain([Value::Bool(Some(false))]).collect());
        }
        all.extend(row.moved_from.iter().map(|start_time_ns| row.gone(&columns, *start_time_ns)));
    }
    columns.push("is_deleted");
    session.insert(&Insert { table: "agno_traces", columns: &columns, conflict: Conflict::Never }, &all)?;
    Ok(())
}

/// Writes the row of a trace that only Agno wrote: its columns stay as they are.
fn rewrite_ours(session: &mut dyn Session, row: &TraceRow) -> Result<(), DatabaseError> {
    let (columns, mut values): (Vec<&str>, Vec<Value<'_>>) = row.says().into_iter().unzip();
    let set: Vec<String> = columns.iter().map(|column| format!("? AS {column}")).collect();
    let of_trace = of_traces(session.dialect(), "agno_traces", &[&row.trace_id], &mut values);
    let sql = format!(
        "INSERT INTO agno_traces SELECT * REPLACE ({})
         FROM (SELECT * FROM agno_traces FINAL WHERE {of_trace} LIMIT 1)",
        set.join(", ")
    );
    session.execute(&sql, &values)?;
    Ok(())
}
