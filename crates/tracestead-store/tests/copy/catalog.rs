//! Keys that are revoked, and what is no table.

use std::fmt::Write as _;

use tracestead_store::Catalog;

use crate::captures::CAPTURES;
use crate::place::{Engine, Place};
use crate::source::{copy, fill, verify};

const EARLY: &str = "2026-11-20T00:00:00.000000+00:00";
const LATE: &str = "2026-11-21T00:00:00.000000+00:00";

fn with_traces(engine: Engine) -> Place {
    let place = Place::new(engine);
    fill(&place, &CAPTURES[..2]);
    Catalog::open(&place.options()).unwrap();
    place
}

fn add_key(place: &Place, id: &str) {
    place.run(&format!(
        "INSERT INTO {} (key_id, name, secret_hash, scopes, created_at)
         VALUES ('{id}', 'of {id}', 'hash of {id}', '[]', '{EARLY}')",
        place.table("tracestead_keys")
    ));
}

fn set(place: &Place, id: &str, column: &str, value: &str) {
    let table = place.table("tracestead_keys");
    place.run(&format!("UPDATE {table} SET {column} = '{value}' WHERE key_id = '{id}'"));
}

/// Returns the keys, when each was revoked and when it was used last.
fn keys(place: &Place) -> String {
    let table = place.table("tracestead_keys");
    let rows = place.rows(&format!("SELECT * FROM {table} ORDER BY key_id"));
    rows.iter().fold(String::new(), |mut all, row| {
        let day = |column: &str| row[column].as_ref().map_or("-", |time| &time[8..10]).to_owned();
        let id = row["key_id"].as_ref().unwrap();
        let _ = write!(all, "{id} {} {}; ", day("revoked_at"), day("last_used_at"));
        all
    })
}

/// A key that was revoked lets nobody in, wherever that was done and however often is copied.
fn revoked_wins(from: Engine, to: Engine) {
    let (from, to) = (with_traces(from), Place::new(to));
    for id in ["a", "b", "c", "d", "e"] {
        add_key(&from, id);
    }
    copy(&from, &to);
    assert_eq!(keys(&to), "a - -; b - -; c - -; d - -; e - -; ");
    // In the source, in the target, in both.
    set(&from, "a", "revoked_at", LATE);
    set(&to, "a", "last_used_at", LATE);
    set(&to, "b", "revoked_at", LATE);
    set(&from, "c", "revoked_at", EARLY);
    set(&to, "c", "revoked_at", LATE);
    set(&from, "d", "revoked_at", LATE);
    set(&to, "d", "revoked_at", EARLY);
    let done = copy(&from, &to);
    // The target's other columns stay its own.
    let expected = "a 21 21; b 21 -; c 20 -; d 20 -; e - -; ";
    assert_eq!((keys(&to).as_str(), done.written, done.refused), (expected, 2, 0), "{:?}", done.reasons);
    assert_eq!(copy(&from, &to).written, 0);
    assert_eq!(keys(&to), expected);
    // What was revoked there alone, or earlier, is what the target has later, not a difference.
    set(&from, "a", "last_used_at", LATE);
    let verified = verify(&from, &to);
    assert_eq!((verified.differences, verified.newer), (0, 2), "{:?}", verified.first);
    // And back.
    copy(&to, &from);
    assert_eq!(keys(&from), expected);
}

#[test]
fn a_revoked_key_stays_revoked() {
    revoked_wins(Engine::Sqlite, Engine::Sqlite);
}

#[test]
fn a_revoked_key_stays_revoked_on_postgres() {
    revoked_wins(Engine::Sqlite, Engine::Postgres);
}

#[test]
fn a_revoked_key_stays_revoked_on_mysql() {
    revoked_wins(Engine::Postgres, Engine::MySql);
}

#[test]
fn a_revoked_key_stays_revoked_from_mysql() {
    revoked_wins(Engine::MySql, Engine::Sqlite);
}

/// A key that is written but not yet copied is found revoked by the comparison.
#[test]
fn a_key_that_is_still_valid_is_a_difference() {
    let (from, to) = (with_traces(Engine::Sqlite), Place::new(Engine::Sqlite));
    add_key(&from, "a");
    copy(&from, &to);
    set(&from, "a", "revoked_at", LATE);
    let verified = verify(&from, &to);
    assert_eq!(verified.differences, 1);
    assert_eq!(verified.first[0].column.as_deref(), Some("revoked_at"));
}

/// Views are none of the tables that are copied, so nothing is said of them; a table without a key is told of.
fn left_out(from: Engine, to: Engine) {
    let (from, to) = (with_traces(from), Place::new(to));
    let done = copy(&from, &to);
    assert_eq!(done.left_out, Vec::new());
    assert_eq!(copy(&from, &to).left_out, Vec::new());
    from.run(&format!("CREATE TABLE {} (a BIGINT)", from.table("agno_without_a_key")));
    let left_out = copy(&from, &to).left_out;
    assert_eq!(left_out.iter().map(|left| left.table.as_str()).collect::<Vec<_>>(), ["agno_without_a_key"]);
    assert_eq!(verify(&from, &to).differences, 0);
}

#[test]
fn no_view_is_left_out() {
    left_out(Engine::Sqlite, Engine::Sqlite);
}

#[test]
fn no_view_is_left_out_from_postgres() {
    left_out(Engine::Postgres, Engine::Sqlite);
}

#[test]
fn no_view_is_left_out_from_mysql() {
    left_out(Engine::MySql, Engine::Sqlite);
}

#[test]
fn no_view_is_left_out_from_mysql_to_mysql() {
    left_out(Engine::MySql, Engine::MySql);
}
