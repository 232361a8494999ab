//! Everything that can be wrong with a log record or a body of them. The rest of the batch must stand.

use opentelemetry_proto::tonic::logs::v1::LogRecord as ProtoRecord;
use prost::Message as _;
use tracestead_model::Value;
use tracestead_otlp::{
    DecodedLogs, Encoding, MAX_QUARANTINED_BYTES, MAX_REJECTED_KEPT, MAX_VALUE_DEPTH, decode_logs,
};

use super::write::to_json;
use crate::malformed::{break_text, deep_value, field, nested, request_between};

fn good() -> ProtoRecord {
    ProtoRecord {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        event_name: "good".to_owned(),
        ..ProtoRecord::default()
    }
}

fn decode_between(bytes: &[u8]) -> DecodedLogs {
    decode_logs(Encoding::Protobuf, &request_between(&good().encode_to_vec(), bytes)).unwrap()
}

#[track_caller]
fn check_refused(record: &[u8], expected: &str) {
    let decoded = decode_between(record);
    assert_eq!(decoded.records.len(), 2, "the others stand");
    assert_eq!(decoded.rejected_count, 1);
    assert_eq!(decoded.rejected[0].reason, expected);
    assert_eq!(decoded.rejected[0].bytes, record[..record.len().min(MAX_QUARANTINED_BYTES)]);
    assert_eq!(decoded.rejected[0].size_bytes, record.len());
}

#[track_caller]
fn check(change: impl FnOnce(&mut ProtoRecord), expected: &str) {
    let mut record = good();
    change(&mut record);
    check_refused(&record.encode_to_vec(), expected);
}

const GOOD: &str = "log record of span 0202020202020202 of trace 01010101010101010101010101010101, `good`";

#[test]
fn ids_of_a_wrong_length_refuse_the_record() {
    const NO_TRACE: &str = "log record of span 0202020202020202, `good`";
    const NO_SPAN: &str = "log record of trace 01010101010101010101010101010101, `good`";
    check(|record| record.trace_id.truncate(15), &format!("{NO_TRACE}: trace id has 15 bytes, expected 16"));
    check(|record| record.span_id.push(1), &format!("{NO_SPAN}: span id has 9 bytes, expected 8"));
    check(|record| record.span_id = vec![0; 3], &format!("{NO_SPAN}: span id has 3 bytes, expected 8"));
}

#[test]
fn ids_that_are_empty_or_all_zeros_are_none() {
    for (trace_id, span_id) in [(vec![], vec![]), (vec![0; 16], vec![0; 8])] {
        let record = ProtoRecord { trace_id, span_id, ..good() };
        let decoded = decode_between(&record.encode_to_vec());
        assert_eq!((decoded.records[1].trace_id, decoded.records[1].span_id), (None, None));
    }
    let decoded = decode_between(b"");
    assert_eq!(decoded.records.len(), 3, "a record may say nothing at all");
    let mut record = good().encode_to_vec();
    field(&mut record, 9, b"");
    assert_eq!(decode_between(&record).records[1].trace_id, None, "of a repeated field the last counts");
}

#[test]
fn times_past_2262_refuse_the_record_and_zero_is_none() {
    const LATE: &str =
        "time 9223372036854775808 ns is after 2262-04-11, the last one a database BIGINT can hold";
    let late = 1 << 63;
    check(|record| record.time_unix_nano = late, &format!("{GOOD}: time_unix_nano: {LATE}"));
    check(
        |record| record.observed_time_unix_nano = late,
        &format!("{GOOD}: observed_time_unix_nano: {LATE}"),
    );
    let record = ProtoRecord { time_unix_nano: late - 1, ..good() };
    let kept = &decode_between(&record.encode_to_vec()).records[1];
    assert_eq!((kept.time.unwrap().as_i64(), kept.observed_time), (i64::MAX, None));
}

#[test]
fn text_that_is_no_utf8_refuses_the_record() {
    let nameless = "log record of span 0202020202020202 of trace 01010101010101010101010101010101";
    check_refused(
        &break_text(b"good", good().encode_to_vec()),
        &format!("{nameless}: event_name is not UTF-8"),
    );
    let mut record = ProtoRecord { severity_text: "severe".to_owned(), ..good() }.encode_to_vec();
    field(&mut record, 6, &[nested(1, b"key"), nested(2, &nested(1, b"value"))].concat());
    field(&mut record, 5, &nested(1, b"body"));
    // The severity stands before the ids in the message, and reading stops at the first fault.
    check_refused(&break_text(b"severe", record.clone()), "log record: severity_text is not UTF-8");
    check_refused(
        &break_text(b"key", record.clone()),
        &format!("{GOOD}: the key of an attribute is not UTF-8"),
    );
    check_refused(&break_text(b"value", record.clone()), &format!("{GOOD}: a text value is not UTF-8"));
    check_refused(&break_text(b"body", record), &format!("{GOOD}: a text value is not UTF-8"));
}

#[test]
fn wrong_wire_types_refuse_the_record_and_unknown_fields_do_not() {
    for number in [1, 2, 7, 8, 11] {
        let mut record = good().encode_to_vec();
        field(&mut record, number, b"text");
        check_refused(&record, &format!("{GOOD}: field has the wrong wire type"));
    }
    for number in [3, 5, 6, 9, 10, 12] {
        let mut record = good().encode_to_vec();
        record.extend([number << 3, 1]);
        check_refused(&record, &format!("{GOOD}: field has the wrong wire type"));
    }
    let mut record = good().encode_to_vec();
    field(&mut record, 4, b"a name, as it was until 2022");
    field(&mut record, 1000, b"whatever");
    assert_eq!(decode_between(&record).records.len(), 3);
}

