//! Failures with their stack.

use crate::conventions::langfuse;
use crate::facts::reader::Reader;
use crate::{Attributes, StatusCode};

use super::Exception;

/// Reads the last exception that was recorded: as an event, as a log record (which then is an event), as attributes, or
/// as no more than the status of a failed span. Agno's failed tools say no more.
pub(super) fn exception(reader: &Reader<'_>) -> Option<Exception> {
    let has_exception = |attributes: &Attributes| {
        ["exception.type", "exception.message"].iter().any(|key| attributes.text(key).is_some())
    };
    let events = reader.source.events.iter().rev();
    let recorded = events
        .clone()
        .find(|event| event.name == "exception")
        .or_else(|| events.clone().find(|event| has_exception(&event.attributes)))
        .map(|event| &event.attributes);
    let source =
        recorded.or_else(|| has_exception(reader.source.attributes).then_some(reader.source.attributes));
    if let Some(source) = source {
        let text = |key: &str| source.text(key).map(str::to_owned);
        return Some(Exception {
            exception_type: text("exception.type"),
            message: text("exception.message"),
            stacktrace: text("exception.stacktrace"),
        });
    }
    let error_type = reader.text("error.type").map(str::to_owned);
    if reader.source.status_code != StatusCode::Error && error_type.is_none() {
        return None;
    }
    let message = Some(reader.source.status_message).filter(|message| !message.is_empty());
    let message = message.or_else(|| reader.text(langfuse::STATUS_MESSAGE)).map(str::to_owned);
    (message.is_some() || error_type.is_some()).then_some(Exception {
        exception_type: error_type,
        message,
        stacktrace: None,
    })
}
