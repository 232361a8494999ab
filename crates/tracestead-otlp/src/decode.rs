//! The way in: which encoding a body is in, and what is in it.

use crate::batch::{Decoded, DecodedLogs, Gathered};
use crate::draft::{LogDraft, SpanDraft};
use crate::json::{self, FromJson};
use crate::protobuf::{self, FromProtobuf};

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Protocol buffers.
    Protobuf,
    /// OTLP's own JSON, which differs from protobuf's in ids (hex) and enums (numbers).
    Json,
}

impl Encoding {
    /// Returns the encoding for the value of a `Content-Type` header; parameters such as `charset` are ignored.
    #[must_use]
    pub fn from_content_type(header: &str) -> Option<Self> {
        let (media_type, _parameters) = header.split_once(';').unwrap_or((header, ""));
        match media_type.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Returns the value of a `Content-Type` header for this encoding.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// A body of which nothing can be taken. Its sender is told so (HTTP 400) and must not send it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The messages around the items (spans or log records) are no protobuf, or end too early.
    #[error("malformed {place}: {problem}")]
    Protobuf {
        /// The message that cannot be read, such as `ResourceSpans`.
        place: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The body is no JSON, or something around the items has the wrong type.
    #[error("malformed OTLP/JSON: {0}")]
    Json(#[source] serde_json::Error),
}

/// Reads an `ExportTraceServiceRequest`.
///
/// Spans that cannot be read are in [`Decoded::rejected`]; an error means that the body as a whole cannot be framed. Several
/// requests in one body are read as one: concatenated protobuf, or JSON texts one after another (JSON lines).
///
/// Memory: a request may hold 1,000,000 elements (values, attributes, events, links; a span or log record counts as six) and
/// one more for each 8 bytes of body; past that, the rest is refused. An element takes at most 80 bytes beside its text,
/// lists grow by doubling, and texts together are hardly longer than the body. So the worst body of `n` bytes takes no more
/// than about `n * 24 + 160 MB`; real ones, which are mostly text, take 1 to 3 times `n`.
pub fn decode_traces(encoding: Encoding, body: &[u8]) -> Result<Decoded, DecodeError> {
    let Gathered { items: spans, rejected, rejected_count, warning } = gather::<SpanDraft>(encoding, body)?;
    Ok(Decoded { spans, rejected, rejected_count, warning })
}

/// Reads an `ExportLogsServiceRequest`, by the same rules and limits as [`decode_traces`].
///
/// A log record need not belong to a trace, nor say anything at all: no field has to be there. What is there must be
/// readable: an id of a wrong length refuses the record, one that is empty or all zeros is none.
pub fn decode_logs(encoding: Encoding, body: &[u8]) -> Result<DecodedLogs, DecodeError> {
    let Gathered { items: records, rejected, rejected_count, warning } = gather::<LogDraft>(encoding, body)?;
    Ok(DecodedLogs { records, rejected, rejected_count, warning })
}

fn gather<D: FromProtobuf + FromJson>(
    encoding: Encoding,
    body: &[u8],
) -> Result<Gathered<D::Item>, DecodeError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode::<D>(body),
        Encoding::Json => json::decode::<D>(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_may_have_parameters_and_any_case() {
        let check = |header, expected| assert_eq!(Encoding::from_content_type(header), expected, "{header}");
        check("application/x-protobuf", Some(Encoding::Protobuf));
        check("application/json", Some(Encoding::Json));
        check(" Application/JSON ; charset=utf-8", Some(Encoding::Json));
        check("application/json; charset=utf-8; x=y", Some(Encoding::Json));
        check("text/plain", None);
        check("application/jsonx", None);
        check("", None);
    }
}
