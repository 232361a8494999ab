//! What the tables of traces and spans are called in a database.

use std::borrow::Cow;

/// What the database calls the tables that our statements call `agno_traces` and `agno_spans`.
///
/// Agno's databases take other names (`SqliteDb(traces_table=…, spans_table=…)`), and then its tables are read and filled under
/// these. Everything else keeps its name: the tables and views of tracestead, of which a schema or a file has one each. So there
/// is one pair of tables to each schema or file; another pair is refused where one has been filled.
///
/// ```
/// use tracestead_store::TableNames;
///
/// let names = TableNames::new("shop_traces", "shop_spans")?;
/// assert_eq!(names.traces(), "shop_traces");
/// assert!(TableNames::new("shop-traces", "shop_spans").is_err());
/// # Ok::<(), tracestead_store::TableNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    traces: Cow<'static, str>,
    spans: Cow<'static, str>,
}

/// A table cannot be called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot call a table {name:?}: {reason}")]
pub struct TableNameError {
    name: String,
    reason: &'static str,
}

/// What our statements call them.
const TRACES: &str = "agno_traces";
const SPANS: &str = "agno_spans";

/// Agno's own.
pub(crate) const DEFAULT: TableNames =
    TableNames { traces: Cow::Borrowed(TRACES), spans: Cow::Borrowed(SPANS) };

/// Others of Agno's that we make.
const ALSO_THERE: [&str; 2] = ["agno_schema_versions", "agno_approvals"];

/// As long as any database takes it, with what is put behind it (`_local` on a cluster).
const MAX_LENGTH: usize = 48;

impl Default for TableNames {
    fn default() -> Self {
        DEFAULT
    }
}

impl TableNames {
    /// Takes names of up to 48 letters (of ASCII), digits and underscores that do not begin with a digit.
    pub fn new(traces: impl Into<String>, spans: impl Into<String>) -> Result<Self, TableNameError> {
        let (traces, spans) = (traces.into(), spans.into());
        check(&traces, SPANS)?;
        check(&spans, TRACES)?;
        if traces.eq_ignore_ascii_case(&spans) {
            return Err(TableNameError { name: spans, reason: "the table of traces is called so" });
        }
        Ok(Self { traces: traces.into(), spans: spans.into() })
    }

    /// Returns the name of the table of traces.
    #[must_use]
    pub fn traces(&self) -> &str {
        &self.traces
    }

    /// Returns the name of the table of spans.
    #[must_use]
    pub fn spans(&self) -> &str {
        &self.spans
    }

    /// Returns what the database calls a table of ours.
    pub(crate) fn of<'a>(&'a self, table: &'a str) -> &'a str {
        match table {
            TRACES => &self.traces,
            SPANS => &self.spans,
            _ => table,
        }
    }

    /// Returns what we call a table of the database; `None` if it has the name of another one of ours.
    pub(crate) fn ours<'a>(&self, found: &'a str) -> Option<&'a str> {
        match found {
            _ if found == self.traces => Some(TRACES),
            _ if found == self.spans => Some(SPANS),
            TRACES | SPANS => None,
            _ => Some(found),
        }
    }

    /// Returns a statement with the names that the database has. Doing it again changes nothing.
    pub(crate) fn put_into<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        if *self == DEFAULT || !sql.contains("agno_") {
            return Cow::Borrowed(sql);
        }
        let mut renamed = String::with_capacity(sql.len() + 64);
        let mut rest = sql;
        while let Some(start) = rest.find(is_of_word) {
            let (between, from_word) = rest.split_at(start);
            let end = from_word.find(|at| !is_of_word(at)).unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(end);
            renamed.push_str(between);
            // That of a cluster's server, which holds the rows.
            let (table, local) = word.strip_suffix("_local").map_or((word, ""), |table| (table, "_local"));
            let name = self.of(table);
            if name == table {
                renamed.push_str(word);
            } else if renamed.ends_with(['\'', '"', '`']) {
                renamed.extend([name, local]);
            } else {
                // It may be a word of SQL, or have capitals.
                renamed.extend(["\"", name, local, "\""]);
            }
            rest = after;
        }
        Cow::Owned(renamed + rest)
    }
}

fn is_of_word(at: char) -> bool {
    at.is_ascii_alphanumeric() || at == '_'
}

fn check(name: &str, other: &str) -> Result<(), TableNameError> {
    let is_like =
        |begin: &str| name.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin));
    let reason = if name.is_empty() || name.len() > MAX_LENGTH {
        "it needs 1 to 48 characters"
    } else if !name.chars().all(is_of_word) || name.starts_with(|first: char| first.is_ascii_digit()) {
        "only ASCII letters, digits and underscores can stand in it, no digit first"
    } else if name.eq_ignore_ascii_case(other) {
        "the other table is called so by default"
    } else if ["tracestead_", "sqlite_"].into_iter().chain(ALSO_THERE).any(is_like) {
        "another table may be called so"
    } else {
        return Ok(());
    };
    Err(TableNameError { name: name.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_any_database_takes() {
        for name in ["t", "Order", "_x9", "agno_traces", "agno_traces_2", &"a".repeat(48)] {
            assert!(TableNames::new(name, "spans").is_ok(), "{name}");
        }
        let wrong =
            ["", "9t", "a-b", "a b", "a\"b", "größe", "agno_spans", "Spans", "tracestead_x", "SQLITE_x"];
        for name in wrong.into_iter().chain([&*"a".repeat(49), "agno_schema_versions", "Agno_Approvals"]) {
            assert!(TableNames::new(name, "spans").is_err(), "{name}");
        }
    }

    #[test]
    fn names_are_put_into_statements_at_words() {
        let names = TableNames::new("order", "My_Spans").unwrap();
        for (sql, renamed) in [
            (
                "SELECT 1 FROM agno_spans s WHERE x = 'agno_spans'",
                "SELECT 1 FROM \"My_Spans\" s WHERE x = 'My_Spans'",
            ),
            ("agno_traces.a, \"ai\".agno_traces(b)", "\"order\".a, \"ai\".\"order\"(b)"),
            ("ALTER TABLE agno_spans_local ON", "ALTER TABLE \"My_Spans_local\" ON"),
            (
                "idx_agno_traces_x agno_traces_x agno_sessions",
                "idx_agno_traces_x agno_traces_x agno_sessions",
            ),
        ] {
            assert_eq!(names.put_into(sql), renamed);
            assert_eq!(names.put_into(renamed), renamed);
            assert_eq!(DEFAULT.put_into(sql), sql);
        }
    }

    #[test]
    fn tables_of_others_are_none_of_ours() {
        let names = TableNames::new("shop_traces", SPANS).unwrap();
        assert_eq!(names.ours("shop_traces"), Some(TRACES));
        assert_eq!(names.ours(SPANS), Some(SPANS));
        assert_eq!(names.ours(TRACES), None);
        assert_eq!(names.ours("agno_sessions"), Some("agno_sessions"));
        assert_eq!(names.of(TRACES), "shop_traces");
    }
}
