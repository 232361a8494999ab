//! How ClickHouse keeps the tables.
//!
//! It has no unique keys and changes no rows. Each table is a `ReplacingMergeTree`: of rows with one key the one with the
//! greatest version stands, of equal ones the one that was written last. The others go when parts are merged, and
//! `SELECT … FINAL` does not see them before that. `is_deleted` says that the row with a key is no more.
//!
//! **Keys follow time**, as months are dropped, hours are summed and lists begin with the newest. `ClickHouse` reads a table
//! with `FINAL` forwards only, so the keys begin with the negative of a time: `newest_first` is that of a trace's beginning,
//! `newest_hour` that of the hour in which a span began. Within an hour the spans of a trace are side by side.
//!
//! **A trace by its id** is then not found by the key alone: `tracestead_trace_places` has the times at which the row of a
//! trace and its spans are to be looked for (see [`Dialect::of_traces`](crate::sql::Dialect::of_traces)). Views fill it from
//! whatever is written, by whomever. Statements of others that know only the id are served by a Bloom filter.
//!
//! On a cluster each table is a `Replicated…` table `NAME_local` on every server and a `Distributed` table `NAME` above
//! them. All that belongs to a trace is on one shard.

use super::plan::{Step, at_once};
use super::present::Present;
use super::tables::Table;
use super::types::{Column, Kind, quoted};
use super::views::views;
use crate::sql::Dialect;

/// A table and what only this engine has of it.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Columns that tell which of several rows stands, and where.
    own: &'static [&'static str],
    /// Version and mark of deletion.
    replacing: &'static str,
    /// The time in nanoseconds by whose month the rows are kept apart.
    time: Option<&'static str>,
    /// What is kept in memory of the key, if less than all of it.
    primary: Option<&'static str>,
    order: &'static str,
    indexes: &'static [&'static str],
    /// So many rows are read at least to find one.
    granularity: u32,
    /// What decides on which shard a row is.
    shard: &'static str,
}

const PLAIN: Layout = Layout {
    own: &[],
    replacing: "",
    time: None,
    primary: None,
    order: "",
    indexes: &[],
    granularity: 8192,
    shard: "",
};

/// A version that is always the same: what was written last stands. Whoever writes looks again afterwards (`write/clickhouse`).
const LAST_STANDS: &str = "row_version UInt8 MATERIALIZED 0";

const GONE: &str = "is_deleted UInt8 DEFAULT 0";

/// Of rows with one key the last stands, if it does not say that it is gone.
const LAST: Layout = Layout { own: &[LAST_STANDS, GONE], replacing: "row_version, is_deleted", ..PLAIN };

const TRACES: Layout = Layout {
    own: &[GONE, "newest_first Int64 MATERIALIZED -start_time_ns CODEC(Delta(8), ZSTD(1))", LAST_STANDS],
    replacing: "row_version, is_deleted",
    time: Some("start_time_ns"),
    order: "newest_first, trace_id",
    indexes: &[
        "by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1",
        "by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1",
        "by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1",
        "by_run run_id TYPE bloom_filter(0.01) GRANULARITY 1",
        "by_agent agent_id TYPE bloom_filter(0.01) GRANULARITY 1",
    ],
    granularity: 1024,
    shard: "cityHash64(trace_id)",
    ..PLAIN
};

const SPANS: Layout = Layout {
    own: &[
        GONE,
        "newest_hour Int64 MATERIALIZED -intDiv(start_time_ns, 3600000000000) CODEC(Delta(8), ZSTD(1))",
        // A span that was sent to us stands over what Agno wrote of it, and a later end over an earlier one.
        "row_version UInt64 MATERIALIZED bitOr(toUInt64(greatest(0, ifNull(end_time_ns, 0))), \
         bitShiftLeft(toUInt64(isNotNull(resource_id)), 63))",
        // Hours that were not summed before the end of a process are found by it.
        "stored_at DateTime64(3, 'UTC') MATERIALIZED now64(3, 'UTC') CODEC(Delta(8), ZSTD(1))",
    ],
    replacing: "row_version, is_deleted",
    time: Some("start_time_ns"),
    primary: Some("newest_hour, trace_id"),
    order: "newest_hour, trace_id, span_id",
    indexes: &[
        "by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1",
        "by_span span_id TYPE bloom_filter(0.001) GRANULARITY 1",
        "by_stored stored_at TYPE minmax GRANULARITY 8",
    ],
    granularity: 1024,
    shard: "cityHash64(trace_id)",
};

