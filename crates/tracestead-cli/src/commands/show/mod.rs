//! What `traces` and `spans` share: finding a trace, and rows for people and for programs.

mod cost;
mod find;
mod json;
mod said;
mod text;
mod tree;
mod when;

pub(crate) use cost::{span_cost, trace_cost};
pub(crate) use find::find_trace;
pub(crate) use json::{span_row, trace_row};
pub(crate) use said::{about, called, failure};
pub(crate) use text::{
    Table, clock_time, clock_times, columns, counted, cut, duration, one_line, thousands, type_style,
};
pub(crate) use tree::{Line, lay_out};
pub(crate) use when::When;
