//! Every form of OTLP/JSON that senders use, and what it means.

use tracestead_model::{Attributes, Span, SpanKind, StatusCode, Value};
use tracestead_otlp::{Decoded, Encoding, decode_traces};

const IDS: &str = r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#;

fn decode(json: &str) -> Decoded {
    decode_traces(Encoding::Json, json.as_bytes()).unwrap()
}

/// Decodes a request with one span that has `members` beside its ids.
fn decode_span(members: &str) -> Decoded {
    let comma = if members.is_empty() { "" } else { "," };
    decode(&format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{IDS}{comma}{members}}}]}}]}}]}}"#))
}

fn span(members: &str) -> Span {
    let mut decoded = decode_span(members);
    assert_eq!(decoded.rejected, [], "{members}");
    decoded.spans.remove(0)
}

fn refusal(members: &str) -> String {
    let mut decoded = decode_span(members);
    assert_eq!((decoded.spans.len(), decoded.rejected_count), (0, 1), "{members}");
    decoded.rejected.remove(0).reason
}

#[track_caller]
fn check_value(json: &str, expected: &Value) {
    let span = span(&format!(r#""attributes":[{{"key":"k","value":{json}}}]"#));
    let actual = span.attributes.get("k").unwrap();
    assert_eq!(format!("{actual:?}"), format!("{expected:?}"), "{json}");
}

#[test]
fn values_come_in_many_forms() {
    let map = |pairs: Vec<(&str, Value)>| Value::Map(Attributes::from_iter(pairs));
    check_value(r#"{"stringValue":"a\u0000b\n\ud83d\ude00"}"#, &Value::from("a\0b\n\u{1f600}"));
    check_value(r#"{"string_value":"snake"}"#, &Value::from("snake"));
    check_value(r#"{"stringValue":""}"#, &Value::from(""));
    check_value(r#"{"boolValue":true}"#, &Value::Bool(true));
    check_value(r#"{"boolValue":"false"}"#, &Value::Bool(false));
    check_value(r#"{"intValue":"-9223372036854775808"}"#, &Value::Int(i64::MIN));
    check_value(r#"{"intValue":9007199254740993}"#, &Value::Int(9_007_199_254_740_993));
    check_value(r#"{"intValue":1.0}"#, &Value::Int(1));
    check_value(r#"{"intValue":"12.0"}"#, &Value::Int(12));
    check_value(r#"{"intValue":1e3}"#, &Value::Int(1000));
    check_value(r#"{"doubleValue":0.1}"#, &Value::Double(0.1));
    check_value(r#"{"doubleValue":1}"#, &Value::Double(1.0));
    check_value(r#"{"doubleValue":-0.0}"#, &Value::Double(-0.0));
    check_value(r#"{"doubleValue":"0.25"}"#, &Value::Double(0.25));
    check_value(r#"{"doubleValue":"NaN"}"#, &Value::Double(f64::NAN));
    check_value(r#"{"doubleValue":"Infinity"}"#, &Value::Double(f64::INFINITY));
    check_value(r#"{"doubleValue":"-Infinity"}"#, &Value::Double(f64::NEG_INFINITY));
    for base64 in ["+/8A", "-_8A"] {
        check_value(&format!(r#"{{"bytesValue":"{base64}"}}"#), &Value::Bytes(vec![0xFB, 0xFF, 0]));
    }
    for base64 in ["YQ==", "YQ"] {
        check_value(&format!(r#"{{"bytesValue":"{base64}"}}"#), &Value::Bytes(b"a".to_vec()));
    }
    check_value(
        r#"{"arrayValue":{"values":[{"intValue":1},{},null]}}"#,
        &Value::Array(vec![Value::Int(1), Value::Empty, Value::Empty]),
    );
    for empty in
        [r#"{"arrayValue":{}}"#, r#"{"array_value":{"values":null}}"#, r#"{"arrayValue":{"values":[]}}"#]
    {
        check_value(empty, &Value::Array(vec![]));
    }
    check_value(
        r#"{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}},{"key":"b"}]}}"#,
        &map(vec![("a", Value::Bool(true)), ("b", Value::Empty)]),
    );
    for empty in [r#"{"kvlistValue":{}}"#, r#"{"kvlist_value":{"values":null}}"#] {
        check_value(empty, &map(vec![]));
    }
    for nothing in ["{}", "null", r#"{"stringValue":null}"#, r#"{"arrayValue":null}"#, r#"{"future":[{}]}"#] {
        check_value(nothing, &Value::Empty);
    }
    check_value(r#"{"stringValue":"a","intValue":2}"#, &Value::Int(2));
    check_value(r#"{"stringValue":"a","intValue":null}"#, &Value::from("a"));
}

#[test]
fn half_a_surrogate_pair_is_replaced_with_a_warning() {
    let decoded = decode_span(r#""name":"cut \ud83d","future\udc00":1"#);
    assert_eq!(decoded.spans[0].name, "cut \u{fffd}");
    assert!(decoded.warning.unwrap().contains("surrogate"));
}

#[test]
fn a_span_may_say_little_or_null() {
    let bare = span("");
    assert_eq!((bare.name.as_str(), bare.parent_span_id, bare.end_time), ("", None, None));
    let nulls = [
        "traceState",
        "parentSpanId",
        "flags",
        "name",
        "kind",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "attributes",
        "droppedAttributesCount",
        "events",
        "droppedEventsCount",
        "links",
        "droppedLinksCount",
        "status",
    ];
    let nulls: Vec<String> = nulls.iter().map(|key| format!(r#""{key}":null"#)).collect();
    assert_eq!(span(&nulls.join(",")), bare);
    assert_eq!(
        span(r#""status":{"code":null,"message":null},"attributes":[null],"unknown":{"x":[1]}"#),
        bare
    );
    assert_eq!(
        decode(
            r#"{"resourceSpans":[null,{"resource":null,"scopeSpans":null,"schemaUrl":null},
        {"scopeSpans":[null,{"scope":null,"spans":null,"schemaUrl":null}]}]}"#
        ),
        Decoded::default()
    );
    for empty in ["{}", "null", r#"{"resourceSpans":[]}"#, r#"{"resourceSpans":null}"#, " {} \n"] {
        assert_eq!(decode(empty), Decoded::default(), "{empty}");
    }
}

#[test]
fn no_parent_has_four_forms() {
    for parent in ["null", r#""""#, r#""0000000000000000""#] {
        assert_eq!(span(&format!(r#""parentSpanId":{parent}"#)).parent_span_id, None, "{parent}");
    }
    let parent = span(r#""parent_span_id":"EEE19B7EC3C1B175""#).parent_span_id.unwrap();
    assert_eq!(parent.to_hex(), "eee19b7ec3c1b175");
}

#[test]
fn enums_are_numbers_or_names() {
    for kind in ["3", r#""3""#, "3.0", r#""SPAN_KIND_CLIENT""#, r#""CLIENT""#] {
        assert_eq!(span(&format!(r#""kind":{kind}"#)).kind, SpanKind::Client, "{kind}");
    }
    for kind in ["0", "1", "99", "-1", r#""SPAN_KIND_UNSPECIFIED""#, r#""""#, "1e18"] {
        assert_eq!(span(&format!(r#""kind":{kind}"#)).kind, SpanKind::Internal, "{kind}");
    }
    for code in ["2", r#""STATUS_CODE_ERROR""#, r#""ERROR""#] {
        let status = span(&format!(r#""status":{{"code":{code},"message":"m"}}"#)).status;
        assert_eq!((status.code, status.message.as_str()), (StatusCode::Error, "m"), "{code}");
    }
}

#[test]
fn numbers_are_numbers_or_strings() {
    let span = span(
        r#""flags":"257","start_time_unix_nano":1760000000000000000,"endTimeUnixNano":"1760000001000000000",
           "droppedAttributesCount":"3","droppedEventsCount":4.0,"dropped_links_count":5"#,
    );
    assert_eq!(span.flags, 257);
    assert_eq!(span.start_time.as_i64(), 1_760_000_000_000_000_000);
    assert_eq!(span.end_time.unwrap().as_i64(), 1_760_000_001_000_000_000);
    assert_eq!(
        (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count),
        (3, 4, 5)
    );
}

#[test]
fn of_a_repeated_key_the_last_wins() {
    let span = span(
        r#""name":"a","name":"b","attributes":[{"key":"x"}],"attributes":[{"key":"y","key":"z"}],
        "events":[{}],"events":[],"links":[{}],"links":[]"#,
    );
    assert_eq!(span.name, "b");
    assert_eq!(span.attributes.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["z"]);
    assert_eq!((span.events.len(), span.dropped_links_count), (0, 0));
}

#[test]
fn resource_and_scope_may_come_after_their_spans() {
    let decoded = decode(&format!(
        r#"{{"resource_spans":[{{"scope_spans":[{{"spans":[{{{IDS}}}],"scope":{{"name":"s","version":"1"}},"schemaUrl":"u"}}],
            "schema_url":"v","resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}}}}]}}"#
    ));
    let span = &decoded.spans[0];
    assert_eq!(
        (span.scope.name.as_str(), span.scope.version.as_str(), span.scope.schema_url.as_str()),
        ("s", "1", "u")
    );
    assert_eq!((span.resource.service_name(), span.resource.schema_url.as_str()), (Some("shop"), "v"));
}

#[test]
fn a_damaged_resource_or_scope_is_kept_in_part() {
    let decoded = decode(&format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"a"}},{{"key":5}}]}},
            "scopeSpans":[{{"scope":7,"spans":[{{{IDS}}}]}}]}}]}}"#
    ));
    assert_eq!(decoded.spans[0].resource.attributes.len(), 1);
    assert_eq!(
        decoded.warning.unwrap(),
        "a resource is damaged and kept in part: invalid type: integer `5`, expected a string at line 1 column 35 \
         (and 1 more warnings)"
    );
}

#[test]
fn links_that_point_nowhere_are_counted_as_dropped() {
    let span =
        span(&format!(r#""links":[{{{IDS},"flags":1}},{{"traceId":"00"}},null,{{}}],"droppedLinksCount":2"#));
    assert_eq!((span.links.len(), span.links[0].flags, span.dropped_links_count), (1, 1, 5));
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(decode("\u{feff}{}"), Decoded::default());
}

#[test]
fn bytes_that_are_no_utf8_are_replaced_with_a_warning() {
    let mut body =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{IDS},"name":"a?b"}}]}}]}}]}}"#)
            .into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xFF;
    let decoded = decode_traces(Encoding::Json, &body).unwrap();
    assert_eq!(decoded.spans[0].name, "a\u{fffd}b");
    assert!(decoded.warning.unwrap().contains("UTF-8"));
}

#[test]
fn refusals_name_the_field() {
    const SPAN: &str = "span eee19b7ec3c1b174 of trace 5b8efff798038103d269b633813fc60c";
    let check = |members: &str, expected: &str| {
        let reason = refusal(members);
        let reason = reason.split(" at line ").next().unwrap();
        assert_eq!(reason, format!("{SPAN}{expected}"), "{members}");
    };
    check(r#""name":7"#, ": invalid type: integer `7`, expected a string");
    check(r#""name":"n","kind":[]"#, ", `n`: invalid type: sequence, expected a single value");
    check(r#""flags":-1"#, ": flags is not a number from 0 to 2^32-1");
    check(r#""startTimeUnixNano":"tomorrow""#, ": startTimeUnixNano is not a number from 0 to 2^64-1");
    check(r#""startTimeUnixNano":1.5"#, ": startTimeUnixNano is not a number from 0 to 2^64-1");
    check(r#""parentSpanId":"ee""#, ": parent span id has 2 hex digits, expected 16");
    check(r#""parentSpanId":7"#, ": parentSpanId is not a string of hex digits");
    check(
        r#""attributes":"secret prompt""#,
        ": invalid type: a string, expected a list of attributes to be a list",
    );
    check(
        r#""attributes":[{"key":"k","value":"secret"}]"#,
        ": invalid type: a string, expected an AnyValue to be an object",
    );
    check(
        r#""attributes":[{"key":"k","value":{"intValue":"secret"}}]"#,
        ": intValue is not a whole number of 64 bits",
    );
    check(
        r#""attributes":[{"key":"k","value":{"intValue":1.5}}]"#,
        ": intValue is not a whole number of 64 bits",
    );
    check(r#""attributes":[{"key":"k","value":{"bytesValue":"?"}}]"#, ": bytesValue is not base64");
    check(r#""status":3"#, ": invalid type: integer `3`, expected a status to be an object");
}

#[test]
fn a_wrong_type_around_the_spans_is_an_error_that_names_the_place() {
    let check = |body: &str, expected: &str| {
        let error = decode_traces(Encoding::Json, body.as_bytes()).unwrap_err().to_string();
        let error = error.split(" at line ").next().unwrap();
        assert_eq!(error, format!("malformed OTLP/JSON: {expected}"), "{body}");
    };
    check("", "EOF while parsing a value");
    check("[]", "invalid type: sequence, expected the request to be an object");
    check(r#"{"resourceSpans":5}"#, "invalid type: integer `5`, expected resourceSpans to be a list");
    check(
        r#"{"resourceSpans":[5]}"#,
        "invalid type: integer `5`, expected an element of resourceSpans to be an object",
    );
    check(
        r#"{"resourceSpans":[{"scopeSpans":"x"}]}"#,
        "invalid type: a string, expected scopeSpans to be a list",
    );
    check(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}"#,
        "invalid type: map, expected spans to be a list",
    );
    check(r#"{"resourceSpans":[]} x"#, "expected value");
}
