//! Spans as an `ExportTraceServiceRequest`.

mod group;
mod json;
mod protobuf;

pub use json::encode_traces_json;
pub use protobuf::encode_traces;
pub(crate) use protobuf::{message, text, varint};
