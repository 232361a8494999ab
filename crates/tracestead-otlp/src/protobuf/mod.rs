//! Protobuf to the model, by the field numbers of opentelemetry-proto 1.x.

mod envelope;
mod log;
mod span;
mod value;
mod wire;

pub(crate) use envelope::{FromProtobuf, decode};
