//! The columns of a table that are copied, and how a value comes from one database into another.

use std::collections::HashMap;

use crate::schema;
use crate::session::Session;
use crate::sql::{Cell, Dialect, Row, Value};

/// What a column holds, as far as that matters on the way from one database to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Integer,
    Real,
    Flag,
    Json,
    Bytes,
    /// Something that is read and written as text, and the database's own name for it.
    Other(String),
}

impl From<schema::Kind> for Holds {
    fn from(kind: schema::Kind) -> Self {
        match kind {
            schema::Kind::Integer => Self::Integer,
            schema::Kind::Flag => Self::Flag,
            schema::Kind::Json => Self::Json,
            schema::Kind::Bytes => Self::Bytes,
            _ => Self::Text,
        }
    }
}

/// A column that is copied.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// In the database that is read; `None` if it does not have the column, which is then empty.
    pub(crate) from: Option<Holds>,
    /// In the database that is written.
    pub(crate) to: Holds,
}

/// The columns of a table that are copied, in the order in which its rows have them here.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) table: String,
    pub(crate) all: Vec<Column>,
    /// Where the columns of the key are.
    pub(crate) key: Vec<usize>,
    /// Where each column is.
    positions: HashMap<String, usize>,
}

/// A row as it was read: a cell for each column.
pub(crate) type Cells = Vec<Cell>;

impl Columns {
    /// Returns the columns of one of our tables, of which the source has some.
    pub(crate) fn of_table(table: &schema::Table, is_there: impl Fn(&str) -> bool) -> Self {
        let column = |column: &schema::Column| Column {
            name: column.name.to_owned(),
            from: Some(column.kind.into()).filter(|_| is_there(column.name)),
            to: column.kind.into(),
        };
        let columns = table.columns.iter().filter(|column| column.name != schema::UNUSED_SINCE);
        Self::new(table.name, columns.map(column).collect(), table.key.split(", "))
    }

    /// Returns the columns of a table with a key.
    pub(crate) fn new<'a>(table: &str, all: Vec<Column>, key: impl Iterator<Item = &'a str>) -> Self {
        let mut columns =
            Self { table: table.to_owned(), all: Vec::new(), key: Vec::new(), positions: HashMap::new() };
        columns.extend(all);
        columns.key = key.filter_map(|name| columns.position(name)).collect();
        columns
    }

    /// Adds columns.
    pub(crate) fn extend(&mut self, more: Vec<Column>) {
        for column in more {
            self.positions.insert(column.name.clone(), self.all.len());
            self.all.push(column);
        }
    }

    /// Returns what stands between `SELECT` and `FROM` where the table is read that is copied from.
    pub(crate) fn select_from(&self, dialect: Dialect) -> String {
        self.select(|column| column.from.as_ref(), dialect)
    }

    /// And where the table is read that is copied to.
    pub(crate) fn select_to(&self, dialect: Dialect) -> String {
        self.select(|column| Some(&column.to), dialect)
    }

    fn select(&self, holds: impl Fn(&Column) -> Option<&Holds>, dialect: Dialect) -> String {
        let expression = |column: &Column| match holds(column) {
            None => "NULL".to_owned(),
            Some(Holds::Other(_)) => as_text(&quoted(&column.name), dialect),
            Some(_) => quoted(&column.name),
        };
        self.all.iter().map(expression).collect::<Vec<_>>().join(", ")
    }

    /// Returns the names of all columns as statements have them.
    pub(crate) fn quoted(&self) -> Vec<String> {
        self.all.iter().map(|column| quoted(&column.name)).collect()
    }

    /// Returns the names of the columns of the key as statements have them.
    pub(crate) fn quoted_key(&self) -> Vec<String> {
        self.key.iter().map(|at| quoted(&self.all[*at].name)).collect()
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Returns a cell by the name of its column.
    pub(crate) fn cell<'a>(&self, cells: &'a [Cell], name: &str) -> Option<&'a Cell> {
        self.position(name).and_then(|at| cells.get(at)).filter(|cell| **cell != Cell::Null)
    }

    /// Returns a text by the name of its column, empty if there is none.
    pub(crate) fn text<'a>(&self, cells: &'a [Cell], name: &str) -> &'a str {
        match self.cell(cells, name) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns those cells that a comma-separated list of columns names, as a row of a question for them would have them.
    pub(crate) fn pick(&self, cells: &[Cell], list: &str) -> Row {
        let cell = |name: &str| self.cell(cells, name.trim().trim_matches('"')).cloned().unwrap_or_default();
        Row(list.split(',').map(cell).collect())
    }

    /// Writes a value over the cell of a column, whose name may be quoted.
    pub(crate) fn set(&self, cells: &mut [Cell], name: &str, value: &Value<'_>) {
        self.put(cells, name, cell_of(value));
    }

    /// Writes over the cell of a column, whose name may be quoted.
    pub(crate) fn put(&self, cells: &mut [Cell], name: &str, cell: Cell) {
        if let Some(place) = self.position(name.trim_matches('"')).and_then(|at| cells.get_mut(at)) {
            *place = cell;
        }
    }

    /// Returns the cells as values for the database that is written.
    pub(crate) fn values(&self, cells: Cells, dialect: Dialect) -> Vec<Value<'static>> {
        self.all.iter().zip(cells).map(|(column, cell)| value(&column.to, cell, dialect)).collect()
    }

    /// Returns how many bytes a row has where it is read, nearly.
    pub(crate) fn size(&self, dialect: Dialect) -> String {
        let of = |column: &Column| match &column.from {
            Some(holds @ (Holds::Text | Holds::Json | Holds::Bytes)) => {
                let name = quoted(&column.name);
                let octets = match dialect {
                    Dialect::Postgres if *holds == Holds::Json => {
                        format!("OCTET_LENGTH(CAST({name} AS TEXT))")
                    }
                    Dialect::Sqlite | Dialect::Postgres => format!("OCTET_LENGTH({name})"),
                    Dialect::MySql | Dialect::ClickHouse => format!("LENGTH({name})"),
                };
                Some(format!("COALESCE({octets}, 0)"))
            }
            _ => None,
        };
        let sizes: Vec<String> = self.all.iter().filter_map(of).collect();
        format!(
            "{} + {}",
            self.all.len() * 8,
            if sizes.is_empty() { "0".to_owned() } else { sizes.join(" + ") }
        )
    }
}

