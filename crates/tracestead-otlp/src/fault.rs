//! Why one item (a span or a log record) cannot be read, and the limits on what one may hold.

use tracestead_model::{InvalidId, InvalidTime};

/// How many lists and maps may stand within one another in an attribute or the body of a log record. It is what OTLP/JSON
/// can carry to a reader with `serde_json`'s limit of 128 levels (each of ours takes four), so that both encodings take the
/// same items.
pub const MAX_VALUE_DEPTH: usize = 30;

/// How many values, attributes, events and links together one span or log record may hold.
pub const MAX_ELEMENTS_PER_ITEM: usize = 1_000_000;

/// What is wrong with an item. The text becomes part of a [`crate::Rejected`]'s reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Id(InvalidId),
    #[error("parent {0}")]
    Parent(InvalidId),
    #[error("{field}: {error}")]
    Time { field: &'static str, error: InvalidTime },
    #[error("{0}")]
    Wire(&'static str),
    #[error("{0} is not UTF-8")]
    NotUtf8(&'static str),
    #[error("lists and maps are nested deeper than {MAX_VALUE_DEPTH}")]
    TooDeep,
    #[error(
        "more values than can be kept ({MAX_ELEMENTS_PER_ITEM} in one span or log record, fewer if the request has many)"
    )]
    TooMany,
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// What reading one item may still use, and what was noticed on the way.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// How many more values, attributes, events and links are let in.
    pub(crate) elements: usize,
    /// Whether half a surrogate pair was replaced in some text.
    pub(crate) replaced_text: bool,
}

impl Allowance {
    pub(crate) fn new(elements: usize) -> Self {
        Self { elements, replaced_text: false }
    }

    /// Takes one element off the allowance.
    pub(crate) fn take(&mut self) -> Result<(), Fault> {
        self.elements = self.elements.checked_sub(1).ok_or(Fault::TooMany)?;
        Ok(())
    }
}

/// Returns the depth inside one more list or map.
pub(crate) fn deeper(depth: usize) -> Result<usize, Fault> {
    if depth < MAX_VALUE_DEPTH { Ok(depth + 1) } else { Err(Fault::TooDeep) }
}
