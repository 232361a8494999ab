//! What an error says of itself.

use std::any::type_name;
use std::error::Error;
use std::fmt::Write as _;

/// What `run` takes for an error: any [`Error`], one in a box, and those of `anyhow` and `eyre`.
///
/// `M` only tells these apart; it is never named.
pub trait Failure<M> {
    /// Returns the error.
    fn error(&self) -> &(dyn Error + '_);

    /// Returns the name of its type.
    fn type_name(&self) -> String {
        type_of(self.error(), "dyn")
    }
}

/// Marks errors that are known by their type.
#[derive(Debug)]
pub enum Known {}

/// Marks errors behind a pointer.
#[derive(Debug)]
pub enum Boxed {}

/// Marks errors that stay on their thread.
#[derive(Debug)]
pub enum BoxedHere {}

impl<E: Error> Failure<Known> for E {
    fn error(&self) -> &(dyn Error + '_) {
        self
    }

    fn type_name(&self) -> String {
        type_of(self, type_name::<E>())
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> Failure<Boxed> for E {
    fn error(&self) -> &(dyn Error + '_) {
        self.as_ref()
    }
}

impl Failure<BoxedHere> for Box<dyn Error> {
    fn error(&self) -> &(dyn Error + '_) {
        self.as_ref()
    }
}

/// Returns the type of an error; of one that is not known by its type, the word with which its `Debug` begins.
pub(super) fn type_of<E: Error + ?Sized>(error: &E, name: &str) -> String {
    if !name.starts_with("dyn") {
        return name.to_owned();
    }
    let debug = format!("{error:?}");
    let word = debug.split(|at: char| !at.is_alphanumeric() && at != '_').next().unwrap_or_default();
    if word.starts_with(char::is_alphabetic) { word.to_owned() } else { "Error".to_owned() }
}

/// Returns the error and what caused it, one below the other.
pub(super) fn chain<E: Error + ?Sized>(error: &E, type_name: &str) -> String {
    let mut text = format!("{type_name}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, "\ncaused by: {error}");
        cause = error.source();
    }
    text
}
