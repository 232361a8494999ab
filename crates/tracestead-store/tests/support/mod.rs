//! What all tests of the store share.

use std::path::{Path, PathBuf};

/// 2026-11-21T00:38:01.225956Z: no test asks the clock.
pub(crate) const NOW: i64 = 1_795_221_481_225_956_163;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}
