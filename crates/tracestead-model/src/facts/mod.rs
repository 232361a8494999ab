//! What a span says, understood: the columns beside its raw attributes.

mod error;
mod finish_reason;
mod precedence;
mod provider;
mod read;
pub(crate) mod reader;
mod span_type;
mod tags;
mod timing;
mod usage;

pub use finish_reason::finish_reason;
pub use provider::{provider, provider_of_host, provider_of_model};
pub(crate) use read::tool_name;
pub use read::{FACTS_VERSION, SpanFacts};
pub use reader::SpanSource;
pub use span_type::SpanType;
pub use usage::Usage;
