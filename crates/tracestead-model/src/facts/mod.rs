//! What a span says, understood: the columns beside its raw attributes.

mod read;
mod span_type;

pub use read::{FACTS_VERSION, PREVIEW_CHARS, SpanFacts, Usage, preview};
pub use span_type::SpanType;
