//! What a receiver answers to an export: `ExportTraceServiceResponse`.

use super::wire::{Fields, Payload};
use crate::fault::Fault;

/// What a receiver did not take of an export that it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartialSuccess {
    /// How many spans it refused; they are not to be sent again.
    pub rejected_spans: u64,
    /// Why, or with 0 refused a warning.
    pub error_message: String,
}

/// Reads the protobuf body of a 200. What cannot be read says nothing: the status has said that the export was taken.
#[must_use]
pub fn decode_export_response(body: &[u8]) -> PartialSuccess {
    read(body).unwrap_or_default()
}

fn read(body: &[u8]) -> Result<PartialSuccess, Fault> {
    let mut partial = PartialSuccess::default();
    let mut fields = Fields::of(body);
    while let Some((number, payload)) = fields.next()? {
        if let (1, Payload::Bytes(message)) = (number, payload) {
            let mut fields = Fields::of(message);
            while let Some((number, payload)) = fields.next()? {
                match (number, payload) {
                    (1, Payload::Varint(count)) => {
                        partial.rejected_spans = u64::try_from(count.cast_signed()).unwrap_or_default();
                    }
                    (2, Payload::Bytes(text)) => {
                        partial.error_message = String::from_utf8_lossy(text).into_owned();
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(partial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, export_response};

    #[test]
    fn reads_what_a_receiver_writes() {
        let body = export_response(Encoding::Protobuf, 3, "bad ids");
        let expected = PartialSuccess { rejected_spans: 3, error_message: "bad ids".to_owned() };
        assert_eq!(decode_export_response(&body), expected);
        assert_eq!(decode_export_response(b""), PartialSuccess::default());
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for body in [&b"<html>"[..], b"\x0a\xff", b"\x0a\x02\x08"] {
            assert_eq!(decode_export_response(body), PartialSuccess::default(), "{body:?}");
        }
        // A negative count, which no receiver should send.
        assert_eq!(
            decode_export_response(b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").rejected_spans,
            0
        );
    }
}
