//! Everything the command prints goes through here, so that colours end where a pipe begins.

use std::io::Write as _;

/// A colour, or a weight, of text. It ends where a pipe begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

impl Style {
    /// Returns `text` in this style; nothing stays nothing.
    pub(crate) fn paint(self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Blue => 34,
            Self::Magenta => 35,
            Self::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Returns how many columns people see: `COLUMNS`, else 100.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    columns.unwrap_or(100).clamp(60, 400)
}

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
            text.extend(["\n  because ", &cause]);
        }
    }
    note(&text);
}

/// Says how far something is, over what was said before; a [`note`] ends it.
pub(crate) fn progress(text: &str) {
    // What was longer is wiped away.
    let _ = write!(anstream::stderr().lock(), "\r{text}\x1b[K");
}

/// Returns a bar that shows how much is done.
pub(crate) fn bar(done: u64, of: u64) -> String {
    const LETTERS: u64 = 24;
    let full = done.min(of) * LETTERS / of.max(1);
    let part = |count: u64, letter: &str| letter.repeat(usize::try_from(count).unwrap_or(0));
    format!("[{}{}]", part(full, "#"), part(LETTERS - full, "."))
}

/// Asks somebody at a terminal, and returns whether the answer is yes.
pub(crate) fn ask(question: &str) -> std::io::Result<bool> {
    write!(anstream::stderr().lock(), "{question} [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Says something beside the output.
pub(crate) fn note(text: &str) {
    // Nothing is left to do if nobody can be told.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
