//! Agno's filter expressions, read with exact validation.

use serde_json::{Map, Value as Json};

use crate::UnixNanos;

/// How deep expressions may nest; the outermost is level 0.
pub const MAX_FILTER_DEPTH: usize = 10;

/// What of a trace can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `trace_id`
    TraceId,
    /// `name`
    Name,
    /// `status`
    Status,
    /// `start_time`
    StartTime,
    /// `end_time`
    EndTime,
    /// `duration_ms`
    DurationMs,
    /// `run_id`
    RunId,
    /// `session_id`
    SessionId,
    /// `user_id`
    UserId,
    /// `agent_id`
    AgentId,
    /// `team_id`
    TeamId,
    /// `workflow_id`
    WorkflowId,
    /// `created_at`
    CreatedAt,
    /// Whether an agent ran in it. Ours: not a key of Agno's expressions.
    HasAgentSpans,
}

/// What values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text, perhaps absent.
    Text,
    /// An instant.
    Time,
    /// A whole number.
    Number,
}

impl Field {
    /// The fields of Agno's expressions, in the order its error messages list them.
    pub const ASKABLE: [Self; 13] = [
        Self::TraceId,
        Self::Name,
        Self::Status,
        Self::StartTime,
        Self::EndTime,
        Self::DurationMs,
        Self::RunId,
        Self::SessionId,
        Self::UserId,
        Self::AgentId,
        Self::TeamId,
        Self::WorkflowId,
        Self::CreatedAt,
    ];

    /// Returns the name of the field, which is that of its column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TraceId => "trace_id",
            Self::Name => "name",
            Self::Status => "status",
            Self::StartTime => "start_time",
            Self::EndTime => "end_time",
            Self::DurationMs => "duration_ms",
            Self::RunId => "run_id",
            Self::SessionId => "session_id",
            Self::UserId => "user_id",
            Self::AgentId => "agent_id",
            Self::TeamId => "team_id",
            Self::WorkflowId => "workflow_id",
            Self::CreatedAt => "created_at",
            Self::HasAgentSpans => "has_agent_spans",
        }
    }

    /// Returns what values the field has.
    #[must_use]
    pub fn kind(self) -> FieldKind {
        match self {
            Self::StartTime | Self::EndTime | Self::CreatedAt => FieldKind::Time,
            Self::DurationMs | Self::HasAgentSpans => FieldKind::Number,
            _ => FieldKind::Text,
        }
    }
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal, case counts.
    Eq,
    /// Not equal; an absent field is neither.
    Neq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterValue {
    /// Text.
    Text(String),
    /// An instant, meant to the microsecond: what users see and send.
    Time(UnixNanos),
    /// A number.
    Number(f64),
}

/// A condition on traces. An absent field makes a comparison unknown, as in SQL: neither it nor its `NOT` matches.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these.
    And(Vec<Filter>),
    /// Any of these.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The field compares with the value.
    Compare(Field, Comparison, FilterValue),
    /// The field is one of the values.
    In(Field, Vec<FilterValue>),
    /// The text field contains the text, any case.
    Contains(Field, String),
    /// The text field starts with the text, any case.
    StartsWith(Field, String),
}

/// Why an expression is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the texts say it")]
pub enum InvalidFilter {
    #[error("Filter expression exceeds maximum nesting depth of {MAX_FILTER_DEPTH}")]
    TooDeep,
    #[error("Filter must be an object, got {0}")]
    NotAnObject(&'static str),
    #[error(
        "Filter must have an 'op' key with one of EQ, NEQ, GT, GTE, LT, LTE, CONTAINS, STARTSWITH, IN, AND, OR, NOT"
    )]
    NoOperator,
    #[error("Unknown filter operator: {0}")]
    UnknownOperator(String),
    #[error("{operator} filter requires '{key}'")]
    Missing { operator: String, key: &'static str },
    #[error("{operator} filter requires '{key}' to be a list of at least one")]
    NotAList { operator: String, key: &'static str },
    #[error(
        "Invalid filter key: '{0}'. Allowed keys: trace_id, name, status, start_time, end_time, duration_ms, run_id, session_id, user_id, agent_id, team_id, workflow_id, created_at"
    )]
    UnknownKey(String),
    #[error("{operator} on '{key}' requires {expected}, got {actual}")]
    WrongValue { operator: String, key: &'static str, expected: &'static str, actual: String },
    #[error("{operator} does not apply to '{key}', which is not text")]
    NotText { operator: String, key: &'static str },
}

