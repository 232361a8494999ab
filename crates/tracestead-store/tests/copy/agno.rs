//! From databases that Agno made, and into them.

use std::fs;
use std::path::PathBuf;

use tracestead_store::DatabaseUrl;

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::source::{check_rollups, contents, copier, copy, count, fill, finish, same, verify};
use crate::support::fixtures;

fn path(place: &Place) -> PathBuf {
    match &place.url {
        DatabaseUrl::Sqlite(path) => path.clone(),
        other => panic!("{other} is no file"),
    }
}

pub(crate) fn agno_written() -> Place {
    let place = Place::new(Engine::Sqlite);
    fs::copy(fixtures().join("agno/agno-written.db"), path(&place)).unwrap();
    place
}

/// Opens what Agno wrote, so that our columns are filled.
fn filled(place: Place) -> Place {
    let store = place.open();
    let began = std::time::Instant::now();
    while place.number("SELECT COUNT(*) FROM agno_spans WHERE is_counted IS NULL") > 0
        || place.number("SELECT COUNT(*) FROM agno_traces WHERE start_time_ns IS NULL") > 0
    {
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "the back-fill does not end");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    tokio::runtime::Runtime::new().unwrap().block_on(store.close());
    place
}

/// Rows of all tables but those that only a database of ours has.
#[test]
fn what_agno_wrote_arrives_as_if_it_had_been_opened_there() {
    let from = agno_written();
    // A trace without spans, spans without a trace, and one that is begun.
    let connection = rusqlite::Connection::open(path(&from)).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             DELETE FROM agno_traces WHERE trace_id = (SELECT MIN(trace_id) FROM agno_spans);
             DELETE FROM agno_spans WHERE trace_id = (SELECT MAX(trace_id) FROM agno_spans)",
        )
        .unwrap();
    drop(connection);
    let before = fs::read(path(&from)).unwrap();
    for rows in [3, 5_000] {
        let to = Place::new(Engine::Sqlite);
        let done = finish(copier(&from, &to).with_pages_of(rows, 1 << 20));
        assert_eq!(done.refused, 0, "{:?}", done.reasons);
        assert!(fs::read(path(&from)).unwrap() == before, "the source was written");
        assert_eq!(count(&to, "agno_spans"), count(&from, "agno_spans"));
        assert_eq!(to.number("SELECT COUNT(*) FROM agno_spans WHERE resource_id IS NOT NULL"), 0);
        let expected = agno_written();
        fs::write(path(&expected), &before).unwrap();
        let expected = filled(expected);
        same(&contents(&expected), &contents(&to));
        check_rollups(&to);
        let verified = verify(&from, &to);
        assert_eq!((verified.differences, verified.newer, verified.more), (0, 0, 0), "{:?}", verified.first);
        // A server that is started on it finds nothing to do.
        let contents_before = contents(&to);
        filled(to);
        let again = Place::new(Engine::Sqlite);
        copy(&from, &again);
        same(&contents_before, &contents(&again));
    }
}

#[test]
fn agnos_own_tables_are_made_and_kept_up_to_date() {
    let (from, to) = (agno_written(), Place::new(Engine::Sqlite));
    copy(&from, &to);
    for table in ["agno_sessions", "agno_runs", "agno_approvals"] {
        assert!(count(&to, table) > 0, "{table}");
        assert_eq!(count(&from, table), count(&to, table));
    }
    // Keys, indexes and references are Agno's.
    let of = |place: &Place, what: &str| {
        let sql = format!(
            "SELECT t.name AS t, x.* FROM sqlite_master t JOIN {what}(t.name) x
             WHERE t.type = 'table' AND t.name LIKE 'agno_%' AND t.name NOT IN ('agno_traces', 'agno_spans')"
        );
        let mut rows = place.rows(&sql);
        for row in &mut rows {
            // Their order, and the names that SQLite gives.
            row.retain(|column, _| {
                !["cid", "seq", "name", "id", "origin"].contains(&column.as_str())
                    || column == "name" && what != "pragma_index_list"
            });
        }
        rows.sort();
        rows
    };
    for what in ["pragma_table_info", "pragma_foreign_key_list"] {
        assert_eq!(of(&from, what), of(&to, what), "{what}");
    }
    let unique = "SELECT COUNT(*) FROM sqlite_master t JOIN pragma_index_list(t.name) x
        WHERE t.type = 'table' AND t.name LIKE 'agno_%' AND x.\"unique\" AND x.origin <> 'pk'
            AND t.name NOT IN ('agno_traces', 'agno_spans')";
    assert_eq!(from.number(unique), to.number(unique));

    // What Agno writes on is copied again, what the target has later stays.
    let one = "(SELECT MIN(session_id) FROM agno_sessions)";
    let other = "(SELECT MAX(session_id) FROM agno_sessions)";
    let set = |place: &Place, user: &str, of: &str, later: u32| {
        place.run(&format!(
            "UPDATE agno_sessions SET user_id = '{user}', updated_at = updated_at + {later} WHERE session_id = {of}"
        ));
    };
    set(&from, "new", one, 1);
    set(&from, "old", other, 1);
    set(&to, "newer", other, 2);
    assert_eq!(copy(&from, &to).written, 1);
    let user = |of: &str| {
        to.rows(&format!("SELECT user_id FROM agno_sessions WHERE session_id = {of}"))[0]["user_id"]
            .clone()
            .unwrap()
    };
    assert_eq!((user(one).as_str(), user(other).as_str()), ("new", "newer"));
    let verified = verify(&from, &to);
    assert_eq!((verified.differences, verified.newer), (0, 1), "{:?}", verified.first);
}

