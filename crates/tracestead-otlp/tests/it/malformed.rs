//! Everything that can be wrong with a span or a body, in both encodings. The rest of the batch must stand.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as ProtoSpan};
use prost::Message as _;
use tracestead_otlp::{
    Decoded, Encoding, MAX_QUARANTINED_BYTES, MAX_REJECTED_KEPT, MAX_VALUE_DEPTH, decode_traces,
};

fn good() -> ProtoSpan {
    ProtoSpan { trace_id: vec![1; 16], span_id: vec![2; 8], name: "good".to_owned(), ..ProtoSpan::default() }
}

/// Appends a length-delimited field.
pub(crate) fn field(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, out);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn nested(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    field(&mut out, number, bytes);
    out
}

/// Returns a request whose scope holds the items `good`, `bytes` and `good` again.
pub(crate) fn request_between(good: &[u8], bytes: &[u8]) -> Vec<u8> {
    let items = [nested(2, good), nested(2, bytes), nested(2, good)].concat();
    nested(1, &nested(2, &items))
}

/// Breaks the UTF-8 of `needle` where it first stands in `bytes`.
pub(crate) fn break_text(needle: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at] = 0xFF;
    bytes
}

fn decode_between(bytes: &[u8]) -> Decoded {
    decode_traces(Encoding::Protobuf, &request_between(&good().encode_to_vec(), bytes)).unwrap()
}

#[track_caller]
fn check_refused(span: &[u8], expected: &str) {
    let decoded = decode_between(span);
    assert_eq!(decoded.spans.len(), 2, "the others stand");
    assert_eq!(decoded.rejected_count, 1);
    assert_eq!(decoded.rejected[0].reason, expected);
    assert_eq!(decoded.rejected[0].bytes, span[..span.len().min(MAX_QUARANTINED_BYTES)]);
    assert_eq!(decoded.rejected[0].size_bytes, span.len());
}

#[track_caller]
fn check(change: impl FnOnce(&mut ProtoSpan), expected: &str) {
    let mut span = good();
    change(&mut span);
    check_refused(&span.encode_to_vec(), expected);
}

const GOOD: &str = "span 0202020202020202 of trace 01010101010101010101010101010101, `good`";

#[test]
fn bad_ids_refuse_the_span() {
    const NO_TRACE: &str = "span 0202020202020202, `good`";
    const NO_SPAN: &str = "span without id of trace 01010101010101010101010101010101, `good`";
    check(|span| span.trace_id.clear(), &format!("{NO_TRACE}: trace id has 0 bytes, expected 16"));
    check(|span| span.trace_id.truncate(15), &format!("{NO_TRACE}: trace id has 15 bytes, expected 16"));
    check(|span| span.trace_id.fill(0), &format!("{NO_TRACE}: trace id is all zeros"));
    check(|span| span.span_id.clear(), &format!("{NO_SPAN}: span id has 0 bytes, expected 8"));
    check(|span| span.span_id.push(1), &format!("{NO_SPAN}: span id has 9 bytes, expected 8"));
    check(|span| span.span_id.fill(0), &format!("{NO_SPAN}: span id is all zeros"));
    check(
        |span| span.parent_span_id = vec![1; 3],
        &format!("{GOOD}: parent span id has 3 bytes, expected 8"),
    );
    check_refused(b"", "span without id: trace id has 0 bytes, expected 16");
}

#[test]
fn times_past_2262_refuse_the_span() {
    const LATE: &str =
        "time 9223372036854775808 ns is after 2262-04-11, the last one a database BIGINT can hold";
    let late = 1 << 63;
    check(|span| span.start_time_unix_nano = late, &format!("{GOOD}: start_time_unix_nano: {LATE}"));
    check(|span| span.end_time_unix_nano = late, &format!("{GOOD}: end_time_unix_nano: {LATE}"));
    check(
        |span| {
            let event = Event { time_unix_nano: late, ..Event::default() };
            span.events.push(event);
        },
        &format!("{GOOD}: time_unix_nano of an event: {LATE}"),
    );
}

#[test]
fn times_at_the_ends_of_the_range_are_kept() {
    let mut span = good();
    span.start_time_unix_nano = (1 << 63) - 1;
    span.end_time_unix_nano = 1;
    let kept = &decode_between(&span.encode_to_vec()).spans[1];
    assert_eq!(
        (kept.start_time.as_i64(), kept.end_time.unwrap().as_i64()),
        (i64::MAX, 1),
        "end before start is kept"
    );
    let kept = &decode_between(&good().encode_to_vec()).spans[1];
    assert_eq!((kept.start_time.as_i64(), kept.end_time), (0, None));
}

