//! A filter as SQL. What it has to mean is `Filter::matches`.

use std::fmt::Write as _;

use tracestead_model::UnixNanos;
use tracestead_model::query::{Comparison, Field, FieldKind, Filter, FilterValue, microsecond};

use super::{Dialect, Value};

/// A condition and the values of its `?`.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value<'static>>,
    dialect: Dialect,
}

impl Condition {
    /// Returns the condition under which a trace is listed: it has our columns, and the filter matches.
    pub(crate) fn of(filter: Option<&Filter>, dialect: Dialect) -> Self {
        let mut condition = Self { sql: "start_time_ns IS NOT NULL".to_owned(), values: Vec::new(), dialect };
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

    pub(crate) fn bind(&mut self, value: impl Into<Value<'static>>) {
        self.values.push(value.into());
        self.sql.push('?');
    }

    fn push(&mut self, filter: &Filter) {
        match filter {
            Filter::And(filters) => self.push_list(filters, " AND ", "1 = 1"),
            Filter::Or(filters) => self.push_list(filters, " OR ", "1 = 0"),
            Filter::Not(filter) => {
                self.sql.push_str("NOT (");
                self.push(filter);
                self.sql.push(')');
            }
            Filter::Compare(field, comparison, FilterValue::Time(time)) if is_nanos(*field) => {
                self.push_time(*field, *comparison, *time);
            }
            Filter::Compare(field, comparison, value) => self.push_compare(*field, *comparison, value),
            // ClickHouse says of nothing that it is not in a list, others say nothing of it.
            Filter::In(field, values)
                if values.is_empty()
                    || is_nanos(*field)
                    || matches!(self.dialect, Dialect::MySql | Dialect::ClickHouse) =>
            {
                let each = |value: &FilterValue| Filter::Compare(*field, Comparison::Eq, value.clone());
                self.push_list(&values.iter().map(each).collect::<Vec<_>>(), " OR ", "1 = 0");
            }
            Filter::In(field, values) => {
                self.sql.push_str(&self.column(*field));
                self.sql.push_str(" IN (");
                for (at, value) in values.iter().enumerate() {
                    self.sql.push_str(if at > 0 { ", " } else { "" });
                    self.bind(sql_value(value));
                }
                self.sql.push(')');
            }
            Filter::Contains(field, text) => self.push_like(*field, text, false),
            Filter::StartsWith(field, text) => self.push_like(*field, text, true),
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

    fn push_compare(&mut self, field: Field, comparison: Comparison, value: &FilterValue) {
        let operator = match comparison {
            Comparison::Eq => " = ",
            Comparison::Neq => " <> ",
            Comparison::Gt => " > ",
            Comparison::Gte => " >= ",
            Comparison::Lt => " < ",
            Comparison::Lte => " <= ",
        };
        let column = self.column(field);
        // Equal is equal in any order, and a plain column is what the index has.
        let is_equality = matches!(comparison, Comparison::Eq | Comparison::Neq);
        let ordered = !is_equality && field.kind() != FieldKind::Number;
        let exact = self.dialect.bytes_order(&column);
        let is_text = field.kind() != FieldKind::Number;
        if is_text && self.dialect == Dialect::MySql && comparison == Comparison::Eq {
            // The plain column finds the place in the index, the bytes decide.
            self.sql.extend(["(", &column, " = "]);
            self.bind(sql_value(value));
            self.sql.extend([" AND ", &exact, " = "]);
            self.bind(sql_value(value));
            return self.sql.push(')');
        }
        let is_exact = ordered || (is_text && self.dialect == Dialect::MySql);
        self.sql.push_str(if is_exact { &exact } else { &column });
        self.sql.push_str(operator);
        self.bind(sql_value(value));
    }

    /// Users see and send microseconds; we keep nanoseconds.
    fn push_time(&mut self, field: Field, comparison: Comparison, time: UnixNanos) {
        let (first, last) = microsecond(time);
        if field == Field::StartTime && self.dialect == Dialect::ClickHouse {
            return self.push_start_time(comparison, first, last);
        }
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

    /// The key there is the negative of the time.
    fn push_start_time(&mut self, comparison: Comparison, first: i64, last: i64) {
        let (operator, bound) = match comparison {
            Comparison::Gt => (" < ", last),
            Comparison::Gte => (" <= ", first),
            Comparison::Lt => (" > ", first),
            Comparison::Lte => (" >= ", last),
            Comparison::Eq | Comparison::Neq => {
                let is_not = if comparison == Comparison::Neq { "NOT " } else { "" };
                self.sql.extend(["newest_first ", is_not, "BETWEEN "]);
                self.bind(-last);
                self.sql.push_str(" AND ");
                return self.bind(-first);
            }
        };
        self.sql.push_str("newest_first");
        self.sql.push_str(operator);
        self.bind(-bound);
    }

    /// The case of ASCII letters does not matter, that of others does: what every database can do.
    fn push_like(&mut self, field: Field, text: &str, from_start: bool) {
        let column = field.as_str();
        let pattern = |text: &str| format!("{}{}%", if from_start { "" } else { "%" }, escape(text));
        let (head, tail, pattern) = match self.dialect {
            // LIKE ignores the case of ASCII letters by itself.
            Dialect::Sqlite => (format!("{column} LIKE "), " ESCAPE '/'", pattern(text)),
            Dialect::Postgres => {
                let head = format!("lower({column} COLLATE \"C\") LIKE ");
                (head, " ESCAPE '/'", pattern(&text.to_ascii_lowercase()))
            }
            // Lower case there is that of Unicode.
            Dialect::MySql => {
                let head = format!("CONVERT({column} USING utf8mb4) COLLATE utf8mb4_bin REGEXP ");
                (head, "", regex(text, from_start))
            }
            Dialect::ClickHouse if from_start => {
                let head = format!("startsWith(lower({column}), ");
                (head, ")", text.to_ascii_lowercase())
            }
            Dialect::ClickHouse => {
                (format!("position(lower({column}), "), ") > 0", text.to_ascii_lowercase())
            }
        };
        self.sql.push_str(&head);
        self.bind(pattern);
        self.sql.push_str(tail);
    }

    fn column(&self, field: Field) -> String {
        match field {
            // Agno's durations have fractions, which nobody is shown.
            Field::DurationMs => self.dialect.whole("duration_ms"),
            Field::HasAgentSpans => self.dialect.flag("has_agent_spans"),
            field => field.as_str().to_owned(),
        }
    }
}

fn is_nanos(field: Field) -> bool {
    matches!(field, Field::StartTime | Field::EndTime) && field.kind() == FieldKind::Time
}

fn sql_value(value: &FilterValue) -> Value<'static> {
    match value {
        FilterValue::Text(text) => Value::from(text.clone()),
        FilterValue::Number(number) => Value::Real(*number),
        FilterValue::Time(time) => Value::from(time.to_agno()),
    }
}

fn escape(text: &str) -> String {
    text.replace('/', "//").replace('%', "/%").replace('_', "/_")
}

/// Returns the text as a regular expression that ignores the case of ASCII letters.
fn regex(text: &str, from_start: bool) -> String {
    let mut regex = String::from(if from_start { "^" } else { "" });
    for character in text.chars() {
        if character.is_ascii_alphabetic() {
            let (lower, upper) = (character.to_ascii_lowercase(), character.to_ascii_uppercase());
            let _ = write!(regex, "[{lower}{upper}]");
        } else if character.is_ascii_punctuation() {
            regex.extend(['\\', character]);
        } else {
            regex.push(character);
        }
    }
    regex
}
