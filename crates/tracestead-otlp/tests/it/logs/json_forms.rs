//! Every form of OTLP/JSON in which log records come. What they share with spans is in the tests of those.

use tracestead_model::{Attributes, LogRecord, Value};
use tracestead_otlp::{DecodedLogs, Encoding, decode_logs};

fn decode(json: &str) -> DecodedLogs {
    decode_logs(Encoding::Json, json.as_bytes()).unwrap()
}

/// Decodes a request with one log record that has `members`.
fn decode_record(members: &str) -> DecodedLogs {
    decode(&format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{members}}}]}}]}}]}}"#))
}

fn record(members: &str) -> LogRecord {
    let mut decoded = decode_record(members);
    assert_eq!(decoded.rejected, [], "{members}");
    decoded.records.remove(0)
}

#[test]
fn a_record_may_say_little_or_null() {
    let bare = record("");
    assert_eq!((bare.trace_id, bare.span_id, bare.time, bare.observed_time), (None, None, None, None));
    assert_eq!((bare.severity_number, bare.event_name.as_str(), &bare.body), (0, "", &Value::Empty));
    let keys = [
        "timeUnixNano",
        "observedTimeUnixNano",
        "severityNumber",
        "severityText",
        "body",
        "attributes",
        "droppedAttributesCount",
        "flags",
        "traceId",
        "spanId",
        "eventName",
    ];
    let nulls: Vec<String> = keys.iter().map(|key| format!(r#""{key}":null"#)).collect();
    assert_eq!(record(&nulls.join(",")), bare);
    assert_eq!(record(r#""body":{},"attributes":[null],"unknown":{"x":[1]},"name":"given up""#), bare);
    assert_eq!(
        decode(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[null]}]}]}"#).records,
        [bare],
        "null is an empty object, and that is a legal record"
    );
    let nothing = r#"{"resourceLogs":[null,{"resource":null,"scopeLogs":null,"schemaUrl":null},
        {"scopeLogs":[null,{"scope":null,"logRecords":null,"schemaUrl":null}]}]}"#;
    for empty in [nothing, "{}", "null", r#"{"resourceLogs":[]}"#, r#"{"resourceLogs":null}"#, " {} \n"] {
        assert_eq!(decode(empty), DecodedLogs::default(), "{empty}");
    }
}

