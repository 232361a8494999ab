//! What a migration would do, as text that can be read, and run by hand.

use tracestead_model::UnixNanos;

use super::VERSION;
use super::apply::{Rows, agnos_versions, look, our_versions};
use super::plan::{Run, Step, plan};
use super::tables::SPAN_TABLES;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Dialect, Value};

/// Returns the version of the tables, and the statements that bring them to ours.
pub(crate) fn script(session: &mut dyn Session, now: UnixNanos) -> Result<(u32, Vec<String>), DatabaseError> {
    let (found, present) = look(session)?;
    if found >= VERSION {
        return Ok((found, Vec::new()));
    }
    let steps = plan(&present, SPAN_TABLES, session);
    let agnos = agnos_versions(SPAN_TABLES, &present, session.tables(), now);
    Ok((found, text(session, steps, &agnos, &our_versions(found, now))))
}

/// Returns the text of some steps, and of what is noted in the tables of versions with them.
pub(super) fn text(session: &dyn Session, steps: Vec<Step>, agnos: &Rows, ours: &Rows) -> Vec<String> {
    let mut script = Vec::new();
    if steps.is_empty() {
        return script;
    }
    let dialect = session.dialect();
    let (place, steps): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.run == Run::Place);
    let (online, at_once): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::is_online);
    script.extend(place.into_iter().map(|step| step.sql));
    script.extend(session.preamble());
    script.extend(at_once.into_iter().map(|step| step.sql));
    script.extend(inserted("agno_schema_versions", agnos, dialect));
    script.extend(online.into_iter().map(|step| step.sql));
    script.extend(inserted("tracestead_migrations", ours, dialect));
    script.iter().map(|sql| session.tables().put_into(sql).into_owned()).collect()
}

fn inserted(table: &str, rows: &Rows, dialect: Dialect) -> Option<String> {
    let (columns, rows) = rows;
    if rows.is_empty() {
        return None;
    }
    let (head, tail) = Insert { table, columns, conflict: Conflict::Keep }.around(dialect);
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", ")))
        .collect();
    Some(format!("{head} VALUES {}{tail}", rows.join(", ")))
}

/// What is written here are names, versions and times, none of which has a quote.
fn literal(value: &Value<'_>) -> String {
    match value {
        Value::Text(Some(text)) => format!("'{text}'"),
        Value::Int(Some(number)) => number.to_string(),
        _ => "NULL".to_owned(),
    }
}
