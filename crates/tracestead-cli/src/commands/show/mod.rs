//! What `traces` and `spans` share: finding a trace, and rows for people and for programs.

mod find;
mod json;
mod text;
mod tree;
mod when;

pub(crate) use find::find_trace;
pub(crate) use json::{span_row, trace_row};
pub(crate) use text::{
    Table, clock_time, clock_times, columns, cut, duration, one_line, thousands, type_style,
};
pub(crate) use tree::{Line, lay_out};
pub(crate) use when::When;
