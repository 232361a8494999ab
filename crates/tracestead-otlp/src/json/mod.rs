//! OTLP/JSON to the model.
//!
//! proto3's JSON mapping leaves senders much freedom and senders take more, so every scalar is read by what it means and
//! not by its JSON type; see [`scalar`]. Visitors write straight into the model. Text inside errors never quotes text of
//! the input, because that may be a prompt: hence no visitor here leaves `visit_str` to serde's default.

mod envelope;
mod log;
mod object;
mod scalar;
mod span;
mod text;
mod value;

pub(crate) use envelope::{FromJson, decode};
