//! One transaction: the spans of a group, their resources, the fold of every trace they touch.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use tracestead_model::PriceBook;

use super::source::SourceRow;
use super::{Stored, backfill, fold, quarantine, rows, span_events};
use crate::Batch;
use crate::batch::{PreparedResource, PreparedSpan};

/// What the writer remembers between commits. It saves work and decides nothing.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Resources known to be stored.
    resources: HashSet<String>,
    /// SQLite's `data_version` when Agno's rows were last looked for.
    pub(super) data_version: Option<i64>,
}

/// More resources than this are not remembered; they are written again, which changes nothing.
const MOST_REMEMBERED: usize = 10_000;

/// The spans of one trace that this transaction wrote.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    pub(super) spans: Vec<&'a PreparedSpan>,
    /// A row was written over: the spans at hand may not be all there is.
    pub(super) has_replaced: bool,
    /// Log records joined spans: what was read of the spans at hand is stale.
    pub(super) has_joined: bool,
    pub(super) created_at: &'a str,
}

/// Commits the batches; on an error nothing of them is stored.
pub(super) fn commit(
    connection: &mut Connection,
    batches: &[Batch],
    progress: &mut Progress,
    prices: &PriceBook,
) -> rusqlite::Result<Vec<Stored>> {
    let received: Vec<String> = batches.iter().map(|batch| batch.received_at.to_agno()).collect();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut new_resources = Vec::new();
    let mut traces: BTreeMap<&str, Written<'_>> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(batches.len());
    {
        let mut insert = rows::insert(&transaction)?;
        for (batch, created_at) in batches.iter().zip(&received) {
            for resource in &batch.resources {
                store_resource(&transaction, resource, progress, &mut new_resources)?;
            }
            let mut stored = Stored::default();
            for span in &batch.spans {
                write_span(&transaction, &mut insert, span, created_at, &mut traces, &mut stored)?;
            }
            quarantine::store(&transaction, &batch.malformed, created_at)?;
            outcomes.push(stored);
        }
    }
    join_events(&transaction, batches, &mut traces, prices)?;
    for (trace_id, written) in &traces {
        if written.spans.is_empty() {
            // Log records alone came: a row that Agno alone wrote stays as it is.
            fold::fill(&transaction, trace_id)?;
        } else {
            fold::refold(&transaction, trace_id, written, prices)?;
        }
    }
    transaction.commit()?;
    if progress.resources.len() > MOST_REMEMBERED {
        progress.resources.clear();
    }
    progress.resources.extend(new_resources);
    Ok(outcomes)
}

/// Understands those spans anew that came to have log records: records of this transaction may find their span, spans of
/// this transaction may find their records.
fn join_events<'a>(
    connection: &Connection,
    batches: &'a [Batch],
    traces: &mut BTreeMap<&'a str, Written<'a>>,
    prices: &PriceBook,
) -> rusqlite::Result<()> {
    let mut joined: BTreeSet<(&str, &str)> = BTreeSet::new();
    if span_events::exist(connection)? {
        for span in traces.values().flat_map(|written| &written.spans) {
            if span_events::exist_for(connection, &span.trace_id, &span.span_id)? {
                joined.insert((&span.trace_id, &span.span_id));
            }
        }
    }
    for batch in batches {
        joined.extend(span_events::store(connection, &batch.events)?);
    }
    // Rows that Agno has just written have no times yet, and facts alone would hide that.
    let trace_ids: BTreeSet<&str> = joined.iter().map(|(trace_id, _)| *trace_id).collect();
    for trace_id in trace_ids {
        backfill::fill_spans_of(connection, trace_id, prices)?;
    }
    for (trace_id, span_id) in joined {
        let rows = SourceRow::select(connection, "trace_id = ?1 AND span_id = ?2", [trace_id, span_id])?;
        for row in &rows {
            row.write_facts(connection, prices)?;
            let written = traces.entry(trace_id).or_default();
            written.has_replaced = true;
            written.has_joined = true;
        }
    }
    Ok(())
}

fn write_span<'a>(
    connection: &Connection,
    insert: &mut CachedStatement<'_>,
    span: &'a PreparedSpan,
    created_at: &'a str,
    traces: &mut BTreeMap<&'a str, Written<'a>>,
    stored: &mut Stored,
) -> rusqlite::Result<()> {
    rows::bind(insert, span, created_at)?;
    let is_new = match insert.raw_execute() {
        Ok(changed) => changed == 1,
        Err(error) if is_about_the_row(&error) => {
            stored.refused.push(format!("span {}: {error}", span.span_id));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut has_replaced = false;
    if !is_new {
        match settle(connection, span, created_at)? {
            Settled::Known => {
                stored.known_spans += 1;
                return Ok(());
            }
            Settled::OfAnotherTrace(trace_id) => {
                stored.refused.push(format!(
                    "span {}: its id belongs to trace {trace_id}, and this table, which Agno made, allows an id once",
                    span.span_id
                ));
                return Ok(());
            }
            Settled::Replaced => has_replaced = true,
        }
    }
    stored.new_spans += 1;
    let written = traces.entry(&span.trace_id).or_default();
    if written.spans.is_empty() {
        written.created_at = created_at;
    }
    written.spans.push(span);
    written.has_replaced |= has_replaced;
    Ok(())
}

enum Settled {
    Known,
    Replaced,
    OfAnotherTrace(String),
}

/// Decides about a span whose key is taken: it is written over what is there only if it ended later, or if what is
/// there came from Agno's own exporter, which leaves out much. So the order in which copies come does not matter.
fn settle(connection: &Connection, span: &PreparedSpan, created_at: &str) -> rusqlite::Result<Settled> {
    let mut statement = connection.prepare_cached(
        "SELECT end_time_ns, resource_id IS NULL FROM agno_spans WHERE trace_id = ?1 AND span_id = ?2",
    )?;
    let found = statement
        .query_row((&span.trace_id, &span.span_id), |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, bool>(1)?))
        })
        .optional()?;
    let Some((stored_end, is_agno)) = found else {
        let sql = "SELECT trace_id FROM agno_spans WHERE span_id = ?1";
        return connection.query_row(sql, [&span.span_id], |row| row.get(0)).map(Settled::OfAnotherTrace);
    };
    if span.shape.end_time_ns > stored_end || (is_agno && span.resource.is_some()) {
        let mut replace = rows::replace(connection)?;
        rows::bind(&mut replace, span, created_at)?;
        replace.raw_execute()?;
        return Ok(Settled::Replaced);
    }
    Ok(Settled::Known)
}

/// Errors that another try would meet again, with this row only.
fn is_about_the_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
    )
}

fn store_resource(
    connection: &Connection,
    resource: &PreparedResource,
    progress: &Progress,
    new_resources: &mut Vec<String>,
) -> rusqlite::Result<()> {
    if progress.resources.contains(&resource.resource_id) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO tracestead_resources
             (resource_id, service_name, environment, release, attributes, dropped_attributes_count, schema_url)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            &resource.resource_id,
            &resource.service_name,
            &resource.environment,
            &resource.release,
            &resource.attributes,
            resource.dropped_attributes_count,
            &resource.schema_url,
        ))?;
    new_resources.push(resource.resource_id.clone());
    Ok(())
}
