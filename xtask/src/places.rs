//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The page's sources.
pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// The Python end-to-end tests.
pub(crate) fn python_tests() -> PathBuf {
    root().join("tests")
}

/// The Python package.
pub(crate) fn python_package() -> PathBuf {
    root().join("crates/tracestead-python")
}

/// The server's description of its routes, as committed.
pub(crate) fn openapi() -> PathBuf {
    web().join("openapi.json")
}

/// Cargo's target directory, absolute: programs are started in other directories.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => std::path::absolute(&directory).unwrap_or_else(|_| directory.into()),
        None => root().join("target"),
    }
}

/// The binary that end-to-end tests start: `TRACESTEAD_BIN` if set, else the one of the dev profile.
pub(crate) fn binary() -> PathBuf {
    match std::env::var_os("TRACESTEAD_BIN") {
        Some(binary) => std::path::absolute(&binary).unwrap_or_else(|_| binary.into()),
        None => target().join("debug").join(format!("tracestead{}", std::env::consts::EXE_SUFFIX)),
    }
}

/// The examples of the dev profile.
pub(crate) fn examples() -> PathBuf {
    target().join("debug").join("examples")
}
