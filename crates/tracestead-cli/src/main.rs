//! The `tracestead` program: all of it is in the library beside it.

use std::process::ExitCode;

// glibc's allocator keeps the memory of large exports for each thread that decoded one; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(tracestead_cli::run_command(std::env::args_os()).as_u8())
}
