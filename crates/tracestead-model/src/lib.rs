//! The nouns of tracestead.
//!
//! A run of an agent arrives as [`Span`]s, exactly as OpenTelemetry describes them: nothing is dropped and nothing is
//! understood yet. [`SpanFacts::of`] reads what the frameworks' conventions say (who ran, which model, how many tokens),
//! and [`TraceShape::fold`] makes the summary of a whole trace out of what its spans say, whichever order they came in.
//! [`tree::assemble`] gives the order in which people read them. [`query`] is what people ask.
//!
//! ```text
//!   Span ──facts──▶ SpanFacts ──fold──▶ TraceShape
//!     └────────────content───▶ SpanContent (messages, tools, documents; only when someone looks)
//! ```
//!
//! This crate does no IO, knows no database, no HTTP and no clock. Facts are derived: the raw attributes are kept as
//! they came, so that a better reading can be made of old spans ([`facts::FACTS_VERSION`]).
//!
//! ```
//! use tracestead_model::{Attributes, SpanFacts, SpanSource, SpanType, Value};
//!
//! let attributes = Attributes::from_iter([
//!     ("openinference.span.kind", Value::from("LLM")),
//!     ("llm.model_name", Value::from("gpt-4o")),
//!     ("llm.token_count.prompt", Value::Int(30)),
//! ]);
//! let facts = SpanFacts::of(&SpanSource::new("OpenAIChat.invoke", &attributes));
//! assert_eq!(facts.span_type, SpanType::Llm);
//! assert_eq!(facts.usage.input_tokens, Some(30));
//! ```

pub mod content;
mod conventions;
pub mod facts;
mod ids;
pub mod json;
mod latency;
mod log;
mod prices;
pub mod query;
pub mod retention;
mod span;
mod time;
mod trace;
pub mod tree;
mod value;

pub use content::SpanContent;
pub use facts::{SpanFacts, SpanSource, SpanType, Usage};
pub use ids::{InvalidId, SpanId, TraceId};
pub use latency::{ZERO_BUCKET, latency_bucket, latency_of_bucket};
pub use log::{BODY, LogRecord, event_rank};
pub use prices::{Cost, CostMissing, CostSource, Price, PriceBook};
pub use retention::{Retention, RetentionRule};
pub use span::{Event, Link, Resource, Scope, Span, SpanKind, Status, StatusCode};
pub use time::{InvalidTime, UnixNanos};
pub use trace::{RunContext, SpanShape, TraceShape};
pub use value::{Attributes, Value};
