//! Writes the row of a trace: the fold of its spans.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tracestead_model::content::Previews;
use tracestead_model::query::duration_ms;
use tracestead_model::{
    PriceBook, RunContext, SpanFacts, SpanId, SpanShape, SpanType, TraceShape, UnixNanos, Usage,
};

use super::backfill;
use super::commit::Written;
use super::source::SourceRow;

/// Folds the trace anew and writes its row.
pub(super) fn refold(
    connection: &Connection,
    trace_id: &str,
    written: &Written<'_>,
    prices: &PriceBook,
) -> rusqlite::Result<()> {
    let before = row_before(connection, trace_id)?;
    let shape = match &before {
        // All there is of a new trace is at hand.
        None if !written.has_replaced => {
            TraceShape::fold(&written.spans.iter().map(|span| span.shape.clone()).collect::<Vec<_>>())
        }
        _ => {
            backfill::fill_spans_of(connection, trace_id, prices)?;
            TraceShape::fold(&shapes(connection, trace_id)?)
        }
    };
    if shape.span_count == 0 {
        return Ok(());
    }
    let description = describe(connection, trace_id, &shape, before.as_ref(), written)?;
    write(connection, trace_id, &shape, &description, written.created_at)
}

/// Folds a trace of which no span is at hand. If Agno alone wrote it, our columns are filled and Agno's stay as Agno left
/// them; if spans of it came to us, the row is ours to keep right.
pub(super) fn fill(connection: &Connection, trace_id: &str) -> rusqlite::Result<()> {
    let shape = TraceShape::fold(&shapes(connection, trace_id)?);
    // Agno writes a trace before its spans: its times are then those that its row has.
    if shape.span_count == 0 {
        return Ok(());
    }
    let description = describe(connection, trace_id, &shape, None, &Written::default())?;
    let mut has_ours = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM agno_spans WHERE trace_id = ?1 AND resource_id IS NOT NULL)",
    )?;
    if has_ours.query_row([trace_id], |row| row.get(0))? {
        let created_at = UnixNanos::from_i64(shape.start_time_ns).to_agno();
        return write(connection, trace_id, &shape, &description, &created_at);
    }
    write_ours(connection, trace_id, &shape, &description)
}

/// What the row of the trace said before.
struct Before {
    root_span_id: Option<String>,
    entry_span_id: Option<String>,
    name: String,
    description: Description,
}

/// What the row of a trace takes from its root and its entry run alone.
#[derive(Clone, Default)]
struct Description {
    /// What the user calls the trace; else it has the name of its entry run.
    name: Option<String>,
    root_type: Option<&'static str>,
    input_preview: Option<String>,
    output_preview: Option<String>,
    service_name: Option<String>,
    environment: Option<String>,
    release: Option<String>,
    tags: Option<String>,
}

fn row_before(connection: &Connection, trace_id: &str) -> rusqlite::Result<Option<Before>> {
    let mut statement = connection.prepare_cached(
        "SELECT root_span_id, entry_span_id, root_type, input_preview, output_preview, service_name, environment, release,
                tags, name
         FROM agno_traces WHERE trace_id = ?1",
    )?;
    statement
        .query_row([trace_id], |row| {
            Ok(Before {
                root_span_id: row.get(0)?,
                entry_span_id: row.get(1)?,
                name: row.get(9)?,
                description: Description {
                    name: None,
                    root_type: row
                        .get::<_, Option<String>>(2)?
                        .map(|text| SpanType::from_stored(&text).as_str()),
                    input_preview: row.get(3)?,
                    output_preview: row.get(4)?,
                    service_name: row.get(5)?,
                    environment: row.get(6)?,
                    release: row.get(7)?,
                    tags: row.get(8)?,
                },
            })
        })
        .optional()
}

