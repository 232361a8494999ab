//! The bodies of answers: `ExportTraceServiceResponse` or `ExportLogsServiceResponse` for what was taken,
//! `google.rpc.Status` for what was not.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::decode::Encoding;
use crate::encode::{message, text, varint};

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Returns the body of a 200: an empty message when everything was taken, else how many spans were refused and why. With
/// 0 refused the text is a warning. Clients do not send refused spans again.
#[must_use]
pub fn export_response(encoding: Encoding, rejected_spans: i64, error_message: &str) -> Vec<u8> {
    response(encoding, "rejectedSpans", rejected_spans, error_message)
}

/// Returns the body of a 200 to log records, as [`export_response`] does to spans.
#[must_use]
pub fn export_logs_response(encoding: Encoding, rejected_log_records: i64, error_message: &str) -> Vec<u8> {
    response(encoding, "rejectedLogRecords", rejected_log_records, error_message)
}

/// In protobuf both have the same field numbers; in JSON the name of the count differs.
fn response(encoding: Encoding, count_name: &str, rejected: i64, error_message: &str) -> Vec<u8> {
    if rejected == 0 && error_message.is_empty() {
        return match encoding {
            Encoding::Protobuf => Vec::new(),
            Encoding::Json => b"{}".to_vec(),
        };
    }
    match encoding {
        Encoding::Protobuf => {
            let mut out = Vec::new();
            message(&mut out, 1, |out| {
                varint(out, 1, rejected.cast_unsigned());
                text(out, 2, error_message);
            });
            out
        }
        Encoding::Json => json!({"partialSuccess": {
            (count_name): rejected.to_string(),
            "errorMessage": error_message,
        }})
        .to_string()
        .into_bytes(),
    }
}

/// Returns the body of a 4xx or 5xx: `code` is one of gRPC's, `retry_after` becomes a `RetryInfo` detail. For gRPC the
/// protobuf form goes into `grpc-status-details-bin`.
#[must_use]
pub fn status_body(
    encoding: Encoding,
    code: i32,
    error_message: &str,
    retry_after: Option<Duration>,
) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => status_protobuf(code, error_message, retry_after),
        Encoding::Json => status_json(code, error_message, retry_after),
    }
}

fn status_protobuf(code: i32, error_message: &str, retry_after: Option<Duration>) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, 1, i64::from(code).cast_unsigned());
    text(&mut out, 2, error_message);
    if let Some(delay) = retry_after {
        message(&mut out, 3, |any| {
            text(any, 1, RETRY_INFO);
            message(any, 2, |info| {
                message(info, 1, |duration| {
                    varint(duration, 1, delay.as_secs());
                    varint(duration, 2, delay.subsec_nanos().into());
                });
            });
        });
    }
    out
}

fn status_json(code: i32, error_message: &str, retry_after: Option<Duration>) -> Vec<u8> {
    let mut status = json!({"code": code, "message": error_message});
    if let Some(delay) = retry_after {
        status["details"] = json!([{"@type": RETRY_INFO, "retryDelay": duration_text(delay)}]);
    }
    status.to_string().into_bytes()
}

/// Returns a `google.protobuf.Duration` as proto3's JSON has it: `2s`, `0.250s`.
fn duration_text(duration: Duration) -> String {
    let mut text = duration.as_secs().to_string();
    let nanos = duration.subsec_nanos();
    if nanos != 0 {
        let (digits, width) = match nanos {
            _ if nanos.is_multiple_of(1_000_000) => (nanos / 1_000_000, 3),
            _ if nanos.is_multiple_of(1_000) => (nanos / 1_000, 6),
            _ => (nanos, 9),
        };
        let _ = write!(text, ".{digits:0width$}");
    }
    text.push('s');
    text
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
    use prost::Message as _;
    use tonic_types::pb;

    use super::*;

    #[test]
    fn full_success_is_an_empty_message() {
        assert_eq!(export_response(Encoding::Protobuf, 0, ""), b"");
        assert_eq!(export_response(Encoding::Json, 0, ""), b"{}");
        assert_eq!(export_logs_response(Encoding::Protobuf, 0, ""), b"");
        assert_eq!(export_logs_response(Encoding::Json, 0, ""), b"{}");
    }

    #[test]
    fn partial_success_says_how_many_and_why() {
        let body = export_response(Encoding::Protobuf, 3, "bad ids");
        let partial = ExportTraceServiceResponse::decode(&*body).unwrap().partial_success.unwrap();
        assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (3, "bad ids"));

        let warning = export_response(Encoding::Json, 0, "say \"when\"");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&warning).unwrap(),
            json!({"partialSuccess": {"rejectedSpans": "0", "errorMessage": "say \"when\""}})
        );

        let body = export_logs_response(Encoding::Protobuf, 2, "bad ids");
        let partial = ExportLogsServiceResponse::decode(&*body).unwrap().partial_success.unwrap();
        assert_eq!((partial.rejected_log_records, partial.error_message.as_str()), (2, "bad ids"));
        let body = export_logs_response(Encoding::Json, 2, "bad ids");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&body).unwrap(),
            json!({"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "bad ids"}})
        );
    }

    #[test]
    fn a_status_carries_when_to_come_back() {
        let body = status_body(Encoding::Protobuf, 14, "queue is full", Some(Duration::from_millis(1_250)));
        let status = pb::Status::decode(&*body).unwrap();
        assert_eq!((status.code, status.message.as_str()), (14, "queue is full"));
        assert_eq!(status.details[0].type_url, RETRY_INFO);
        let delay = pb::RetryInfo::decode(&*status.details[0].value).unwrap().retry_delay.unwrap();
        assert_eq!((delay.seconds, delay.nanos), (1, 250_000_000));

        let body = status_body(Encoding::Protobuf, 3, "no", None);
        assert_eq!(pb::Status::decode(&*body).unwrap().details.len(), 0);
        let zero = status_body(Encoding::Protobuf, 14, "now", Some(Duration::ZERO));
        let status = pb::Status::decode(&*zero).unwrap();
        assert!(pb::RetryInfo::decode(&*status.details[0].value).unwrap().retry_delay.is_some());
    }

    #[test]
    fn a_status_in_json_has_proto3_durations() {
        let text = |delay| String::from_utf8(status_body(Encoding::Json, 8, "m", delay)).unwrap();
        assert_eq!(text(None), r#"{"code":8,"message":"m"}"#);
        assert!(text(Some(Duration::from_millis(250))).contains(
            r#""details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.250s"}]"#
        ));
        assert!(text(Some(Duration::from_secs(2))).contains(r#""2s""#));
        assert!(text(Some(Duration::new(1, 5))).contains(r#""1.000000005s""#));
    }
}
