//! The crate from outside: real captures, generated items, and everything that can be wrong with a body.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod compression;
mod fixtures;
mod generate;
mod json_forms;
mod logs;
mod malformed;
mod reference;
mod round_trip;
