//! How far a copy has come, kept in the target together with what was copied.

use serde_json::{Value as Json, json};
use tracestead_model::UnixNanos;

use crate::DatabaseUrl;
use crate::error::DatabaseError;
use crate::session::{Conflict, Insert, Session};
use crate::sql::{Cell, Value};

/// Where a copy goes on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Position {
    /// The table that is being copied; of traces and spans `agno_traces`. None at the beginning.
    pub(crate) table: Option<String>,
    /// The key of the last row of it that was copied.
    pub(crate) after: Vec<Cell>,
    /// What was gone through so far.
    pub(crate) traces: u64,
    pub(crate) spans: u64,
    pub(crate) rows: u64,
}

const TABLE: &str = "tracestead_progress";

/// Returns the name under which the place of a copy from `source` is kept.
pub(crate) fn name(source: &DatabaseUrl) -> String {
    // Of a file the path decides, whatever folder it was named from.
    let source = match source {
        DatabaseUrl::Sqlite(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            DatabaseUrl::Sqlite(path).to_string()
        }
        server => server.to_string(),
    };
    format!("copy:{}", &blake3::hash(source.as_bytes()).to_hex()[..32])
}

/// Says whether a copy has been begun, from whatever database, that has not come to its end.
pub(crate) fn is_under_way(session: &mut dyn Session) -> Result<bool, DatabaseError> {
    let from = session.dialect().from(TABLE);
    let sql = format!("SELECT position FROM {from} WHERE name LIKE 'copy:%'");
    let found = session.query(&sql, &[])?;
    let positions = found.into_iter().filter_map(|mut row| Position::from_text(&row.required(0)));
    Ok(positions.into_iter().any(|position| position.table.is_some()))
}

impl Position {
    pub(crate) fn read(session: &mut dyn Session, name: &str) -> Result<Self, DatabaseError> {
        let from = session.dialect().from(TABLE);
        let sql = format!("SELECT position FROM {from} WHERE name = ?");
        let found = session.query(&sql, &[Value::text(name)])?.pop().and_then(|mut row| row.text(0));
        // A text that another version of ours wrote and this one cannot read begins anew, which does no harm.
        Ok(found.and_then(|text| Self::from_text(&text)).unwrap_or_default())
    }

    pub(crate) fn write(
        &self,
        session: &mut dyn Session,
        name: &str,
        now: UnixNanos,
    ) -> Result<(), DatabaseError> {
        let row = vec![Value::text(name), Value::from(self.to_text()), Value::from(now.to_agno())];
        let columns = ["name", "position", "updated_at"];
        let insert = Insert {
            table: TABLE,
            columns: &columns,
            conflict: Conflict::Replace { key: "name", kept: &[] },
        };
        session.insert(&insert, &[row]).map(|_| ())
    }

    fn to_text(&self) -> String {
        let after: Vec<Json> = self
            .after
            .iter()
            .map(|cell| match cell {
                Cell::Int(number) => Json::from(*number),
                cell => super::columns::text(cell.clone()).map_or(Json::Null, Json::from),
            })
            .collect();
        json!({
            "table": self.table, "after": after, "traces": self.traces, "spans": self.spans, "rows": self.rows,
        })
        .to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let number = |key: &str| json.get(key).and_then(Json::as_u64);
        let cell = |json: &Json| match json {
            Json::Number(number) => number.as_i64().map(Cell::Int),
            Json::String(text) => Some(Cell::Text(text.clone())),
            _ => None,
        };
        let after: Option<Vec<Cell>> = json.get("after")?.as_array()?.iter().map(cell).collect();
        Some(Self {
            table: json.get("table")?.as_str().map(str::to_owned),
            after: after?,
            traces: number("traces")?,
            spans: number("spans")?,
            rows: number("rows")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again() {
        let position = Position {
            table: Some("agno_runs".to_owned()),
            after: vec![Cell::Text("a\"é".to_owned()), Cell::Int(-3)],
            traces: 1,
            spans: 2,
            rows: 3,
        };
        assert_eq!(Position::from_text(&position.to_text()), Some(position));
        assert_eq!(Position::from_text(&Position::default().to_text()), Some(Position::default()));
        assert_eq!(Position::from_text("{}"), None);
    }
}