const RESOURCES: Layout = Layout { order: "resource_id", shard: "cityHash64(resource_id)", ..LAST };

/// An event that is sent again has the same time: its key is made of what it says.
const SPAN_EVENTS: Layout = Layout {
    time: Some("time_ns"),
    order: "trace_id, span_id, event_id",
    granularity: 1024,
    shard: "cityHash64(trace_id)",
    ..LAST
};

const QUARANTINE: Layout = Layout { order: "quarantine_id", shard: "cityHash64(quarantine_id)", ..LAST };

/// An hour is on one shard, and so is written at once.
const ROLLUPS: Layout = Layout {
    own: &["generation UInt64", GONE],
    replacing: "generation, is_deleted",
    time: Some("bucket_start_ns"),
    order: "bucket_start_ns, rollup_id",
    shard: "cityHash64(bucket_start_ns)",
    ..PLAIN
};

const PLACES: Layout = Layout {
    time: Some("start_time_ns"),
    order: "trace_id, start_time_ns",
    granularity: 256,
    shard: "cityHash64(trace_id)",
    ..PLAIN
};

/// Where a trace may be: the times at which its row was, and one for each hour in which it has spans.
const TRACE_PLACES: Table = Table {
    name: "tracestead_trace_places",
    columns: &[
        Column { name: "trace_id", kind: Kind::Id, is_nullable: false },
        Column { name: "start_time_ns", kind: Kind::Integer, is_nullable: false },
    ],
    key: "trace_id, start_time_ns",
    is_agnos: false,
};

/// A view that writes into a table what is written into another one.
struct Filling {
    name: &'static str,
    from: &'static str,
    /// Before the name of the table, and after it.
    select: [&'static str; 2],
}

const FILLINGS: [Filling; 2] = [
    Filling {
        name: "tracestead_places_of_traces",
        from: "agno_traces",
        select: ["SELECT trace_id, start_time_ns FROM ", ""],
    },
    Filling {
        name: "tracestead_places_of_spans",
        from: "agno_spans",
        // The first of an hour stands for the hour.
        select: [
            "SELECT trace_id, first AS start_time_ns FROM (
                SELECT trace_id, min(start_time_ns) AS first FROM ",
            " GROUP BY trace_id, intDiv(start_time_ns, 3600000000000))",
        ],
    },
];

fn layout(table: &str) -> Layout {
    match table {
        "agno_traces" => TRACES,
        "agno_spans" => SPANS,
        "tracestead_resources" => RESOURCES,
        "tracestead_span_events" => SPAN_EVENTS,
        "tracestead_quarantine" => QUARANTINE,
        "tracestead_rollups" => ROLLUPS,
        "tracestead_trace_places" => PLACES,
        _ => PLAIN,
    }
}

/// Says whether the column may be empty: a row has a place only with a time.
pub(crate) fn is_nullable(column: &Column) -> bool {
    column.is_nullable && column.name != "start_time_ns"
}

/// Returns what the database lacks of `tables`. All of it may be done again, and by several servers at once.
pub(super) fn plan(present: &Present, tables: &[Table], cluster: Option<&str>) -> Vec<Step> {
    let of = Cluster(cluster);
    let mut steps = Vec::new();
    for table in tables.iter().chain([&TRACE_PLACES]) {
        let missing: Vec<String> = match present.columns.get(table.name) {
            None => {
                steps.extend(of.create(table));
                continue;
            }
            Some(columns) => table
                .columns
                .iter()
                .filter(|column| !columns.contains(column.name))
                .map(|column| format!("ADD COLUMN IF NOT EXISTS {}", definition(column)))
                .collect(),
        };
        if !missing.is_empty() {
            let missing = missing.join(",\n    ");
            let alter = |name: String| format!("ALTER TABLE {name}{}\n    {missing}", of.on());
            // The tables that hold the rows first: the ones above them only pass on what is asked.
            steps.push(alter(of.local(table.name)));
            steps.extend(cluster.map(|_| alter(table.name.to_owned())));
        }
    }
    steps.extend(FILLINGS.iter().filter(|view| !present.has(view.name)).map(|view| of.create_filling(view)));
    // They hold nothing, so they are made anew by each version.
    steps.extend(views(Dialect::ClickHouse).into_iter().map(|view| {
        // What is joined is on one shard.
        let local = cluster.map_or("", |_| "\nSETTINGS distributed_product_mode = 'local'");
        format!("CREATE OR REPLACE VIEW {}{} AS\n{}{local}", view.name, of.on(), view.select)
    }));
    Step::place(present).chain(steps.into_iter().map(at_once)).collect()
}

/// Returns the table that holds the rows of this one, as statements that change a table name it.
pub(crate) fn rows_of(table: &str, cluster: Option<&str>) -> String {
    let of = Cluster(cluster);
    format!("{}{}", of.local(table), of.on())
}

/// Returns the column by whose month a table is kept apart, empty if it is not.
pub(crate) fn time_of(table: &str) -> &'static str {
    layout(table).time.unwrap_or_default()
}

