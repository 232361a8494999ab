//! `LogRecord`.

use tracestead_model::{SpanId, TraceId};

use super::envelope::FromProtobuf;
use super::value::{read_attribute, read_value};
use super::wire::{Fields, Payload, WRONG_TYPE, enumeration, text, u32};
use crate::draft::{LogDraft, optional_id, severity};
use crate::fault::{Allowance, Fault};

impl FromProtobuf for LogDraft {
    const REQUEST: &'static str = "ExportLogsServiceRequest";
    const OF_RESOURCE: &'static str = "ResourceLogs";
    const OF_SCOPE: &'static str = "ScopeLogs";

    fn empty() -> Self {
        Self::new()
    }

    fn read(&mut self, message: &[u8], allowance: &mut Allowance) -> Result<(), Fault> {
        let mut fields = Fields::of(message);
        while let Some((number, payload)) = fields.next()? {
            match (number, payload) {
                (1, Payload::Fixed64(nanos)) => self.time_ns = nanos,
                (2, Payload::Varint(number)) => self.severity_number = severity(enumeration(number)),
                (3, Payload::Bytes(bytes)) => self.severity_text = text("severity_text", bytes)?,
                (5, Payload::Bytes(bytes)) => read_value(bytes, &mut self.body, 0, allowance)?,
                (6, Payload::Bytes(bytes)) => read_attribute(bytes, &mut self.attributes, allowance)?,
                (7, Payload::Varint(count)) => self.dropped_attributes_count = u32(count),
                (8, Payload::Fixed32(flags)) => self.flags = flags,
                (9, Payload::Bytes(bytes)) => self.trace_id = optional_id(TraceId::from_bytes(bytes)),
                (10, Payload::Bytes(bytes)) => self.span_id = optional_id(SpanId::from_bytes(bytes)),
                (11, Payload::Fixed64(nanos)) => self.observed_time_ns = nanos,
                (12, Payload::Bytes(bytes)) => self.event_name = text("event_name", bytes)?,
                (1..=3 | 5..=12, _) => return Err(WRONG_TYPE),
                // 4 was a name, given up in 2022.
                _ => {}
            }
        }
        Ok(())
    }
}
