//! What others write is read as they meant it, and damage never does more than it should.

use proptest::prelude::*;
use tracestead_otlp::{Encoding, decode_logs};

use super::write::{to_json, to_protobuf};
use crate::generate::{logs_requests, printed};
use crate::reference;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn protobuf_of_the_generated_code_is_read(records in logs_requests()) {
        let decoded = decode_logs(Encoding::Protobuf, &to_protobuf(&records)).unwrap();
        prop_assert_eq!((decoded.rejected_count, decoded.warning), (0, None));
        prop_assert_eq!(printed(&decoded.records), printed(&records));
    }

    #[test]
    fn json_is_read(records in logs_requests()) {
        let decoded = decode_logs(Encoding::Json, &to_json(&records)).unwrap();
        prop_assert_eq!((decoded.rejected_count, decoded.warning), (0, None));
        prop_assert_eq!(printed(&decoded.records), printed(&records));
    }

    /// Wherever the generated code can still read a damaged body, we read the same from it.
    #[test]
    fn damaged_protobuf_is_read_as_by_the_generated_code(
        records in logs_requests(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = to_protobuf(&records);
        for (at, byte) in damage {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        let ours = decode_logs(Encoding::Protobuf, &body);
        if let Some(theirs) = reference::decode_logs(&body) {
            prop_assert_eq!(printed(&ours.unwrap().records), printed(&theirs));
        }
    }

    #[test]
    fn damaged_json_never_panics(
        records in logs_requests(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = to_json(&records);
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(decoded) = decode_logs(Encoding::Json, &body) {
            prop_assert!(decoded.records.len() + decoded.rejected_count <= records.len());
        }
    }

    #[test]
    fn noise_never_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_logs(Encoding::Protobuf, &body);
        let _ = decode_logs(Encoding::Json, &body);
    }
}

#[test]
fn concatenated_requests_are_one_request() {
    let body = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"a"}]}]}]}"#;
    let records = decode_logs(Encoding::Json, body).unwrap().records;
    let twice = to_protobuf(&records).repeat(2);
    assert_eq!(decode_logs(Encoding::Protobuf, &twice).unwrap().records.len(), 2);
    let lines = [&body[..], b"\n", &body[..], b"\r\n\r\n", &body[..], b"\n"].concat();
    assert_eq!(decode_logs(Encoding::Json, &lines).unwrap().records.len(), 3);
}

#[test]
fn what_is_for_spans_holds_no_log_records() {
    let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
    let decoded = decode_logs(Encoding::Json, body).unwrap();
    assert_eq!((decoded.records.len(), decoded.rejected_count), (0, 0));
}
