//! Questions and their answers.

mod attached;
#[cfg(test)]
mod plans;
mod sessions;
mod spans;
mod traces;

pub(crate) use attached::{Attached, fill_traces};
pub use spans::SpanQuery;
