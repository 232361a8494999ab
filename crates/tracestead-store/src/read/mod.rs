//! Questions and their answers.

mod sessions;
mod spans;
mod traces;

pub use spans::SpanQuery;