/// Returns a name such that it is one whatever it is.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn as_text(expression: &str, dialect: Dialect) -> String {
    match dialect {
        // Its own types are what they are.
        Dialect::Sqlite => expression.to_owned(),
        Dialect::Postgres => format!("CAST({expression} AS TEXT)"),
        Dialect::MySql => format!("CAST({expression} AS CHAR)"),
        Dialect::ClickHouse => format!("toString({expression})"),
    }
}

/// Returns a cell as a value for a column that holds such.
pub(crate) fn value(holds: &Holds, cell: Cell, dialect: Dialect) -> Value<'static> {
    match holds {
        Holds::Text | Holds::Other(_) => Value::Text(text(cell).map(Into::into)),
        Holds::Json => Value::Json(text(cell).map(Into::into)),
        Holds::Flag => Value::Bool(integer(&cell).map(|flag| flag != 0)),
        Holds::Integer => match cell {
            // A column of SQLite holds anything; durations that Agno wrote have fractions.
            Cell::Real(number) if dialect == Dialect::Sqlite => Value::Real(number),
            cell => Value::Int(integer(&cell)),
        },
        Holds::Real => match cell {
            Cell::Real(number) => Value::Real(number),
            #[expect(clippy::cast_precision_loss, reason = "the column holds floats")]
            Cell::Int(number) => Value::Real(number as f64),
            cell => Value::Text(text(cell).map(Into::into)),
        },
        Holds::Bytes => match cell {
            Cell::Null => Value::Text(None),
            Cell::Bytes(bytes) => Value::Bytes(bytes.into()),
            cell => Value::Bytes(text(cell).unwrap_or_default().into_bytes().into()),
        },
    }
}

/// Returns a cell as text.
pub(crate) fn text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(text),
        Cell::Int(number) => Some(number.to_string()),
        // With a point or an exponent, so that it stays a float.
        Cell::Real(number) => Some(format!("{number:?}")),
        Cell::Bytes(bytes) => Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
    }
}

/// Returns a cell as a whole number; of one with a fraction the whole part.
pub(crate) fn integer(cell: &Cell) -> Option<i64> {
    Row(vec![cell.clone()]).int(0)
}

fn cell_of(value: &Value<'_>) -> Cell {
    match value {
        Value::Text(Some(text)) | Value::Json(Some(text)) => Cell::Text(text.clone().into_owned()),
        Value::Int(Some(number)) => Cell::Int(*number),
        Value::Bool(Some(flag)) => Cell::Int((*flag).into()),
        Value::Real(number) => Cell::Real(*number),
        Value::Bytes(bytes) => Cell::Bytes(bytes.clone().into_owned()),
        Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None) => Cell::Null,
    }
}

/// Reads rows of a table.
pub(crate) fn rows(
    session: &mut dyn Session,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<Cells>, crate::error::DatabaseError> {
    Ok(session.query(sql, values)?.into_iter().map(|Row(cells)| cells).collect())
}
