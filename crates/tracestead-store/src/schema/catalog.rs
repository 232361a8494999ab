//! The tables of the catalogue: small, and changed in transactions.
//!
//! What it lacks is told by looking, not by a version: every table is only ever added to.

use tracestead_model::UnixNanos;

use super::apply::{Tell, agnos_versions, tell_agno};
use super::plan::{Step, lacking};
use super::present::Present;
use super::script;
use super::tables::{Index, SCHEMA_VERSIONS_TABLE, Table, index, optional, required};
use super::types::{Column, Kind};
use crate::MigrationStep;
use crate::error::DatabaseError;
use crate::session::{Access, Session, transaction};

/// Who may ask, by keys of which only a hash is kept.
const KEYS: &[Column] = &[
    required("key_id", Kind::Id),
    required("name", Kind::Text),
    required("secret_hash", Kind::Id),
    required("scopes", Kind::Json),
    required("created_at", Kind::Time),
    optional("expires_at", Kind::Time),
    optional("revoked_at", Kind::Time),
    optional("last_used_at", Kind::Time),
];

/// Who did what; nothing is ever taken out by the rules for traces.
const AUDIT_LOG: &[Column] = &[
    required("entry_id", Kind::Id),
    required("occurred_at", Kind::Time),
    optional("actor", Kind::Reference),
    required("action", Kind::Word),
    optional("subject", Kind::Reference),
    optional("details", Kind::Json),
];

/// Questions that people keep.
const SAVED_VIEWS: &[Column] = &[
    required("view_id", Kind::Id),
    required("name", Kind::Text),
    required("question", Kind::Json),
    optional("created_by", Kind::Reference),
    required("created_at", Kind::Time),
    optional("updated_at", Kind::Time),
];

/// Agno's, in every column; its times are seconds since 1970.
const APPROVALS: &[Column] = &[
    required("id", Kind::Id),
    required("run_id", Kind::Reference),
    required("session_id", Kind::Reference),
    required("status", Kind::Word),
    required("source_type", Kind::Word),
    optional("approval_type", Kind::Word),
    required("pause_type", Kind::Word),
    optional("tool_name", Kind::Text),
    optional("tool_args", Kind::Json),
    optional("expires_at", Kind::Integer),
    optional("agent_id", Kind::Reference),
    optional("team_id", Kind::Reference),
    optional("workflow_id", Kind::Reference),
    optional("user_id", Kind::Reference),
    optional("schedule_id", Kind::Reference),
    optional("schedule_run_id", Kind::Reference),
    optional("source_name", Kind::Text),
    optional("requirements", Kind::Json),
    optional("context", Kind::Json),
    optional("resolution_data", Kind::Json),
    optional("resolved_by", Kind::Reference),
    optional("resolved_at", Kind::Integer),
    required("created_at", Kind::Integer),
    optional("updated_at", Kind::Integer),
    optional("run_status", Kind::Word),
];

const TABLES: &[Table] = &[
    SCHEMA_VERSIONS_TABLE,
    Table { name: "tracestead_keys", columns: KEYS, key: "key_id", is_agnos: false },
    Table { name: "tracestead_audit_log", columns: AUDIT_LOG, key: "entry_id", is_agnos: false },
    Table { name: "tracestead_saved_views", columns: SAVED_VIEWS, key: "view_id", is_agnos: false },
    Table { name: "agno_approvals", columns: APPROVALS, key: "id", is_agnos: true },
];

macro_rules! of_approvals {
    ($($column:literal),+) => {
        [$(index(concat!("idx_agno_approvals_", $column), "agno_approvals", &[$column], None)),+]
    };
}

/// Those on approvals are Agno's, name by name: it makes them with the table, and never later.
const APPROVAL_INDEXES: [Index; 14] = of_approvals![
    "agent_id",
    "approval_type",
    "created_at",
    "pause_type",
    "run_id",
    "run_status",
    "schedule_id",
    "schedule_run_id",
    "session_id",
    "source_type",
    "status",
    "team_id",
    "user_id",
    "workflow_id"
];

const INDEXES: [Index; 2] = [
    index("idx_tracestead_keys_secret", "tracestead_keys", &["secret_hash"], None),
    index("idx_tracestead_audit_time", "tracestead_audit_log", &["occurred_at", "entry_id"], None),
];

fn plan(present: &Present, tables: &[Table], session: &dyn Session) -> Vec<Step> {
    lacking(present, tables, INDEXES.iter().chain(&APPROVAL_INDEXES), session)
}

/// Returns the statements that a catalogue needs. Beside spans, its place and some of its tables are theirs too.
pub(crate) fn catalog_script(
    session: &mut dyn Session,
    now: UnixNanos,
    is_beside_spans: bool,
) -> Result<Vec<String>, DatabaseError> {
    let mut present = transaction(session, Access::Read, Present::read)?;
    let tables = if is_beside_spans { &TABLES[1..] } else { TABLES };
    if is_beside_spans {
        present.place = None;
    }
    let steps = plan(&present, tables, session);
    let agnos = agnos_versions(tables, &present, session.tables(), now);
    Ok(script::text(session, steps, &agnos, &(Vec::new(), Vec::new())))
}

/// Makes what a catalogue lacks; several processes may try at once, one does it.
pub(crate) fn migrate_catalog(
    session: &mut dyn Session,
    now: UnixNanos,
    tell: Tell<'_>,
) -> Result<(), DatabaseError> {
    let present = transaction(session, Access::Read, Present::read)?;
    if plan(&present, TABLES, session).is_empty() {
        return Ok(());
    }
    session.lock_migrations()?;
    let made = make(session, now, tell);
    let unlocked = session.unlock_migrations();
    made.and(unlocked)
}

fn make(session: &mut dyn Session, now: UnixNanos, tell: Tell<'_>) -> Result<(), DatabaseError> {
    let (online, of, done) = transaction(session, Access::Write, |session| {
        let present = Present::read(session)?;
        let steps = plan(&present, TABLES, session);
        let of = steps.len();
        let (online, at_once): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::is_online);
        for (at, step) in at_once.iter().enumerate() {
            tell(MigrationStep { number: at + 1, of, sql: &step.sql });
            step.run(session)?;
        }
        let agnos = agnos_versions(TABLES, &present, session.tables(), now);
        tell_agno(session, &agnos)?;
        Ok((online, of, at_once.len()))
    })?;
    for (at, step) in online.iter().enumerate() {
        tell(MigrationStep { number: done + at + 1, of, sql: &step.sql });
        step.run(session)?;
    }
    Ok(())
}
