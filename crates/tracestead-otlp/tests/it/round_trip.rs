//! What is written is read again as it was, and damage never does more than it should.

use proptest::prelude::*;
use tracestead_otlp::{Encoding, decode_traces, encode_traces, encode_traces_json};

use crate::generate::{printed, requests};
use crate::reference;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn protobuf_round_trips(spans in requests()) {
        let body = encode_traces(&spans);
        let decoded = decode_traces(Encoding::Protobuf, &body).unwrap();
        prop_assert_eq!((decoded.rejected_count, decoded.warning), (0, None));
        prop_assert_eq!(printed(&decoded.spans), printed(&spans));
        prop_assert_eq!(encode_traces(&decoded.spans), body);
    }

    #[test]
    fn json_round_trips(spans in requests()) {
        let body = encode_traces_json(&spans);
        let decoded = decode_traces(Encoding::Json, &body).unwrap();
        prop_assert_eq!((decoded.rejected_count, decoded.warning), (0, None));
        prop_assert_eq!(printed(&decoded.spans), printed(&spans));
        prop_assert_eq!(encode_traces_json(&decoded.spans), body);
    }

    #[test]
    fn generated_code_reads_what_we_write(spans in requests()) {
        let theirs = reference::decode(&encode_traces(&spans)).unwrap();
        prop_assert_eq!(printed(&theirs), printed(&spans));
    }

    /// Wherever the generated code can still read a damaged body, we read the same from it.
    #[test]
    fn damaged_protobuf_is_read_as_by_the_generated_code(
        spans in requests(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = encode_traces(&spans);
        for (at, byte) in damage {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        let ours = decode_traces(Encoding::Protobuf, &body);
        if let Some(theirs) = reference::decode(&body) {
            prop_assert_eq!(printed(&ours.unwrap().spans), printed(&theirs));
        }
    }

    #[test]
    fn damaged_json_never_panics(
        spans in requests(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = encode_traces_json(&spans);
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(decoded) = decode_traces(Encoding::Json, &body) {
            prop_assert!(decoded.spans.len() <= spans.len());
        }
    }

    #[test]
    fn noise_never_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_traces(Encoding::Protobuf, &body);
        let _ = decode_traces(Encoding::Json, &body);
    }
}

#[test]
fn concatenated_requests_are_one_request() {
    let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}]}]}]}"#;
    let spans = decode_traces(Encoding::Json, body).unwrap().spans;
    let twice = [encode_traces(&spans), encode_traces(&spans)].concat();
    assert_eq!(decode_traces(Encoding::Protobuf, &twice).unwrap().spans.len(), 2);
    let lines = [&body[..], b"\n", &body[..], b"\r\n\r\n", &body[..], b"\n"].concat();
    assert_eq!(decode_traces(Encoding::Json, &lines).unwrap().spans.len(), 3);
}

/// Spans of one resource come together even when another's stand between them.
#[test]
fn encoding_groups_by_resource_and_scope() {
    let one = r#"{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"},
        {"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060709"}]}]}"#;
    let body = format!(r#"{{"resourceSpans":[{one},{one}]}}"#);
    let mut spans = decode_traces(Encoding::Json, body.as_bytes()).unwrap().spans;
    let expected = encode_traces(&spans);
    spans.swap(1, 2);
    assert_eq!(encode_traces(&spans), expected);
}
