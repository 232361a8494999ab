//! The native part of the Python package `tracestead`.
//!
//! It is a skin: a conversion of spans and rows, the lock of the interpreter given back wherever something blocks, and errors
//! as exceptions. What is done is done by the crates `tracestead` and `tracestead-cli`; what is decided about Python programs
//! is decided in Python, beside this crate.
//!
//! **Where the lock is held.** The thread of an agent copies a span into Rust values when it ends, and puts that into a
//! queue. It holds the lock anyway, and the copy costs less than handing the objects to another thread that would have to ask
//! for the lock again. From there on everything happens on a thread that has never heard of Python: rows are made and written
//! while the agent goes on. Only a function of the user's (to redact, or to be told) is called back.

mod convert;
mod db;
mod gate;
#[cfg(target_os = "linux")]
mod locks;
mod pipeline;
mod records;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Texts are copied on agents' threads and let go of on ours. The allocator of glibc gives such memory back to the system again and
/// again, and the agent's thread then waits for its pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the command and returns its exit code.
#[pyfunction]
fn run_command(py: Python<'_>, typed: Vec<OsString>) -> u8 {
    py.detach(|| tracestead_cli::run_command(typed).as_u8())
}

/// Lets go of what belongs to the parent, in a process that was just forked.
#[pyfunction]
fn after_fork_in_child() {
    #[cfg(target_os = "linux")]
    locks::forget_after_fork();
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    #[cfg(target_os = "linux")]
    locks::install();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<db::Db>()?;
    module.add_class::<pipeline::Pipeline>()?;
    module.add("DatabaseError", module.py().get_type::<db::DatabaseError>())?;
    module.add_function(wrap_pyfunction!(run_command, module)?)?;
    module.add_function(wrap_pyfunction!(after_fork_in_child, module)?)?;
    Ok(())
}
