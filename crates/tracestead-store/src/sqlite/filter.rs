//! A filter as SQL. What it has to mean is `Filter::matches`.

use rusqlite::types::Value as Sql;
use tracestead_model::UnixNanos;
use tracestead_model::query::{Comparison, Field, FieldKind, Filter, FilterValue, microsecond};

/// A condition and the values of its `?`.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Sql>,
}

impl Condition {
    /// Returns the condition under which a trace is listed: it has our columns, and the filter matches.
    pub(super) fn of(filter: Option<&Filter>) -> Self {
        let mut condition = Self { sql: "start_time_ns IS NOT NULL".to_owned(), values: Vec::new() };
        match filter {
            // A plain list of conditions needs no brackets, which keeps plans readable.
            Some(Filter::And(filters)) => {
                for filter in filters {
                    condition.sql.push_str(" AND ");
                    condition.push(filter);
                }
            }
            Some(filter) => {
                condition.sql.push_str(" AND ");
                condition.push(filter);
            }
            None => {}
        }
        condition
    }

    pub(super) fn bind(&mut self, value: impl Into<Sql>) {
        self.values.push(value.into());
        self.sql.push('?');
    }

    fn push(&mut self, filter: &Filter) {
        match filter {
            Filter::And(filters) => self.push_list(filters, " AND ", "1"),
            Filter::Or(filters) => self.push_list(filters, " OR ", "0"),
            Filter::Not(filter) => {
                self.sql.push_str("NOT (");
                self.push(filter);
                self.sql.push(')');
            }
            Filter::Compare(field, comparison, FilterValue::Time(time)) if is_nanos(*field) => {
                self.push_time(*field, *comparison, *time);
            }
            Filter::Compare(field, comparison, value) => {
                self.sql.push_str(column(*field));
                self.sql.push_str(match comparison {
                    Comparison::Eq => " = ",
                    Comparison::Neq => " <> ",
                    Comparison::Gt => " > ",
                    Comparison::Gte => " >= ",
                    Comparison::Lt => " < ",
                    Comparison::Lte => " <= ",
                });
                self.bind(sql_value(value));
            }
            Filter::In(field, values) if is_nanos(*field) => {
                let each = |value: &FilterValue| Filter::Compare(*field, Comparison::Eq, value.clone());
                self.push_list(&values.iter().map(each).collect::<Vec<_>>(), " OR ", "0");
            }
            Filter::In(field, values) => {
                self.sql.push_str(column(*field));
                self.sql.push_str(" IN (");
                for (at, value) in values.iter().enumerate() {
                    self.sql.push_str(if at > 0 { ", " } else { "" });
                    self.bind(sql_value(value));
                }
                self.sql.push(')');
            }
            Filter::Contains(field, text) => self.push_like(*field, format!("%{}%", escape(text))),
            Filter::StartsWith(field, text) => self.push_like(*field, format!("{}%", escape(text))),
        }
    }

    fn push_list(&mut self, filters: &[Filter], separator: &str, of_none: &str) {
        if filters.is_empty() {
            self.sql.push_str(of_none);
            return;
        }
        self.sql.push('(');
        for (at, filter) in filters.iter().enumerate() {
            self.sql.push_str(if at > 0 { separator } else { "" });
            self.push(filter);
        }
        self.sql.push(')');
    }

    /// Users see and send microseconds; we keep nanoseconds.
    fn push_time(&mut self, field: Field, comparison: Comparison, time: UnixNanos) {
        let (first, last) = microsecond(time);
        let column = if field == Field::StartTime { "start_time_ns" } else { "end_time_ns" };
        self.sql.push_str(column);
        let (operator, bound) = match comparison {
            Comparison::Gt => (" > ", last),
            Comparison::Gte => (" >= ", first),
            Comparison::Lt => (" < ", first),
            Comparison::Lte => (" <= ", last),
            Comparison::Eq | Comparison::Neq => {
                self.sql.push_str(if comparison == Comparison::Neq { " NOT BETWEEN " } else { " BETWEEN " });
                self.bind(first);
                self.sql.push_str(" AND ");
                return self.bind(last);
            }
        };
        self.sql.push_str(operator);
        self.bind(bound);
    }

    fn push_like(&mut self, field: Field, pattern: String) {
        // SQLite's LIKE ignores the case of ASCII letters by itself.
        self.sql.push_str(field.as_str());
        self.sql.push_str(" LIKE ");
        self.bind(pattern);
        self.sql.push_str(" ESCAPE '/'");
    }
}

/// Agno's durations have fractions, which nobody is shown.
fn column(field: Field) -> &'static str {
    if field == Field::DurationMs { "CAST(duration_ms AS INTEGER)" } else { field.as_str() }
}

fn is_nanos(field: Field) -> bool {
    matches!(field, Field::StartTime | Field::EndTime) && field.kind() == FieldKind::Time
}

fn sql_value(value: &FilterValue) -> Sql {
    match value {
        FilterValue::Text(text) => Sql::Text(text.clone()),
        FilterValue::Number(number) => Sql::Real(*number),
        FilterValue::Time(time) => Sql::Text(time.to_agno()),
    }
}

fn escape(text: &str) -> String {
    text.replace('/', "//").replace('%', "/%").replace('_', "/_")
}