/// Where the tables are made: on one server, or on all of a cluster.
struct Cluster<'a>(Option<&'a str>);

impl Cluster<'_> {
    fn on(&self) -> String {
        self.0.map_or_else(String::new, |cluster| format!(" ON CLUSTER {}", name(cluster)))
    }

    /// Returns the table that holds the rows.
    fn local(&self, table: &str) -> String {
        if self.0.is_some() { format!("{table}_local") } else { table.to_owned() }
    }

    fn create(&self, table: &Table) -> Vec<String> {
        let layout = layout(table.name);
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(definition)
            .chain(layout.own.iter().map(|column| (*column).to_owned()))
            .chain(layout.indexes.iter().map(|index| format!("INDEX {index}")))
            .collect();
        let replicated = if self.0.is_some() { "Replicated" } else { "" };
        let order = if layout.order.is_empty() { table.key } else { layout.order };
        let mut sql = format!(
            "CREATE TABLE IF NOT EXISTS {}{} (\n    {}\n) ENGINE = {replicated}ReplacingMergeTree({})",
            self.local(table.name),
            self.on(),
            columns.join(",\n    "),
            layout.replacing,
        );
        let clauses = [
            layout.time.map(|time| format!("PARTITION BY toYYYYMM(fromUnixTimestamp64Nano({time}, 'UTC'))")),
            layout.primary.map(|primary| format!("PRIMARY KEY ({primary})")),
            Some(format!("ORDER BY ({order})")),
            Some(settings(&layout)),
        ];
        for clause in clauses.into_iter().flatten() {
            sql.push('\n');
            sql.push_str(&clause);
        }
        std::iter::once(sql).chain(self.distributed(table, &layout)).collect()
    }

    fn distributed(&self, table: &Table, layout: &Layout) -> Option<String> {
        let cluster = self.0?;
        let local = self.local(table.name);
        // What is small and belongs to no trace is on whichever shard its key says.
        let shard = if layout.shard.is_empty() {
            format!("cityHash64({})", table.key)
        } else {
            layout.shard.to_owned()
        };
        let engine = format!("Distributed({}, currentDatabase(), {local}, {shard})", name(cluster));
        Some(format!("CREATE TABLE IF NOT EXISTS {}{} AS {local}\nENGINE = {engine}", table.name, self.on()))
    }

    fn create_filling(&self, view: &Filling) -> String {
        let (from, to) = (self.local(view.from), self.local(TRACE_PLACES.name));
        let [before, after] = view.select;
        format!(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS {}{} TO {to} AS\n{before}{from}{after}",
            view.name,
            self.on()
        )
    }
}

/// A month that nothing was written to for a day is merged to one part: what was written over in it, or is gone, then takes no
/// space (the row that says so takes little), and reading it is fast.
fn settings(layout: &Layout) -> String {
    let merges = ", min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1";
    let merges = layout.time.map_or("", |_| merges);
    format!("SETTINGS index_granularity = {}{merges}", layout.granularity)
}

fn name(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// Returns a column with the way in which it is compressed: texts repeat themselves, times are near each other.
fn definition(column: &Column) -> String {
    let kind = if is_nullable(column) {
        column.kind.nullable(Dialect::ClickHouse)
    } else {
        column.kind.sql(Dialect::ClickHouse).to_owned()
    };
    let codec = match column.kind {
        Kind::Integer if column.name.ends_with("_time_ns") => "Delta(8), ZSTD(1)",
        _ => "ZSTD(1)",
    };
    format!("{} {kind} CODEC({codec})", quoted(column.name))
}

#[cfg(test)]
mod tests;
