//! Protobuf to the model, by the field numbers of opentelemetry-proto 1.x.

mod answer;
mod envelope;
mod log;
mod span;
mod value;
mod wire;

pub use answer::{PartialSuccess, decode_export_response};
pub(crate) use envelope::{FromProtobuf, decode};
