//! Everything the command prints goes through here, so that colours end where a pipe begins.

use std::io::Write as _;

/// Prints to standard output; fails when nobody reads it any more.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    writeln!(anstream::stdout().lock(), "{text}")
}

/// Says what failed, why, and what lies below.
pub(crate) fn error(error: &anyhow::Error) {
    let red = "\x1b[31m";
    let mut text = format!("{red}error:\x1b[0m {error}");
    for cause in error.chain().skip(1) {
        // Many errors repeat their cause in their own text.
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(&format!("\n  because {cause}"));
        }
    }
    note(&text);
}

/// Says something beside the output.
pub(crate) fn note(text: &str) {
    // Nothing is left to do if nobody can be told.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
