//! What tables look like that are not ours: those of Agno's sessions, runs and approvals, in whatever version made them.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Holds;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::{Dialect, Row, Value};

/// A table as its database describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) columns: Vec<ColumnShape>,
    pub(crate) key: Vec<String>,
    /// All but that of the key.
    pub(crate) indexes: Vec<IndexShape>,
    pub(crate) references: Vec<Reference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnShape {
    pub(crate) name: String,
    pub(crate) holds: Holds,
    pub(crate) is_nullable: bool,
    /// How many characters a text may have.
    pub(crate) length: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IndexShape {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) is_unique: bool,
    /// Of which rows.
    pub(crate) only: Option<String>,
}

/// Columns that hold a key of another table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) to: Vec<String>,
    /// What happens to a row whose other row goes, in SQL's words.
    pub(crate) on_delete: String,
}

/// Tables by their names.
pub(crate) type Shapes = BTreeMap<String, Shape>;

/// Returns all tables whose names are like those of Agno's tables and ours. Of ClickHouse there are none: it has only the
/// tables of spans, which are known.
pub(crate) fn read(session: &mut dyn Session) -> Result<Shapes, DatabaseError> {
    let mut shapes = Shapes::new();
    match session.dialect() {
        Dialect::Sqlite => read_sqlite(session, &mut shapes)?,
        Dialect::Postgres => read_postgres(session, &mut shapes)?,
        Dialect::MySql => read_mysql(session, &mut shapes)?,
        Dialect::ClickHouse => {}
    }
    let names = session.tables();
    let ours = |(found, mut shape): (String, Shape)| {
        let name = names.ours(&found)?.to_owned();
        for reference in &mut shape.references {
            reference.table = names.ours(&reference.table).unwrap_or_default().to_owned();
        }
        Some((name, shape)).filter(|(name, _)| is_ours_or_agnos(name))
    };
    Ok(shapes.into_iter().filter_map(ours).collect())
}

