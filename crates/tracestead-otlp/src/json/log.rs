//! `LogRecord`.

use serde::de::MapAccess;

use super::envelope::FromJson;
use super::object::{Members, read_object, skip};
use super::scalar::{Scalar, next, next_id, next_u32, next_u64};
use super::text::next_text;
use super::value::{next_value, read_attributes};
use crate::draft::{LogDraft, optional_id};
use crate::fault::{Allowance, Fault};

impl FromJson for LogDraft {
    const BY_RESOURCE: [&'static str; 2] = ["resourceLogs", "resource_logs"];
    const OF_RESOURCE: &'static str = "an element of resourceLogs";
    const BY_SCOPE: [&'static str; 2] = ["scopeLogs", "scope_logs"];
    const OF_SCOPE: &'static str = "an element of scopeLogs";
    const ITEMS: [&'static str; 2] = ["logRecords", "log_records"];

    fn empty() -> Self {
        Self::new()
    }

    fn read(&mut self, json: &str, allowance: &mut Allowance) -> Result<(), Fault> {
        Ok(read_object(json, &mut LogMembers { draft: self, allowance })?)
    }
}

struct LogMembers<'a> {
    draft: &'a mut LogDraft,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for LogMembers<'_> {
    const WHAT: &'static str = "a log record";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        let Self { draft, allowance } = self;
        match key {
            b"traceId" | b"trace_id" => draft.trace_id = optional_id(next_id(map, "traceId")?),
            b"spanId" | b"span_id" => draft.span_id = optional_id(next_id(map, "spanId")?),
            b"flags" => draft.flags = next_u32(map, "flags")?,
            b"timeUnixNano" | b"time_unix_nano" => draft.time_ns = next_u64(map, "timeUnixNano")?,
            b"observedTimeUnixNano" | b"observed_time_unix_nano" => {
                draft.observed_time_ns = next_u64(map, "observedTimeUnixNano")?;
            }
            b"severityNumber" | b"severity_number" => {
                draft.severity_number = next(map, "severityNumber", Scalar::severity, "a severity number")?;
            }
            b"severityText" | b"severity_text" => draft.severity_text = next_text(map, allowance)?,
            b"eventName" | b"event_name" => draft.event_name = next_text(map, allowance)?,
            b"body" => draft.body = next_value(map, 0, allowance)?,
            b"attributes" => read_attributes(map, &mut draft.attributes, allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                draft.dropped_attributes_count = next_u32(map, "droppedAttributesCount")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
