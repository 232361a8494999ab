//! Questions and their answers.

#[cfg(test)]
mod plans;
mod sessions;
mod spans;
mod traces;

pub use spans::SpanQuery;
