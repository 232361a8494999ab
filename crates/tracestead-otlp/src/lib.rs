//! OTLP on the wire, to and from tracestead's spans and to its log records.
//!
//! What agents send is bytes: protobuf or JSON, often compressed, now and then broken. This crate turns them into
//! [`tracestead_model::Span`]s and back, and into [`tracestead_model::LogRecord`]s. Bytes in, bytes out: it opens no
//! socket, awaits nothing, reads no clock, knows neither HTTP nor a database, and does not understand what a span means.
//!
//! ```text
//!   body ──decompress──▶ envelope ──walk──▶ bytes of one item ──decode──▶ Span or LogRecord
//!                            │                      └── malformed ──▶ Rejected (with its bytes)
//!                            └── cannot be framed ──▶ DecodeError: nothing of the body is taken
//! ```
//!
//! An item is a span or a log record. Their envelopes differ in names only, so one walk serves both; only the innermost
//! step knows which it reads. Log records are read for the instrumentations that put prompts and answers there. They are
//! never sent on, so there is no writer for them.
//!
//! Three rules shape it.
//!
//! - **A malformed item fails alone.** Client libraries answer a refused batch by throwing it away, so one bad byte in
//!   one attribute would cost hundreds of good spans. The envelope is therefore walked by hand, and each item is read from
//!   its own bytes. What is refused comes back as [`Rejected`], to be quarantined and reported as OTLP partial success.
//! - **Tolerant in, strict out.** The JSON reader takes every form that senders in the field produce (numbers as strings
//!   and the reverse, names of enums, `null` anywhere, snake case); the writers produce what the specification says.
//! - **Bytes from the network cannot hurt.** Nothing here panics or recurses further than [`MAX_VALUE_DEPTH`], and memory
//!   stays proportional to the body: see [`decode_traces`]. Decompression stops at the limit it is given.
//!
//! Protobuf is read and written by hand on prost's primitives, JSON by visitors on `serde_json`; both go straight to the
//! model with no message structs between. That saves a copy of every prompt, and lets limits act *while* an item is
//! decoded. The generated structs of `opentelemetry-proto` serve as a second opinion in the tests.
//!
//! ```
//! use tracestead_otlp::{Encoding, decode_traces, encode_traces};
//!
//! let body = br#"{"resourceSpans": [{"scopeSpans": [{"spans": [
//!     {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat"},
//!     {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "", "name": "broken"}
//! ]}]}]}"#;
//! let decoded = decode_traces(Encoding::Json, body)?;
//! assert_eq!(decoded.spans[0].name, "chat");
//! assert_eq!(
//!     decoded.rejected[0].reason,
//!     "span without id of trace 5b8efff798038103d269b633813fc60c, `broken`: span id has 0 hex digits, expected 16",
//! );
//!
//! let again = decode_traces(Encoding::Protobuf, &encode_traces(&decoded.spans))?;
//! assert_eq!(again.spans, decoded.spans);
//! # Ok::<(), tracestead_otlp::DecodeError>(())
//! ```

mod batch;
mod compression;
mod decode;
mod draft;
mod encode;
mod fault;
mod json;
mod protobuf;
mod response;

pub use batch::{Decoded, DecodedLogs, MAX_QUARANTINED_BYTES, MAX_REJECTED_KEPT, Rejected};
pub use compression::{Compression, DecompressError, decompress};
pub use decode::{DecodeError, Encoding, decode_logs, decode_traces};
pub use encode::{encode_traces, encode_traces_json};
pub use fault::{MAX_ELEMENTS_PER_ITEM, MAX_VALUE_DEPTH};
pub use protobuf::{PartialSuccess, decode_export_response};
pub use response::{export_logs_response, export_response, status_body};
