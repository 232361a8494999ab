//! Gives space back, month by month: a month of which nothing is left goes, and where a user was deleted, what was written
//! over is merged away.
//!
//! A whole partition is never dropped by its name: a late span may come between the look and the drop. Parts are, which have
//! been listed before the look; whatever comes later is in another one. The oldest go first, so that no row ever outlives
//! the one that says that it is gone.

use super::hours;
use crate::error::DatabaseError;
use crate::schema;
use crate::session::Session;
use crate::sql::Value;

/// Tables that are kept apart by month, with what says that one of their rows is still needed.
const BY_MONTH: [(&str, &[&str]); 5] = [
    ("agno_spans", &["agno_spans"]),
    ("tracestead_span_events", &["tracestead_span_events"]),
    ("agno_traces", &["agno_traces"]),
    ("tracestead_rollups", &["tracestead_rollups"]),
    ("tracestead_trace_places", &["agno_traces", "agno_spans"]),
];

/// A table whose rows are small, of which every month is merged: a row that was written over is not told from others.
const SMALL: [&str; 2] = ["agno_traces", "tracestead_rollups"];

/// A month of a table that is still to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::write) struct Month {
    table: &'static str,
    /// As the database names its partition.
    partition: String,
}

/// Returns all months of all tables. `merges` says that they will be merged: then the sums are made right before, as a step
/// that is no more may name somebody.
pub(in crate::write) fn all(session: &mut dyn Session, merges: bool) -> Result<Vec<Month>, DatabaseError> {
    if merges {
        hours::catch_up(session)?;
    }
    let mut months = Vec::new();
    for (table, _) in BY_MONTH {
        // On a cluster, months are those of the rows: every server has parts of its own.
        let sql = match session.cluster() {
            Some(_) => {
                let time = schema::time_of(table);
                format!(
                    "SELECT DISTINCT toString(toYYYYMM(fromUnixTimestamp64Nano({time}, 'UTC'))) FROM {table}"
                )
            }
            None => format!(
                "SELECT DISTINCT partition_id FROM system.parts
                 WHERE database = currentDatabase() AND active AND table = '{table}'"
            ),
        };
        let found = session.query(&sql, &[])?;
        months.extend(found.into_iter().map(|mut row| Month { table, partition: row.required(0) }));
    }
    Ok(months)
}

/// Gives back what a month does not need any more.
pub(in crate::write) fn give_back(
    session: &mut dyn Session,
    month: &Month,
    merges: bool,
) -> Result<(), DatabaseError> {
    // Which parts a server of a cluster has is for it to say alone.
    if session.cluster().is_none() && drop_if_dead(session, month)? {
        return Ok(());
    }
    if merges && month.table != "tracestead_trace_places" && has_gone(session, month)? {
        return merge(session, month.table, Some(&month.partition));
    }
    Ok(())
}

/// Drops the parts of a month if none of its rows is needed, and says whether that was so.
fn drop_if_dead(session: &mut dyn Session, month: &Month) -> Result<bool, DatabaseError> {
    let sql = format!(
        "SELECT name FROM system.parts
         WHERE database = currentDatabase() AND active AND table = '{}' AND partition_id = ?
         ORDER BY min_block_number, max_block_number",
        month.table
    );
    let parts = session.query(&sql, &[Value::text(&month.partition)])?;
    let needed =
        BY_MONTH.iter().find(|(table, _)| *table == month.table).map_or(&[][..], |(_, needed)| needed);
    for table in needed {
        let sql = format!("SELECT 1 FROM {table} FINAL WHERE _partition_id = ? LIMIT 1");
        if !session.query(&sql, &[Value::text(&month.partition)])?.is_empty() {
            return Ok(false);
        }
    }
    for mut part in parts {
        let sql = format!("ALTER TABLE {} DROP PART '{}'", month.table, part.required(0));
        match session.execute(&sql, &[]) {
            Ok(_) => {}
            // It was merged with others meanwhile; the next one who looks takes that.
            Err(error) if error.to_string().contains("NO_SUCH_DATA_PART") => break,
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Says whether rows of a month were written over or are gone.
fn has_gone(session: &mut dyn Session, month: &Month) -> Result<bool, DatabaseError> {
    if SMALL.contains(&month.table) || session.cluster().is_some() {
        return Ok(true);
    }
    let sql = format!("SELECT 1 FROM {} WHERE _partition_id = ? AND is_deleted LIMIT 1", month.table);
    Ok(!session.query(&sql, &[Value::text(&month.partition)])?.is_empty())
}

/// Merges what was written over away. That writes all rows of a month anew, so it is for one user's data only; the database
/// does it by itself when a month is left alone.
pub(in crate::write) fn merge(
    session: &mut dyn Session,
    table: &str,
    partition: Option<&str>,
) -> Result<(), DatabaseError> {
    let rows = schema::rows_of(table, session.cluster());
    let partition = partition.map_or_else(String::new, |id| format!(" PARTITION ID '{id}'"));
    session.execute_online(&format!(
        "OPTIMIZE TABLE {rows}{partition} FINAL
         SETTINGS optimize_throw_if_noop = 1, optimize_skip_merged_partitions = 1"
    ))
}
