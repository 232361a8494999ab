//! Questions and their answers.

mod attached;
mod sessions;
mod spans;
mod traces;

pub(crate) use attached::Attached;
pub use spans::SpanQuery;