fn shapes(connection: &Connection, trace_id: &str) -> rusqlite::Result<Vec<SpanShape>> {
    let mut statement = connection.prepare_cached(
        "SELECT span_id, parent_span_id, start_time_ns, end_time_ns, span_type, status_code, model, input_tokens,
                output_tokens, total_tokens, cost_nano_usd, name, run_id, session_id, user_id, agent_id, team_id,
                workflow_id, agent_name, team_name, workflow_name, error_type IS NOT NULL, response_id,
                agg_input_tokens, agg_output_tokens, agg_total_tokens
         FROM agno_spans WHERE trace_id = ?1 AND facts_version IS NOT NULL",
    )?;
    let mut rows = statement.query([trace_id])?;
    let mut shapes = Vec::new();
    while let Some(row) = rows.next()? {
        shapes.extend(shape_of(row)?);
    }
    Ok(shapes)
}

/// A row with an id that is none (someone wrote it by hand) is left out of the fold.
fn shape_of(row: &Row<'_>) -> rusqlite::Result<Option<SpanShape>> {
    let Ok(span_id) = row.get_ref(0)?.as_str()?.parse::<SpanId>() else { return Ok(None) };
    let span_type = row.get_ref(4)?.as_str_or_null()?.map_or(SpanType::Other, SpanType::from_stored);
    Ok(Some(SpanShape {
        span_id,
        parent_span_id: row.get_ref(1)?.as_str_or_null()?.and_then(|id| id.parse().ok()),
        start_time_ns: row.get::<_, Option<i64>>(2)?.unwrap_or(0),
        end_time_ns: row.get(3)?,
        span_type,
        // Agno's own exporter may have written the status since.
        is_error: row.get(21)? || row.get_ref(5)?.as_str_or_null()? == Some("ERROR"),
        model: row.get(6)?,
        response_id: row.get(22)?,
        usage: Usage {
            input_tokens: row.get(7)?,
            output_tokens: row.get(8)?,
            total_tokens: row.get(9)?,
            ..Usage::default()
        },
        aggregate: Usage {
            input_tokens: row.get(23)?,
            output_tokens: row.get(24)?,
            total_tokens: row.get(25)?,
            ..Usage::default()
        },
        cost_nano_usd: row.get(10)?,
        name: row.get(11)?,
        context: RunContext {
            run_id: row.get(12)?,
            session_id: row.get(13)?,
            user_id: row.get(14)?,
            agent_id: row.get(15)?,
            team_id: row.get(16)?,
            workflow_id: row.get(17)?,
            agent_name: row.get(18)?,
            team_name: row.get(19)?,
            workflow_name: row.get(20)?,
        },
    }))
}

