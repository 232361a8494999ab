//! A copy has what its source has, whatever happens on the way.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod agno;
#[path = "../support/captures.rs"]
mod captures;
mod catalog;
mod cut;
mod files;
#[path = "../support/logs.rs"]
mod logs;
mod merged;
#[expect(dead_code, reason = "another suite uses all of it")]
#[path = "../support/place.rs"]
mod place;
mod ring;
mod source;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/traces.rs"]
mod traces;
mod values;
