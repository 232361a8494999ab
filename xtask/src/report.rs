//! Runs the parts of a task one after the other, all of them, and tells at the end how each went.

use std::time::{Duration, Instant};

use crate::databases::Databases;
use crate::tally::Tally;
use crate::{Failure, Outcome};

/// A part of a task.
pub(crate) struct Part {
    /// What it is called on the command line and in the table.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) about: &'static str,
    /// Does it. It may leave what it counted, also when it fails.
    pub(crate) run: fn(&mut Shared, &mut Option<Tally>) -> Outcome,
}

/// What several parts of a task use; it ends with the last part.
#[derive(Default)]
pub(crate) struct Shared {
    databases: Option<Databases>,
}

impl Shared {
    /// The database servers, started for the first part that asks.
    pub(crate) fn databases(&mut self) -> Result<&Databases, Failure> {
        match &mut self.databases {
            Some(running) => Ok(running),
            missing => Ok(missing.insert(Databases::start()?)),
        }
    }
}

struct Row {
    part: &'static Part,
    outcome: Outcome,
    tally: Option<Tally>,
    took: Duration,
}

/// Runs the parts that are named, or all, in their order. One that fails does not stop the next.
pub(crate) fn run_parts(task: &str, parts: &'static [Part], named: &[String]) -> Outcome {
    if named.iter().any(|name| name == "--list") {
        for part in parts {
            println!("{:<10} {}", part.name, part.about);
        }
        return Ok(());
    }
    if let Some(unknown) = named.iter().find(|name| parts.iter().all(|part| part.name != name.as_str())) {
        return Err(format!("{task} has no part {unknown:?}; `cargo xtask {task} --list` names them"));
    }

    let mut shared = Shared::default();
    let rows: Vec<Row> = parts
        .iter()
        .filter(|part| named.is_empty() || named.iter().any(|name| name == part.name))
        .map(|part| run_part(part, &mut shared))
        .collect();
    drop(shared);
    print_table(&rows);
    verdict(task, &rows)
}

fn run_part(part: &'static Part, shared: &mut Shared) -> Row {
    println!("\n=== {}: {}", part.name, part.about);
    let start = Instant::now();
    let mut tally = None;
    let outcome = (part.run)(shared, &mut tally);
    if let Err(failure) = &outcome {
        println!("xtask: {failure}");
    }
    Row { part, outcome, tally, took: start.elapsed() }
}

fn print_table(rows: &[Row]) {
    println!("\n{:<10}  {:<6}  {:>8}", "part", "result", "time");
    for row in rows {
        let result = if row.outcome.is_ok() { "ok" } else { "FAILED" };
        let count = row.tally.map_or_else(String::new, |tally| tally.to_string());
        println!("{:<10}  {result:<6}  {:>6.1} s  {count}", row.part.name, row.took.as_secs_f64());
        if let Err(failure) = &row.outcome {
            println!("{:<10}  {}", "", first_line(failure));
        }
    }
}

fn verdict(task: &str, rows: &[Row]) -> Outcome {
    let failed: Vec<&str> = rows.iter().filter(|row| row.outcome.is_err()).map(|row| row.part.name).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("{task} failed: {}", failed.join(", "))) }
}

fn first_line(failure: &Failure) -> &str {
    failure.lines().next().unwrap_or_default()
}