/// Reads the texts of root and entry, from this transaction's spans or from their rows; keeps what the row said if
/// neither is new.
fn describe(
    connection: &Connection,
    trace_id: &str,
    shape: &TraceShape,
    before: Option<&Before>,
    written: &Written<'_>,
) -> rusqlite::Result<Description> {
    let ids: Vec<SpanId> = match (shape.root, shape.entry) {
        (None, None) => shape.first.into_iter().collect(),
        (root, entry) => root.into_iter().chain(entry).collect(),
    };
    // What log records were joined to is read from its row again.
    let spans = if written.has_joined { &[][..] } else { &written.spans };
    let at_hand: HashMap<SpanId, _> = spans.iter().map(|span| (span.shape.span_id, *span)).collect();
    if let Some(before) = before.filter(|_| !written.has_joined) {
        let same_ids = before.root_span_id == shape.root.map(SpanId::to_hex)
            && before.entry_span_id == shape.entry.map(SpanId::to_hex)
            // Else the user gave the trace a name, or another program did.
            && before.name == shape.name;
        let has_lead = shape.root.is_some() || shape.entry.is_some();
        let has_new_call = spans.iter().any(|span| span.shape.span_type == SpanType::Llm);
        if same_ids && has_lead && !has_new_call && !ids.iter().any(|id| at_hand.contains_key(id)) {
            return Ok(before.description.clone());
        }
    }
    let mut leads = HashMap::new();
    for id in ids {
        let lead = match at_hand.get(&id).map(|span| (span, &span.previews)) {
            Some((span, Some(previews))) => {
                let resource = span.resource.as_deref();
                Some(Lead::new(
                    span.facts.clone(),
                    previews.clone(),
                    resource.and_then(|resource| resource.service_name.clone()),
                    resource.and_then(|resource| resource.environment.clone()),
                    resource.and_then(|resource| resource.release.clone()),
                ))
            }
            _ => lead_from_row(connection, trace_id, id)?,
        };
        leads.extend(lead.map(|lead| (id, lead)));
    }
    let lead = |id: Option<SpanId>| id.and_then(|id| leads.get(&id));
    let mut description = description(lead(shape.root), lead(shape.entry), lead(shape.first));
    // Some frameworks tell of their runs no more than their names: what was said stands on the calls.
    let call = |id: SpanId| lead_from_row(connection, trace_id, id);
    if let Some(id) = shape.first_call.filter(|_| description.input_preview.is_none()) {
        description.input_preview = call(id)?.and_then(|call| call.previews.input);
    }
    if let Some(id) = shape.last_call.filter(|_| description.output_preview.is_none()) {
        description.output_preview = call(id)?.and_then(|call| call.previews.output);
    }
    Ok(description)
}

struct Lead {
    trace_name: Option<String>,
    span_type: SpanType,
    tags: Vec<String>,
    previews: Previews,
    service_name: Option<String>,
    environment: Option<String>,
    release: Option<String>,
}

impl Lead {
    /// What the span says of its environment and release is closer to the run than its process is.
    fn new(
        facts: SpanFacts,
        previews: Previews,
        service_name: Option<String>,
        environment: Option<String>,
        release: Option<String>,
    ) -> Self {
        Self {
            trace_name: facts.trace_name,
            span_type: facts.span_type,
            tags: facts.tags,
            previews,
            service_name,
            environment: facts.environment.or(environment),
            release: facts.release.or(release),
        }
    }
}

/// Input and output are the root's, as Agno shows them, or the entry run's where an application's root says none.
fn description(root: Option<&Lead>, entry: Option<&Lead>, first: Option<&Lead>) -> Description {
    let of = |field: fn(&Lead) -> Option<String>| root.and_then(field).or_else(|| entry.and_then(field));
    let who = |field: fn(&Lead) -> Option<String>| {
        entry.and_then(field).or_else(|| root.and_then(field)).or_else(|| first.and_then(field))
    };
    let mut tags: Vec<String> = root.into_iter().chain(entry).flat_map(|lead| lead.tags.clone()).collect();
    tags.sort();
    tags.dedup();
    Description {
        name: who(|lead| lead.trace_name.clone()),
        root_type: entry.or(root).map(|lead| lead.span_type.as_str()),
        input_preview: of(|lead| lead.previews.input.clone()),
        output_preview: of(|lead| lead.previews.output.clone()),
        service_name: who(|lead| lead.service_name.clone()),
        environment: who(|lead| lead.environment.clone()),
        release: who(|lead| lead.release.clone()),
        tags: (!tags.is_empty()).then(|| serde_json::Value::from(tags).to_string()),
    }
}

fn lead_from_row(connection: &Connection, trace_id: &str, span_id: SpanId) -> rusqlite::Result<Option<Lead>> {
    let span_id = span_id.to_hex();
    let rows = SourceRow::select(connection, "trace_id = ?1 AND span_id = ?2", [trace_id, &span_id])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT r.service_name, r.environment, r.release
         FROM agno_spans s JOIN tracestead_resources r ON r.resource_id = s.resource_id WHERE s.rowid = ?1",
    )?;
    let resource =
        statement.query_row([row.rowid], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let (service_name, environment, release) = resource.unwrap_or_default();
    let facts = SpanFacts::of(&row.source());
    let previews = Previews::of(&row.source(), facts.span_type);
    Ok(Some(Lead::new(facts, previews, service_name, environment, release)))
}