impl Filter {
    /// Returns the filter that asks for `field` to equal `text`.
    #[must_use]
    pub fn equals(field: Field, text: impl Into<String>) -> Self {
        Self::Compare(field, Comparison::Eq, FilterValue::Text(text.into()))
    }

    /// Returns the filter that asks for all of `filters`; `None` if there are none.
    #[must_use]
    pub fn all(mut filters: Vec<Self>) -> Option<Self> {
        match filters.len() {
            0 => None,
            1 => filters.pop(),
            _ => Some(Self::And(filters)),
        }
    }

    /// Reads an expression as Agno's `POST /traces/search` takes it. `null` and `{}` ask for everything.
    pub fn from_json(json: &Json) -> Result<Option<Self>, InvalidFilter> {
        match json {
            Json::Null => Ok(None),
            Json::Object(map) if map.is_empty() => Ok(None),
            json => read(json, 0).map(Some),
        }
    }
}

fn read(json: &Json, depth: usize) -> Result<Filter, InvalidFilter> {
    if depth > MAX_FILTER_DEPTH {
        return Err(InvalidFilter::TooDeep);
    }
    let map = json.as_object().ok_or_else(|| InvalidFilter::NotAnObject(type_of(json)))?;
    let operator = map.get("op").and_then(Json::as_str).ok_or(InvalidFilter::NoOperator)?;
    match operator {
        "AND" | "OR" => {
            let conditions = list(map, operator, "conditions")?;
            let conditions =
                conditions.iter().map(|json| read(json, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            Ok(if operator == "AND" { Filter::And(conditions) } else { Filter::Or(conditions) })
        }
        "NOT" => {
            let condition = map.get("condition").ok_or_else(|| missing(operator, "condition"))?;
            Ok(Filter::Not(Box::new(read(condition, depth + 1)?)))
        }
        "EQ" => compare(map, operator, Comparison::Eq),
        "NEQ" => compare(map, operator, Comparison::Neq),
        "GT" => compare(map, operator, Comparison::Gt),
        "GTE" => compare(map, operator, Comparison::Gte),
        "LT" => compare(map, operator, Comparison::Lt),
        "LTE" => compare(map, operator, Comparison::Lte),
        "CONTAINS" => text_match(map, operator).map(|(field, text)| Filter::Contains(field, text)),
        "STARTSWITH" => text_match(map, operator).map(|(field, text)| Filter::StartsWith(field, text)),
        "IN" => {
            let field = field(map, operator)?;
            let values = map.get("values").ok_or_else(|| missing(operator, "values"))?;
            let values = values.as_array().ok_or_else(|| not_a_list(operator, "values"))?;
            let values =
                values.iter().map(|json| value(json, operator, field)).collect::<Result<Vec<_>, _>>()?;
            Ok(Filter::In(field, values))
        }
        _ => Err(InvalidFilter::UnknownOperator(operator.chars().take(64).collect())),
    }
}

fn compare(map: &Map<String, Json>, operator: &str, comparison: Comparison) -> Result<Filter, InvalidFilter> {
    let field = field(map, operator)?;
    let json = map.get("value").ok_or_else(|| missing(operator, "value"))?;
    Ok(Filter::Compare(field, comparison, value(json, operator, field)?))
}

fn text_match(map: &Map<String, Json>, operator: &str) -> Result<(Field, String), InvalidFilter> {
    let field = field(map, operator)?;
    if field.kind() != FieldKind::Text {
        return Err(InvalidFilter::NotText { operator: operator.to_owned(), key: field.as_str() });
    }
    let json = map.get("value").ok_or_else(|| missing(operator, "value"))?;
    match value(json, operator, field)? {
        FilterValue::Text(text) => Ok((field, text)),
        _ => Err(InvalidFilter::NotText { operator: operator.to_owned(), key: field.as_str() }),
    }
}

fn field(map: &Map<String, Json>, operator: &str) -> Result<Field, InvalidFilter> {
    let key = map.get("key").and_then(Json::as_str).ok_or_else(|| missing(operator, "key"))?;
    let unknown = || InvalidFilter::UnknownKey(key.chars().take(64).collect());
    Field::ASKABLE.into_iter().find(|field| field.as_str() == key).ok_or_else(unknown)
}

fn value(json: &Json, operator: &str, field: Field) -> Result<FilterValue, InvalidFilter> {
    let wrong = |expected| InvalidFilter::WrongValue {
        operator: operator.to_owned(),
        key: field.as_str(),
        expected,
        actual: json.to_string().chars().take(64).collect(),
    };
    match field.kind() {
        FieldKind::Text => {
            json.as_str().map(|text| FilterValue::Text(text.to_owned())).ok_or_else(|| wrong("text"))
        }
        FieldKind::Number => {
            // Agno's own clients send numbers as text as well.
            let number = json.as_f64().or_else(|| json.as_str().and_then(|text| text.trim().parse().ok()));
            number
                .filter(|number| number.is_finite())
                .map(FilterValue::Number)
                .ok_or_else(|| wrong("a number"))
        }
        FieldKind::Time => {
            let expected = "an ISO 8601 time such as 2026-11-21T00:31:08Z";
            let time = json.as_str().and_then(|text| UnixNanos::from_iso(text).ok());
            time.map(FilterValue::Time).ok_or_else(|| wrong(expected))
        }
    }
}

fn list<'a>(
    map: &'a Map<String, Json>,
    operator: &str,
    key: &'static str,
) -> Result<&'a [Json], InvalidFilter> {
    match map.get(key) {
        None => Err(missing(operator, key)),
        Some(Json::Array(items)) if !items.is_empty() => Ok(items),
        Some(_) => Err(not_a_list(operator, key)),
    }
}