#[test]
fn text_that_is_no_utf8_refuses_the_span() {
    let nameless = "span 0202020202020202 of trace 01010101010101010101010101010101";
    check_refused(&break_text(b"good", good().encode_to_vec()), &format!("{nameless}: name is not UTF-8"));
    let mut span = good().encode_to_vec();
    field(&mut span, 9, &[nested(1, b"key"), nested(2, &nested(1, b"value"))].concat());
    check_refused(
        &break_text(b"key", span.clone()),
        &format!("{GOOD}: the key of an attribute is not UTF-8"),
    );
    check_refused(&break_text(b"value", span), &format!("{GOOD}: a text value is not UTF-8"));
}

#[test]
fn nul_in_text_is_kept() {
    let mut span = good();
    span.name = "a\0b".to_owned();
    assert_eq!(decode_between(&span.encode_to_vec()).spans[1].name, "a\0b");
}

#[test]
fn wrong_wire_types_refuse_the_span_and_unknown_fields_do_not() {
    let mut span = good().encode_to_vec();
    span.extend([0x0D, 1, 2, 3, 4]); // field 1 as fixed32
    check_refused(&span, &format!("{GOOD}: field has the wrong wire type"));
    let mut span = good().encode_to_vec();
    span.extend([0x08 | 0x80, 0x7D, 5]); // field 2000 as varint
    field(&mut span, 1000, b"whatever");
    span.extend([0xA3, 0x06, 0x08, 1, 0xA4, 0x06]); // field 100 as a group
    assert_eq!(decode_between(&span).spans.len(), 3);
    let mut span = good().encode_to_vec();
    span.extend([0xA4, 0x06]); // the end of a group that never began
    check_refused(&span, &format!("{GOOD}: bad group"));
    let mut span = good().encode_to_vec();
    for _ in 0..100_000 {
        span.extend([0xA3, 0x06]); // groups within groups
    }
    check_refused(&span, &format!("{GOOD}: bad group"));
}

/// Returns an `AnyValue` of `depth` lists or maps around a number.
pub(crate) fn deep_value(depth: usize, as_map: bool) -> Vec<u8> {
    let mut value = vec![0x18, 1];
    for _ in 0..depth {
        value =
            if as_map { nested(6, &nested(1, &nested(2, &value))) } else { nested(5, &nested(1, &value)) };
    }
    value
}

#[test]
fn values_nested_too_deep_refuse_the_span() {
    let span_with = |depth, as_map| {
        let mut span = good().encode_to_vec();
        let attribute = nested(2, &deep_value(depth, as_map));
        field(&mut span, 9, &attribute);
        field(&mut span, 11, &nested(3, &attribute));
        span
    };
    for as_map in [false, true] {
        let decoded = decode_between(&span_with(MAX_VALUE_DEPTH, as_map));
        assert_eq!(decoded.spans.len(), 3);
        let json = tracestead_otlp::encode_traces_json(&decoded.spans);
        assert_eq!(decode_traces(Encoding::Json, &json).unwrap().spans, decoded.spans, "JSON goes as deep");
        for depth in [MAX_VALUE_DEPTH + 1, 20_000] {
            let reason = format!("{GOOD}: lists and maps are nested deeper than 30");
            check_refused(&span_with(depth, as_map), &reason);
        }
    }
}

#[test]
fn json_nested_too_deep_refuses_the_span() {
    let ids = r#""traceId":"01010101010101010101010101010101","spanId":"0202020202020202""#;
    let open = r#"{"arrayValue":{"values":["#.repeat(100_000);
    let deep = format!(r#"{{{ids},"attributes":[{{"key":"k","value":{open}{}}}]}}"#, "]}}".repeat(100_000));
    let unknown = format!(r#"{{{ids},"unknown":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let body =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{deep},{{{ids}}},{unknown}]}}]}}]}}"#);
    let decoded = decode_traces(Encoding::Json, body.as_bytes()).unwrap();
    assert_eq!(
        (decoded.spans.len(), decoded.rejected_count),
        (2, 1),
        "an unknown field is skipped at any depth"
    );
    assert!(decoded.rejected[0].reason.contains("nested deeper than 30"), "{}", decoded.rejected[0].reason);
    assert_eq!(decoded.rejected[0].bytes.len(), MAX_QUARANTINED_BYTES);
    assert_eq!(decoded.rejected[0].size_bytes, deep.len());
}

#[test]
fn spans_of_too_many_values_are_refused() {
    let mut span = good().encode_to_vec();
    field(&mut span, 9, &nested(2, &nested(5, &[0x0A, 0].repeat(1_000_001))));
    let reason = format!(
        "{GOOD}: more values than can be kept (1000000 in one span or log record, fewer if the request has many)"
    );
    check_refused(&span, &reason);

    let ids = r#""traceId":"01010101010101010101010101010101","spanId":"0202020202020202""#;
    let values = vec!["{}"; 400_000].join(",");
    let span = format!(r#"{{{ids},"attributes":[{{"value":{{"arrayValue":{{"values":[{values}]}}}}}}]}}"#);
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span},{span},{span},{span},{span},{{{ids}}}]}}]}}]}}"#
    );
    let decoded = decode_traces(Encoding::Json, body.as_bytes()).unwrap();
    assert_eq!((decoded.spans.len(), decoded.rejected_count), (5, 1), "the request has its own limit");
}

