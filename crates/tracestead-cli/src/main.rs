//! The tracestead command.

fn main() {}