fn missing(operator: &str, key: &'static str) -> InvalidFilter {
    InvalidFilter::Missing { operator: operator.to_owned(), key }
}

fn not_a_list(operator: &str, key: &'static str) -> InvalidFilter {
    InvalidFilter::NotAList { operator: operator.to_owned(), key }
}

fn type_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(json: &Json) -> String {
        Filter::from_json(json).unwrap_err().to_string()
    }

    fn nested(levels: usize) -> Json {
        (0..levels).fold(
            json!({"op": "EQ", "key": "status", "value": "OK"}),
            |inner, _| json!({"op": "NOT", "condition": inner}),
        )
    }

    #[test]
    fn expressions_are_read() {
        assert_eq!(Filter::from_json(&Json::Null), Ok(None));
        assert_eq!(Filter::from_json(&json!({})), Ok(None));
        let bob = json!({"op": "EQ", "key": "user_id", "value": "bob"});
        assert_eq!(Filter::from_json(&bob), Ok(Some(Filter::equals(Field::UserId, "bob"))));
        let empty = json!({"op": "IN", "key": "user_id", "values": []});
        assert_eq!(Filter::from_json(&empty), Ok(Some(Filter::In(Field::UserId, vec![]))));
        assert!(Filter::from_json(&nested(10)).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(error(&nested(11)), "Filter expression exceeds maximum nesting depth of 10");
        assert_eq!(error(&json!([])), "Filter must be an object, got a list");
        assert_eq!(
            error(&json!({"op": "eq", "key": "status", "value": "OK"})),
            "Unknown filter operator: eq"
        );
        assert_eq!(error(&json!({"op": "EQ", "value": "OK"})), "EQ filter requires 'key'");
        assert_eq!(error(&json!({"op": "EQ", "key": "status"})), "EQ filter requires 'value'");
        assert_eq!(
            error(&json!({"op": "AND", "conditions": []})),
            "AND filter requires 'conditions' to be a list of at least one"
        );
        assert_eq!(
            error(&json!({"op": "IN", "key": "user_id", "values": "bob"})),
            "IN filter requires 'values' to be a list of at least one"
        );
        assert_eq!(
            error(&json!({"op": "EQ", "key": "user_id", "value": null})),
            "EQ on 'user_id' requires text, got null"
        );
        assert_eq!(
            error(&json!({"op": "GT", "key": "duration_ms", "value": "abc"})),
            "GT on 'duration_ms' requires a number, got \"abc\""
        );
        assert_eq!(
            error(&json!({"op": "CONTAINS", "key": "start_time", "value": "x"})),
            "CONTAINS does not apply to 'start_time', which is not text"
        );
        assert!(
            error(&json!({"op": "EQ", "key": "total_spans", "value": 2}))
                .starts_with("Invalid filter key: 'total_spans'. Allowed keys: trace_id,")
        );
    }
}
