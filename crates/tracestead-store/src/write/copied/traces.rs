//! The rows of traces that come from another database.

use std::collections::HashMap;

use tracestead_model::query::duration_ms;
use tracestead_model::{SpanShape, TraceShape, UnixNanos};

use super::coming::{Coming, Here};
use super::{CopiedTrace, TraceColumns, insert, written_over};
use crate::copy::{Cells, Columns, integer};
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Cell, Dialect, MAX_LIST, Value, of_traces};
use crate::write::{backfill, clickhouse, traces};

/// Writes the rows of traces that have in the end the spans they have there: they may have been folded by another version
/// of ours there. Agno's columns of a trace that Agno alone wrote are not touched.
pub(super) fn write_as_there(
    session: &mut dyn Session,
    rows: Vec<(Cells, bool)>,
    columns: TraceColumns<'_>,
) -> Result<(), DatabaseError> {
    let dialect = session.dialect();
    let (from, select) = (dialect.from("agno_traces"), columns.traces.select_to(dialect));
    let mut found: HashMap<String, Cells> = HashMap::new();
    let trace_ids: Vec<&str> = rows.iter().map(|(row, _)| columns.traces.text(row, "trace_id")).collect();
    for some in trace_ids.chunks(MAX_LIST) {
        let mut values = Vec::new();
        let list = of_traces(dialect, "agno_traces", some, &mut values);
        for row in session.query(&format!("SELECT {select} FROM {from} WHERE {list}"), &values)? {
            found.insert(row.str(0).to_owned(), row.0);
        }
    }
    for (mut row, has_ours) in rows {
        let Some(is) = found.remove(columns.traces.text(&row, "trace_id")) else { continue };
        let mut kept = vec!["trace_id", "created_at"];
        if !has_ours {
            kept.extend(traces::AGNOS);
        }
        for name in &kept {
            if let Some(cell) = columns.traces.cell(&is, name) {
                columns.traces.put(&mut row, name, cell.clone());
            }
        }
        if columns.traces.first_difference(&row, &is, columns.rules).is_none() {
            continue;
        }
        let trace_id = columns.traces.text(&row, "trace_id").to_owned();
        if dialect == Dialect::ClickHouse {
            // It may be elsewhere.
            if columns.traces.cell(&row, "start_time_ns") != columns.traces.cell(&is, "start_time_ns") {
                clickhouse::delete_rows(session, &[&trace_id])?;
            }
            insert(session, columns.traces, vec![row])?;
            continue;
        }
        let set = written_over(columns.traces, row, &kept, dialect);
        let list: Vec<String> = set.iter().map(|(name, _)| format!("{name} = ?")).collect();
        let sql = format!("UPDATE agno_traces SET {} WHERE trace_id = ?", list.join(", "));
        let values: Vec<Value<'_>> =
            set.into_iter().map(|(_, value)| value).chain([Value::text(&trace_id)]).collect();
        session.execute(&sql, &values)?;
    }
    Ok(())
}

/// Says whether the row of a trace says what its spans say: Agno may have just written it, or set its status back.
pub(crate) fn is_settled_row(row: &[Cell], columns: &Columns) -> bool {
    let number = |name: &str| columns.cell(row, name).and_then(integer);
    let is_stale = columns.text(row, "status") != "ERROR"
        && number("error_span_count").unwrap_or(0) > 0
        && columns.cell(row, "service_name").is_some();
    number("start_time_ns").is_some() && !is_stale
}

/// Returns the row of a trace that is not here yet and will be folded: with Agno's columns only, so that it is not listed.
pub(super) fn begun(
    trace: &CopiedTrace,
    coming: &[Coming],
    here: &Here,
    columns: TraceColumns<'_>,
) -> Option<Cells> {
    // There a trace comes after its spans.
    if here.dialect == Dialect::ClickHouse && !trace.is_last {
        return None;
    }
    let columns = columns.traces;
    let Some(mut row) = trace.row.clone() else {
        return made_up(&trace.trace_id, coming, here.dialect, columns);
    };
    if coming.is_empty() {
        // Its spans were refused.
        if trace.spans_before > 0 {
            return None;
        }
        if columns.cell(&row, "start_time_ns").is_none() {
            for (name, value) in
                backfill::begun(columns.text(&row, "start_time"), columns.text(&row, "end_time"))
            {
                columns.set(&mut row, name, &value);
            }
        }
        return Some(row);
    }
    let begun = columns.cell(&row, "start_time_ns").cloned();
    for name in traces::OURS {
        columns.set(&mut row, name, &Value::Int(None));
    }
    // There a row has a place only with a time, if not yet the right one.
    if here.dialect == Dialect::ClickHouse {
        let time = begun.unwrap_or_else(|| Cell::Int(backfill::nanos(columns.text(&row, "start_time"))));
        columns.put(&mut row, "start_time_ns", time);
    }
    Some(row)
}

/// Returns a row for spans that have none: what they say, as the back-fill would have it.
fn made_up(trace_id: &str, coming: &[Coming], dialect: Dialect, columns: &Columns) -> Option<Cells> {
    let shapes: Vec<SpanShape> = coming.iter().filter_map(|span| span.shape().cloned()).collect();
    if shapes.is_empty() {
        return None;
    }
    let shape = TraceShape::fold(&shapes);
    let time = |nanos: i64| Value::from(UnixNanos::from_i64(nanos).to_agno());
    let context = &shape.context;
    let mut row = vec![Cell::Null; columns.all.len()];
    let said = [
        ("trace_id", Value::text(trace_id)),
        ("name", Value::text(&shape.name)),
        ("status", Value::text(if shape.error_span_count > 0 { "ERROR" } else { "OK" })),
        ("start_time", time(shape.start_time_ns)),
        ("end_time", time(shape.end_time_ns)),
        ("duration_ms", Value::int(duration_ms(shape.start_time_ns, Some(shape.end_time_ns)))),
        ("run_id", Value::maybe(context.run_id.as_deref())),
        ("session_id", Value::maybe(context.session_id.as_deref())),
        ("user_id", Value::maybe(context.user_id.as_deref())),
        ("agent_id", Value::maybe(context.agent_id.as_deref())),
        ("team_id", Value::maybe(context.team_id.as_deref())),
        ("workflow_id", Value::maybe(context.workflow_id.as_deref())),
        ("created_at", time(shape.start_time_ns)),
    ];
    for (name, value) in &said {
        columns.set(&mut row, name, value);
    }
    if dialect == Dialect::ClickHouse {
        columns.set(&mut row, "start_time_ns", &Value::int(shape.start_time_ns));
    }
    Some(row)
}