/// A name that is none in SQL is nobody's.
fn is_ours_or_agnos(name: &str) -> bool {
    (name.starts_with("agno_") || name.starts_with("tracestead_"))
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn read_sqlite(session: &mut dyn Session, shapes: &mut Shapes) -> Result<(), DatabaseError> {
    let columns = "SELECT t.name, c.name, c.type, c.\"notnull\", c.pk, c.hidden
        FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid";
    let mut keys: BTreeMap<(String, i64), String> = BTreeMap::new();
    for mut row in session.query(columns, &[])? {
        let (table, name, kind) = (row.required(0), row.required(1), row.required(2));
        if row.whole(4) > 0 {
            keys.insert((table.clone(), row.whole(4)), name.clone());
        }
        // Those that are computed are not written.
        if row.whole(5) != 0 {
            continue;
        }
        let (holds, length) = sqlite_type(&kind);
        let is_nullable = row.whole(3) == 0 && row.whole(4) == 0;
        shapes.entry(table).or_default().columns.push(ColumnShape { name, holds, is_nullable, length });
    }
    for ((table, _), column) in keys {
        shapes.entry(table).or_default().key.push(column);
    }
    let indexes = "SELECT t.name, i.name, i.\"unique\", c.name, COALESCE(m.sql, '')
        FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
            LEFT JOIN sqlite_master m ON m.name = i.name
        WHERE t.type = 'table' AND i.origin <> 'pk' ORDER BY t.name, i.name, c.seqno";
    for mut row in session.query(indexes, &[])? {
        let (table, name) = (row.required(0), row.required(1));
        let sql = row.required(4);
        let only = sql.split_once(" WHERE ").map(|(_, only)| only.to_owned());
        add_to_index(shapes, &table, name, row.flag(2), only, row.text(3));
    }
    let references = "SELECT t.name, f.id, f.\"from\", f.\"table\", f.\"to\", f.on_delete
        FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
        ORDER BY t.name, f.id, f.seq";
    add_references(shapes, session.query(references, &[])?);
    Ok(())
}

/// SQLite takes any word for a type.
fn sqlite_type(kind: &str) -> (Holds, Option<i64>) {
    let word = kind.to_ascii_uppercase();
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    let holds = if has(&["JSON"]) {
        Holds::Json
    } else if has(&["BOOL"]) {
        Holds::Flag
    } else if has(&["INT"]) {
        Holds::Integer
    } else if has(&["CHAR", "TEXT", "CLOB"]) {
        Holds::Text
    } else if has(&["BLOB"]) {
        Holds::Bytes
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Holds::Real
    } else {
        Holds::Other(kind.to_ascii_lowercase())
    };
    let length = kind.split_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').parse().ok());
    (holds, length)
}

fn read_postgres(session: &mut dyn Session, shapes: &mut Shapes) -> Result<(), DatabaseError> {
    let columns = "SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), format_type(a.atttypid, NULL),
            a.attnotnull, CASE WHEN a.atttypmod > 4 AND t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
            JOIN pg_type t ON t.oid = a.atttypid
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = '' ORDER BY c.relname, a.attnum";
    for mut row in session.query(columns, &[])? {
        let holds = postgres_type(&row.required(2));
        let column =
            ColumnShape { name: row.required(1), holds, is_nullable: row.whole(3) == 0, length: row.int(4) };
        shapes.entry(row.required(0)).or_default().columns.push(column);
    }
    // An expression in place of a column has no name.
    let indexes =
        "SELECT CAST(t.relname AS TEXT), CAST(i.relname AS TEXT), x.indisunique, CAST(a.attname AS TEXT),
            pg_get_expr(x.indpred, x.indrelid), x.indisprimary
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
            CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (attnum, place)
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE n.nspname = current_schema() AND x.indisvalid ORDER BY t.relname, i.relname, k.place";
    for mut row in session.query(indexes, &[])? {
        let table = row.required(0);
        if row.flag(5) {
            shapes.entry(table).or_default().key.extend(row.text(3));
        } else {
            let (name, is_unique, only) = (row.required(1), row.flag(2), row.text(4));
            add_to_index(shapes, &table, name, is_unique, only, row.text(3));
        }
    }
    let references = "SELECT CAST(t.relname AS TEXT), CAST(c.oid AS BIGINT), CAST(a.attname AS TEXT),
            CAST(o.relname AS TEXT), CAST(b.attname AS TEXT),
            CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
            CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (from_at, to_at, place)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.from_at
            JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = k.to_at
        WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY t.relname, c.oid, k.place";
    add_references(shapes, session.query(references, &[])?);
    Ok(())
}

fn postgres_type(kind: &str) -> Holds {
    match kind {
        "character varying" | "text" | "character" | "name" => Holds::Text,
        "bigint" | "integer" | "smallint" => Holds::Integer,
        "boolean" => Holds::Flag,
        "json" | "jsonb" => Holds::Json,
        "bytea" => Holds::Bytes,
        "double precision" => Holds::Real,
        other => Holds::Other(other.to_owned()),
    }
}

fn read_mysql(session: &mut dyn Session, shapes: &mut Shapes) -> Result<(), DatabaseError> {
    // MariaDB has no type for JSON, it checks a text.
    let version = session.query("SELECT VERSION()", &[])?.pop().map(|mut row| row.required(0));
    let is_mariadb = version.is_some_and(|version| version.to_ascii_lowercase().contains("mariadb"));
    let mut is_json = BTreeSet::new();
    if is_mariadb {
        let checks = "SELECT table_name, constraint_name FROM information_schema.check_constraints
            WHERE constraint_schema = DATABASE() AND check_clause LIKE 'json_valid(%'";
        is_json.extend(
            session.query(checks, &[])?.into_iter().map(|mut row| (row.required(0), row.required(1))),
        );
    }
    // Views have columns, too, and no rows of their own. A table of which MariaDB keeps the history is no base table there.
    let columns = "SELECT c.table_name, c.column_name, c.data_type, c.column_type, c.is_nullable,
            c.character_maximum_length
        FROM information_schema.columns c JOIN information_schema.tables t
            ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE c.table_schema = DATABASE() AND c.extra NOT LIKE '%GENERATED%'
            AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
        ORDER BY c.table_name, c.ordinal_position";
    for mut row in session.query(columns, &[])? {
        let (table, name) = (row.required(0), row.required(1));
        let holds = if is_json.contains(&(table.clone(), name.clone())) {
            Holds::Json
        } else {
            mysql_type(&row.required(2), &row.required(3))
        };
        let is_nullable = row.required(4) == "YES";
        let length = row.int(5).filter(|length| *length <= i64::from(u16::MAX));
        shapes.entry(table).or_default().columns.push(ColumnShape { name, holds, is_nullable, length });
    }
    let indexes =
        "SELECT table_name, index_name, 1 - non_unique, column_name FROM information_schema.statistics
        WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index";
    for mut row in session.query(indexes, &[])? {
        let (table, name) = (row.required(0), row.required(1));
        if name == "PRIMARY" {
            shapes.entry(table).or_default().key.extend(row.text(3));
        } else {
            add_to_index(shapes, &table, name, row.flag(2), None, row.text(3));
        }
    }
    let references = "SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name,
            k.referenced_column_name, r.delete_rule
        FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
            ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
                AND r.table_name = k.table_name
        WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
        ORDER BY k.table_name, k.constraint_name, k.ordinal_position";
    add_references(shapes, session.query(references, &[])?);
    Ok(())
}

fn mysql_type(kind: &str, whole_kind: &str) -> Holds {
    match kind {
        "tinyint" if whole_kind.starts_with("tinyint(1)") => Holds::Flag,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Holds::Integer,
        "double" | "float" => Holds::Real,
        "json" => Holds::Json,
        "tinyblob" | "blob" | "mediumblob" | "longblob" | "binary" | "varbinary" => Holds::Bytes,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" => Holds::Text,
        other => Holds::Other(other.to_owned()),
    }
}

/// Adds a column to an index, which is begun if it is not there.
fn add_to_index(
    shapes: &mut Shapes,
    table: &str,
    name: String,
    is_unique: bool,
    only: Option<String>,
    column: Option<String>,
) {
    let indexes = &mut shapes.entry(table.to_owned()).or_default().indexes;
    if indexes.last().is_none_or(|last| last.name != name) {
        indexes.push(IndexShape { name, is_unique, only, columns: Vec::new() });
    }
    if let Some(index) = indexes.last_mut() {
        // One of an expression cannot be told by its columns.
        index.columns.push(column.unwrap_or_default());
    }
}

/// Adds references, of which each row is a column: table, an id, column, other table, its column, what happens.
fn add_references(shapes: &mut Shapes, rows: Vec<Row>) {
    let mut last = None;
    for mut row in rows {
        let (table, id) = (row.required(0), row.required(1));
        let references = &mut shapes.entry(table.clone()).or_default().references;
        if last.replace((table.clone(), id.clone())) != Some((table, id)) {
            references.push(Reference {
                table: row.required(3),
                on_delete: row.required(5),
                ..Reference::default()
            });
        }
        if let Some(reference) = references.last_mut() {
            reference.columns.extend(row.text(2));
            reference.to.extend(row.text(4));
        }
    }
}

/// Says whether any row has something in a column.
pub(crate) fn holds_anything(
    session: &mut dyn Session,
    table: &str,
    column: &str,
) -> Result<bool, DatabaseError> {
    let column = super::columns::quoted(column);
    let values: [Value<'_>; 0] = [];
    Ok(!session
        .query(&format!("SELECT 1 FROM {table} WHERE {column} IS NOT NULL LIMIT 1"), &values)?
        .is_empty())
}