#[test]
fn refused_spans_are_counted_past_those_that_are_kept() {
    let body = nested(1, &nested(2, &[0x12, 0].repeat(5_000)));
    let decoded = decode_traces(Encoding::Protobuf, &body).unwrap();
    assert_eq!((decoded.rejected.len(), decoded.rejected_count), (MAX_REJECTED_KEPT, 5_000));
}

#[test]
fn a_damaged_resource_or_scope_keeps_its_spans() {
    let attribute = |key: &[u8]| nested(1, &nested(1, key));
    let resource = [attribute(b"one"), attribute(b"\xFF"), attribute(b"two")].concat();
    let scope_spans =
        [nested(1, &nested(1, b"na\xFFme")), nested(2, &good().encode_to_vec()), nested(3, b"\xFF")];
    let body = nested(1, &[nested(1, &resource), nested(2, &scope_spans.concat())].concat());
    let decoded = decode_traces(Encoding::Protobuf, &body).unwrap();
    let resource = &decoded.spans[0].resource;
    assert_eq!(resource.attributes.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(resource.dropped_attributes_count, 1);
    assert_eq!(decoded.spans[0].scope.name, "na\u{fffd}me");
    assert_eq!(
        decoded.warning.unwrap(),
        "a resource is damaged and kept in part: the key of an attribute is not UTF-8 (and 1 more warnings)"
    );
}

fn small_request() -> Vec<u8> {
    let scope_spans = ScopeSpans { spans: vec![good(), good()], ..ScopeSpans::default() };
    let resource_spans = ResourceSpans { scope_spans: vec![scope_spans], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans.clone(), resource_spans] }.encode_to_vec()
}

#[test]
fn a_request_cut_anywhere_is_an_error_or_fewer_spans() {
    let body = small_request();
    let mut whole = 0;
    for length in 0..body.len() {
        match decode_traces(Encoding::Protobuf, &body[..length]) {
            Ok(decoded) => {
                assert!(decoded.spans.len() < 4);
                assert_eq!(decoded.rejected_count, 0);
                whole += 1;
            }
            Err(error) => assert!(error.to_string().starts_with("malformed "), "{error}"),
        }
    }
    assert_eq!(whole, 2, "only between ResourceSpans is a prefix a request");

    let json = tracestead_otlp::encode_traces_json(&decode_traces(Encoding::Protobuf, &body).unwrap().spans);
    for length in 0..json.len() {
        assert!(decode_traces(Encoding::Json, &json[..length]).is_err());
    }
}

#[test]
fn a_span_cut_anywhere_refuses_only_itself() {
    let mut span = good();
    span.links = vec![Link::default()];
    span.events = vec![Event::default()];
    let span = span.encode_to_vec();
    for length in 0..span.len() {
        let decoded = decode_between(&span[..length]);
        assert_eq!(decoded.spans.len() + decoded.rejected_count, 3);
        assert!(decoded.spans.len() >= 2);
    }
}

#[test]
fn what_cannot_be_framed_is_an_error_that_names_the_place() {
    let check = |body: &[u8], expected: &str| {
        let error = decode_traces(Encoding::Protobuf, body).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(b"{\"resourceSpans\":[]}", "malformed ExportTraceServiceRequest: bad group");
    check(&[0x0A, 5, 1], "malformed ExportTraceServiceRequest: field is cut off");
    check(&[0x08, 5], "malformed ExportTraceServiceRequest: field has the wrong wire type");
    check(&[0xFF; 20], "malformed ExportTraceServiceRequest: bad field key");
    check(&nested(1, &[0x12, 9]), "malformed ResourceSpans: field is cut off");
    check(&nested(1, &nested(2, &[0x12, 9])), "malformed ScopeSpans: field is cut off");
    check(
        &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        "malformed ExportTraceServiceRequest: field is cut off",
    );
    assert_eq!(decode_traces(Encoding::Protobuf, b"").unwrap(), Decoded::default());
}