#[test]
fn no_trace_and_no_span_have_four_forms() {
    for id in ["null", r#""""#, r#""00000000000000000000000000000000""#] {
        assert_eq!(record(&format!(r#""traceId":{id}"#)).trace_id, None, "{id}");
    }
    for id in ["null", r#""""#, r#""0000000000000000""#] {
        assert_eq!(record(&format!(r#""spanId":{id}"#)).span_id, None, "{id}");
    }
    let record = record(r#""trace_id":"5B8EFFF798038103D269B633813FC60C","span_id":"EEE19B7EC3C1B174""#);
    assert_eq!(record.trace_id.unwrap().to_hex(), "5b8efff798038103d269b633813fc60c");
    assert_eq!(record.span_id.unwrap().to_hex(), "eee19b7ec3c1b174");
}

#[test]
fn severities_are_numbers_or_names() {
    let check = |severity: &str, expected: u32| {
        let record = record(&format!(r#""severityNumber":{severity},"severityText":"t""#));
        assert_eq!((record.severity_number, record.severity_text.as_str()), (expected, "t"), "{severity}");
    };
    for info in ["9", r#""9""#, "9.0", r#""SEVERITY_NUMBER_INFO""#, r#""INFO""#] {
        check(info, 9);
    }
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    for (level, first) in levels.into_iter().zip((1..).step_by(4)) {
        for (step, offset) in ["", "2", "3", "4"].into_iter().zip(0..) {
            check(&format!(r#""SEVERITY_NUMBER_{level}{step}""#), first + offset);
        }
    }
    check("1", 1);
    check("24", 24);
    for unknown in
        ["0", "25", "-1", "1e18", r#""""#, r#""SEVERITY_NUMBER_UNSPECIFIED""#, r#""INFO5""#, r#""é""#]
    {
        check(unknown, 0);
    }
}

#[test]
fn numbers_are_numbers_or_strings() {
    let record = record(
        r#""flags":"257","time_unix_nano":1760000000000000000,"observedTimeUnixNano":"1760000001000000000",
           "droppedAttributesCount":3.0,"severity_number":17,"severity_text":"E","event_name":"e""#,
    );
    assert_eq!(record.time.unwrap().as_i64(), 1_760_000_000_000_000_000);
    assert_eq!(record.observed_time.unwrap().as_i64(), 1_760_000_001_000_000_000);
    assert_eq!((record.flags, record.dropped_attributes_count, record.severity_number), (257, 3, 17));
    assert_eq!((record.severity_text.as_str(), record.event_name.as_str()), ("E", "e"));
    assert_eq!(self::record(r#""timeUnixNano":"0","observed_time_unix_nano":0"#), self::record(""));
}

#[test]
fn a_body_is_any_value() {
    let check = |json: &str, expected: Value| {
        assert_eq!(record(&format!(r#""body":{json}"#)).body, expected, "{json}");
    };
    check(r#"{"stringValue":"said"}"#, Value::from("said"));
    check(r#"{"string_value":""}"#, Value::from(""));
    check(r#"{"intValue":"7"}"#, Value::Int(7));
    check(
        r#"{"arrayValue":{"values":[{"boolValue":true},null]}}"#,
        Value::Array(vec![Value::Bool(true), Value::Empty]),
    );
    check(
        r#"{"kvlist_value":{"values":[{"key":"content","value":{"stringValue":"hi"}}]}}"#,
        Value::Map(Attributes::from_iter([("content", Value::from("hi"))])),
    );
    for nothing in ["{}", "null", r#"{"stringValue":null}"#] {
        check(nothing, Value::Empty);
    }
}

#[test]
fn of_a_repeated_key_the_last_wins() {
    let record = record(
        r#""eventName":"a","eventName":"b","body":{"intValue":1},"body":{},
           "attributes":[{"key":"x"}],"attributes":[{"key":"y"}],"traceId":"00","traceId":"""#,
    );
    assert_eq!((record.event_name.as_str(), record.body, record.trace_id), ("b", Value::Empty, None));
    assert_eq!(record.attributes.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["y"]);
}

#[test]
fn resource_and_scope_may_come_after_their_records() {
    let decoded = decode(
        r#"{"resource_logs":[{"scope_logs":[{"log_records":[{}],"scope":{"name":"s","version":"1"},"schemaUrl":"u"}],
            "schema_url":"v","resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}}]}"#,
    );
    let record = &decoded.records[0];
    assert_eq!(
        (record.scope.name.as_str(), record.scope.version.as_str(), record.scope.schema_url.as_str()),
        ("s", "1", "u")
    );
    assert_eq!((record.resource.service_name(), record.resource.schema_url.as_str()), (Some("shop"), "v"));
}

#[test]
fn half_a_surrogate_pair_is_replaced_with_a_warning() {
    let decoded = decode_record(r#""body":{"stringValue":"cut \ud83d"}"#);
    assert_eq!(decoded.records[0].body, Value::from("cut \u{fffd}"));
    assert!(decoded.warning.unwrap().contains("surrogate"));
}

#[test]
fn refusals_name_the_record_and_the_field() {
    let check = |members: &str, expected: &str| {
        let mut decoded = decode_record(members);
        assert_eq!((decoded.records.len(), decoded.rejected_count), (0, 1), "{members}");
        let rejected = decoded.rejected.remove(0);
        assert_eq!(rejected.reason.split(" at line ").next().unwrap(), expected, "{members}");
        assert_eq!(rejected.bytes, format!("{{{members}}}").into_bytes());
    };
    check(
        r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","eventName":"e","flags":-1"#,
        "log record of span eee19b7ec3c1b174 of trace 5b8efff798038103d269b633813fc60c, `e`: flags is not a number \
         from 0 to 2^32-1",
    );
    check(
        r#""traceId":"5b8e","eventName":"later""#,
        "log record, `later`: trace id has 4 hex digits, expected 32",
    );
    check(r#""spanId":"xxxxxxxxxxxxxxxx""#, "log record: span id is not hexadecimal");
    check(r#""spanId":7"#, "log record: spanId is not a string of hex digits");
    check(r#""timeUnixNano":"tomorrow""#, "log record: timeUnixNano is not a number from 0 to 2^64-1");
    check(
        r#""observedTimeUnixNano":9223372036854775808"#,
        "log record: observed_time_unix_nano: time 9223372036854775808 ns is after 2262-04-11, the last one a database \
         BIGINT can hold",
    );
    check(r#""severityNumber":true"#, "log record: severityNumber is not a severity number");
    check(
        r#""body":"secret prompt""#,
        "log record: invalid type: a string, expected an AnyValue to be an object",
    );
    check(r#""body":{"intValue":"secret"}"#, "log record: intValue is not a whole number of 64 bits");
    check(r#""eventName":7"#, "log record: invalid type: integer `7`, expected a string");
}

#[test]
fn a_record_that_is_no_object_fails_alone() {
    let decoded = decode(r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}, "secret", {}]}]}]}"#);
    assert_eq!((decoded.records.len(), decoded.rejected_count), (2, 1));
    assert_eq!(
        decoded.rejected[0].reason.split(" at line ").next().unwrap(),
        "log record: invalid type: a string, expected a log record to be an object"
    );
}

#[test]
fn a_wrong_type_around_the_records_is_an_error_that_names_the_place() {
    let check = |body: &str, expected: &str| {
        let error = decode_logs(Encoding::Json, body.as_bytes()).unwrap_err().to_string();
        let error = error.split(" at line ").next().unwrap();
        assert_eq!(error, format!("malformed OTLP/JSON: {expected}"), "{body}");
    };
    check("[]", "invalid type: sequence, expected the request to be an object");
    check(r#"{"resourceLogs":5}"#, "invalid type: integer `5`, expected resourceLogs to be a list");
    check(
        r#"{"resourceLogs":[5]}"#,
        "invalid type: integer `5`, expected an element of resourceLogs to be an object",
    );
    check(
        r#"{"resourceLogs":[{"scopeLogs":"x"}]}"#,
        "invalid type: a string, expected scopeLogs to be a list",
    );
    check(
        r#"{"resourceLogs":[{"scopeLogs":[5]}]}"#,
        "invalid type: integer `5`, expected an element of scopeLogs to be an object",
    );
    check(
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}"#,
        "invalid type: map, expected logRecords to be a list",
    );
}