#[test]
fn into_tables_that_agno_made() {
    let (from, to) = (Place::new(Engine::Sqlite), agno_written());
    fill(&from, &CAPTURES);
    let done = copy(&from, &to);
    assert_eq!(done.refused, 0, "{:?}", done.reasons);
    // Some of these traces were there, as Agno has them.
    let verified = verify(&from, &to);
    assert_eq!((verified.differences, verified.older > 0), (0, true), "{:?}", verified.first);
    check_rollups(&filled(to));
}

#[test]
fn a_span_whose_id_is_taken_there_is_refused_alone() {
    let (from, to) = (Place::new(Engine::Sqlite), agno_written());
    let mut capture = CAPTURES.last().unwrap().clone();
    let taken = to.rows("SELECT MIN(span_id) AS span_id FROM agno_spans")[0]["span_id"].clone().unwrap();
    let last = capture.spans.len() - 1;
    capture.spans[last].span_id = taken.parse().unwrap();
    fill(&from, &[capture]);
    let done = copy(&from, &to);
    assert_eq!((done.refused, done.written > 0), (1, true));
    assert!(done.reasons[0].contains("which Agno made, allows an id once"), "{:?}", done.reasons);
    let verified = verify(&from, &to);
    assert_eq!(verified.differences, 1);
    assert_eq!(verified.first[0].column, None);
}

#[test]
fn a_row_that_the_target_does_not_take_is_refused_alone() {
    let (from, to) = (Place::new(Engine::Sqlite), Place::new(Engine::Sqlite));
    fill(&from, &CAPTURES[..10]);
    to.open();
    to.run(
        "CREATE TRIGGER no_tools BEFORE INSERT ON agno_spans WHEN NEW.span_type = 'TOOL'
            BEGIN SELECT RAISE(ABORT, 'no tools'); END",
    );
    let tools = from.number("SELECT COUNT(*) FROM agno_spans WHERE span_type = 'TOOL'").unsigned_abs();
    assert!(tools > 2);
    for _ in 0..2 {
        let done = copy(&from, &to);
        assert_eq!(done.refused, tools, "{:?}", done.reasons);
        assert!(done.reasons[0].ends_with(": no tools"), "{:?}", done.reasons);
        assert_eq!(count(&to, "agno_spans"), count(&from, "agno_spans") - tools);
        check_rollups(&to);
        assert_eq!(verify(&from, &to).differences, tools);
    }
    // The traces say what is there.
    let wrong = "SELECT COUNT(*) FROM agno_traces t WHERE start_time_ns IS NULL OR span_count <>
        (SELECT COUNT(*) FROM agno_spans s WHERE s.trace_id = t.trace_id)";
    assert_eq!(to.number(wrong), 0);
}

#[test]
fn what_an_earlier_version_wrote_is_counted_on_the_way() {
    let (from, to) = (Place::new(Engine::Sqlite), Place::new(Engine::Sqlite));
    fill(&from, &CAPTURES[..20]);
    let expected = contents(&from);
    for view in from.rows("SELECT name FROM sqlite_master WHERE type = 'view'") {
        from.run(&format!("DROP VIEW {}", view["name"].as_ref().unwrap()));
    }
    rusqlite::Connection::open(path(&from))
        .unwrap()
        .execute_batch(
            "DROP INDEX idx_tracestead_spans_uncounted;
             ALTER TABLE agno_spans DROP COLUMN is_counted;
             DROP TABLE tracestead_rollups;
             DROP TABLE tracestead_progress;
             DELETE FROM tracestead_migrations WHERE version = 2",
        )
        .unwrap();
    copy(&from, &to);
    same(&expected, &contents(&to));
    assert_eq!(verify(&from, &to).differences, 0);
}
