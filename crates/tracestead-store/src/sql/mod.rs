//! What is common to the SQL of all databases: values, rows, and the words in which they differ.
//!
//! A statement is written once, with a `?` for each value in the order of the values. A session makes of it what its
//! database expects. No value is ever part of the text.

mod condition;
mod dialect;
mod iso;
mod json;
mod row;
mod value;

pub(crate) use condition::Condition;
pub(crate) use dialect::Dialect;
pub(crate) use json::for_jsonb;
pub(crate) use row::{Cell, Row};
pub(crate) use value::{MAX_LIST, Value, in_list, of_traces};
