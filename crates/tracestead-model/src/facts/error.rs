//! Whether a span failed, and with what.

use crate::StatusCode;
use crate::conventions::{langfuse, rig, strands};

use super::reader::{Reader, clean};

/// The type of a failure of which nobody said more, as OpenTelemetry's conventions have it.
const OTHER: &str = "_OTHER";

/// Reads the type of the error, if the span failed: its status says so, it names an error's type, or the framework's own
/// attributes do. An exception that was recorded is not enough: it may have been caught.
pub(super) fn error_type(reader: &Reader<'_>) -> Option<String> {
    let says = |key: &str, words: &[&str]| {
        reader.text(key).is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    let said = reader.text("error.type").or_else(|| reader.text(rig::TOOL_ERROR_TYPE));
    // Semantic Kernel prints the class, Mastra does not know it.
    let named = said.map(bare_class).filter(|named| !matches!(*named, "unknown" | OTHER));
    let failed = reader.source.status_code == StatusCode::Error
        || said.is_some()
        || says(strands::TOOL_STATUS, &["error"])
        || says(rig::TOOL_OUTCOME, &["error", "failure", "failed"])
        || says(langfuse::LEVEL, &["error"]);
    if !failed {
        return None;
    }
    let recorded = || {
        let mut events = reader.source.events.iter().rev();
        // As log records exceptions have other names.
        let exception = events.find_map(|event| event.attributes.text("exception.type"));
        exception.or_else(|| reader.text("exception.type"))
    };
    Some(clean(named.or_else(recorded).unwrap_or(OTHER)))
}

/// Returns the name within Python's `<class '…'>`.
fn bare_class(said: &str) -> &str {
    said.strip_prefix("<class '").and_then(|rest| rest.strip_suffix("'>")).unwrap_or(said)
}
