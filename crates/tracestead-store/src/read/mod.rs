//! Questions and their answers.

mod attached;
#[cfg(test)]
mod plans;
mod sessions;
mod spans;
mod traces;

pub(crate) use attached::Attached;
pub use spans::SpanQuery;