#[test]
fn severities_out_of_range_are_unspecified() {
    for (number, expected) in [(0, 0), (1, 1), (24, 24), (25, 0), (-1, 0), (i32::MIN, 0)] {
        let record = ProtoRecord { severity_number: number, ..good() };
        assert_eq!(decode_between(&record.encode_to_vec()).records[1].severity_number, expected, "{number}");
    }
}

#[test]
fn bodies_nested_too_deep_refuse_the_record() {
    let record_with = |depth, as_map| {
        let mut record = good().encode_to_vec();
        field(&mut record, 5, &deep_value(depth, as_map));
        record
    };
    for as_map in [false, true] {
        let decoded = decode_between(&record_with(MAX_VALUE_DEPTH, as_map));
        assert_eq!(decoded.records.len(), 3);
        let json = to_json(&decoded.records);
        assert_eq!(decode_logs(Encoding::Json, &json).unwrap().records, decoded.records, "JSON goes as deep");
        for depth in [MAX_VALUE_DEPTH + 1, 20_000] {
            check_refused(
                &record_with(depth, as_map),
                &format!("{GOOD}: lists and maps are nested deeper than 30"),
            );
        }
    }
}

#[test]
fn json_nested_too_deep_refuses_the_record() {
    let open = r#"{"arrayValue":{"values":["#.repeat(100_000);
    let deep = format!(r#"{{"body":{open}{}}}"#, "]}}".repeat(100_000));
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{}},{deep},{{}}]}}]}}]}}"#);
    let decoded = decode_logs(Encoding::Json, body.as_bytes()).unwrap();
    assert_eq!((decoded.records.len(), decoded.rejected_count), (2, 1));
    assert!(decoded.rejected[0].reason.contains("nested deeper than 30"), "{}", decoded.rejected[0].reason);
    assert_eq!(decoded.rejected[0].bytes.len(), MAX_QUARANTINED_BYTES);
    assert_eq!(decoded.rejected[0].size_bytes, deep.len());
}

const TOO_MANY: &str =
    "more values than can be kept (1000000 in one span or log record, fewer if the request has many)";

#[test]
fn records_of_too_many_values_are_refused() {
    let mut record = good().encode_to_vec();
    field(&mut record, 5, &nested(5, &[0x0A, 0].repeat(1_000_001)));
    check_refused(&record, &format!("{GOOD}: {TOO_MANY}"));
}

/// Records that say nothing take two bytes of a body and two hundred of memory.
#[test]
fn a_request_of_nothing_but_empty_records_is_bounded() {
    let body = nested(1, &nested(2, &[0x12, 0].repeat(400_000)));
    let decoded = decode_logs(Encoding::Protobuf, &body).unwrap();
    assert_eq!(decoded.records.len() + decoded.rejected_count, 400_000);
    assert_eq!(decoded.records.len(), (1_000_000 + body.len() / 8) / 6);
    assert_eq!(decoded.rejected.len(), MAX_REJECTED_KEPT);
    assert_eq!(decoded.rejected[0].reason, format!("log record: {TOO_MANY}"));
}

#[test]
fn a_damaged_resource_or_scope_keeps_its_records() {
    let attribute = |key: &[u8]| nested(1, &nested(1, key));
    let resource = [attribute(b"one"), attribute(b"\xFF")].concat();
    let scope_logs = [nested(1, &nested(1, b"na\xFFme")), nested(2, &good().encode_to_vec())].concat();
    let body = nested(1, &[nested(1, &resource), nested(2, &scope_logs)].concat());
    let decoded = decode_logs(Encoding::Protobuf, &body).unwrap();
    let record = &decoded.records[0];
    assert_eq!((record.resource.attributes.len(), record.resource.dropped_attributes_count), (1, 1));
    assert_eq!(record.scope.name, "na\u{fffd}me");
    assert_eq!(
        decoded.warning.unwrap(),
        "a resource is damaged and kept in part: the key of an attribute is not UTF-8"
    );
}

#[test]
fn a_record_cut_anywhere_refuses_only_itself() {
    let mut record = good().encode_to_vec();
    field(&mut record, 5, &deep_value(3, true));
    assert!(matches!(decode_between(&record).records[1].body, Value::Map(_)));
    for length in 0..record.len() {
        let decoded = decode_between(&record[..length]);
        assert_eq!(decoded.records.len() + decoded.rejected_count, 3);
        assert!(decoded.records.len() >= 2);
    }
}

#[test]
fn what_cannot_be_framed_is_an_error_that_names_the_place() {
    let check = |body: &[u8], expected: &str| {
        let error = decode_logs(Encoding::Protobuf, body).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(b"{\"resourceLogs\":[]}", "malformed ExportLogsServiceRequest: bad group");
    check(&[0x08, 5], "malformed ExportLogsServiceRequest: field has the wrong wire type");
    check(&nested(1, &[0x12, 9]), "malformed ResourceLogs: field is cut off");
    check(&nested(1, &nested(2, &[0x12, 9])), "malformed ScopeLogs: field is cut off");
    assert_eq!(decode_logs(Encoding::Protobuf, b"").unwrap(), DecodedLogs::default());
}
