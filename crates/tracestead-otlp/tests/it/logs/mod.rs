//! Log records, by the same tests as spans.

mod json_forms;
mod malformed;
mod round_trip;
mod write;
