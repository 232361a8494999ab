//! Query parameters: read by hand, so that a wrong one gets an answer that says what is wrong and what would be right.

use std::collections::HashMap;

use serde_json::{Value, json};
use tracestead_model::UnixNanos;
use tracestead_model::query::{Comparison, Field, Filter, FilterValue};
use tracestead_store::SpanStore;

use crate::App;
use crate::error::ApiError;

/// The parameters of a request, as they came.
#[derive(Debug)]
pub(super) struct Params(HashMap<String, String>);

/// The fields that every list can be narrowed by, under their own names.
const EQUAL: [Field; 8] = [
    Field::RunId,
    Field::SessionId,
    Field::UserId,
    Field::AgentId,
    Field::TeamId,
    Field::WorkflowId,
    Field::Status,
    Field::TraceId,
];

impl Params {
    pub(super) fn new(params: HashMap<String, String>) -> Self {
        Self(params)
    }

    /// Returns a parameter that says something.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Returns a whole number of at least `least`, refused in the form AgentOS refuses one.
    pub(super) fn number(&self, name: &str, default: u64, least: u64) -> Result<u64, ApiError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse::<i64>().map_err(|_| {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            ApiError::unprocessable("int_parsing", ["query", name], message, &Value::from(text), &json!({}))
        })?;
        match u64::try_from(number) {
            Ok(number) if number >= least => Ok(number),
            _ => {
                let message = format!("Input should be greater than or equal to {least}");
                let context = json!({"ge": least});
                Err(ApiError::unprocessable(
                    "greater_than_equal",
                    ["query", name],
                    &message,
                    &Value::from(text),
                    &context,
                ))
            }
        }
    }

    /// Returns an instant; `+` that came unescaped, and so as a space, is forgiven.
    pub(super) fn time(&self, name: &str) -> Result<Option<UnixNanos>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let time = UnixNanos::from_iso(text).or_else(|error| match text.rsplit_once(' ') {
            Some((time, offset)) => UnixNanos::from_iso(&format!("{time}+{offset}")).map_err(|_| error),
            None => Err(error),
        });
        time.map(Some).map_err(|error| ApiError::bad_request(format!("Invalid {name}: {error}")))
    }

    /// Returns a truth value.
    pub(super) fn truth(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(text) => {
                Err(ApiError::bad_request(format!("Invalid {name}: `{text}` is neither true nor false")))
            }
        }
    }

    /// Returns what the parameters that name a field ask for.
    pub(super) fn equal(&self) -> Vec<Filter> {
        let asked = EQUAL.iter().filter_map(|field| Some((*field, self.text(field.as_str())?)));
        asked.map(|(field, text)| Filter::equals(field, text)).collect()
    }

    /// Returns the time range that is asked for: traces that start in it.
    pub(super) fn started(&self, until: Comparison) -> Result<Vec<Filter>, ApiError> {
        let bounds = [("start_time", Comparison::Gte), ("end_time", until)];
        let mut filters = Vec::new();
        for (name, comparison) in bounds {
            if let Some(time) = self.time(name)? {
                filters.push(Filter::Compare(Field::StartTime, comparison, FilterValue::Time(time)));
            }
        }
        Ok(filters)
    }

    /// Returns the database that is asked: the one of `db_id`, or the main one.
    pub(super) fn database<'a>(&self, app: &'a App) -> Result<&'a SpanStore, ApiError> {
        let Some(db_id) = self.text("db_id") else { return Ok(app.databases.main()) };
        let unknown = || ApiError::not_found(format!("No database found with id '{db_id}'"));
        app.databases.get(db_id).ok_or_else(unknown)
    }
}