/// Writes the whole row. Context that Agno's own rows have and no span says is kept; see `TraceShape::context` for why
/// ours cannot go stale.
fn write(
    connection: &Connection,
    trace_id: &str,
    shape: &TraceShape,
    description: &Description,
    created_at: &str,
) -> rusqlite::Result<()> {
    let is_run = shape.entry.is_some();
    connection
        .prepare_cached(
            "INSERT INTO agno_traces (trace_id, name, status, start_time, end_time, duration_ms, run_id, session_id,
                user_id, agent_id, team_id, workflow_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (trace_id) DO UPDATE SET name = ?2, status = ?3, start_time = ?4, end_time = ?5,
                duration_ms = ?6, run_id = CASE WHEN ?14 THEN ?7 ELSE COALESCE(?7, run_id) END,
                session_id = COALESCE(?8, session_id), user_id = COALESCE(?9, user_id),
                agent_id = CASE WHEN ?14 THEN ?10 ELSE COALESCE(?10, agent_id) END,
                team_id = CASE WHEN ?14 THEN ?11 ELSE COALESCE(?11, team_id) END,
                workflow_id = CASE WHEN ?14 THEN ?12 ELSE COALESCE(?12, workflow_id) END",
        )?
        .execute(params![
            trace_id,
            description.name.as_deref().unwrap_or(&shape.name),
            if shape.error_span_count > 0 { "ERROR" } else { "OK" },
            UnixNanos::from_i64(shape.start_time_ns).to_agno(),
            UnixNanos::from_i64(shape.end_time_ns).to_agno(),
            duration_ms(shape.start_time_ns, Some(shape.end_time_ns)),
            shape.context.run_id,
            shape.context.session_id,
            shape.context.user_id,
            shape.context.agent_id,
            shape.context.team_id,
            shape.context.workflow_id,
            created_at,
            is_run,
        ])?;
    write_ours(connection, trace_id, shape, description)
}

fn write_ours(
    connection: &Connection,
    trace_id: &str,
    shape: &TraceShape,
    description: &Description,
) -> rusqlite::Result<()> {
    let models: Vec<&str> = shape.models.iter().map(String::as_str).collect();
    connection
        .prepare_cached(
            "UPDATE agno_traces SET start_time_ns = ?2, end_time_ns = ?3, span_count = ?4, error_span_count = ?5,
                root_span_id = ?6, entry_span_id = ?7, root_type = ?8, input_tokens = ?9, output_tokens = ?10,
                total_tokens = ?11, cost_nano_usd = ?12, models = ?13, service_name = ?14, environment = ?15,
                tags = ?16, has_agent_spans = ?17, input_preview = ?18, output_preview = ?19, agent_name = ?20,
                team_name = ?21, workflow_name = ?22, release = ?23, unpriced_call_count = ?24
             WHERE trace_id = ?1",
        )?
        .execute(params![
            trace_id,
            shape.start_time_ns,
            shape.end_time_ns,
            shape.span_count,
            shape.error_span_count,
            shape.root.map(SpanId::to_hex),
            shape.entry.map(SpanId::to_hex),
            description.root_type,
            shape.input_tokens,
            shape.output_tokens,
            shape.total_tokens,
            shape.cost_nano_usd,
            (!models.is_empty()).then(|| serde_json::Value::from(models).to_string()),
            description.service_name,
            description.environment,
            description.tags,
            shape.has_agent_spans,
            description.input_preview,
            description.output_preview,
            shape.context.agent_name,
            shape.context.team_name,
            shape.context.workflow_name,
            description.release,
            shape.unpriced_call_count,
        ])?;
    Ok(())
}
