//! Requests of log records: protobuf by the generated code, JSON as the specification has it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1 as proto;
use opentelemetry_proto::tonic::resource::v1 as proto_resource;
use prost::Message as _;
use serde_json::json;
use tracestead_model::{Attributes, LogRecord, SpanId, TraceId, UnixNanos, Value};

/// Returns `records` by resource and, within that, by scope.
fn grouped(records: &[LogRecord]) -> impl Iterator<Item = Vec<&[LogRecord]>> {
    records
        .chunk_by(|a, b| Arc::ptr_eq(&a.resource, &b.resource))
        .map(|of_resource| of_resource.chunk_by(|a, b| Arc::ptr_eq(&a.scope, &b.scope)).collect())
}

pub(super) fn to_protobuf(records: &[LogRecord]) -> Vec<u8> {
    let resource_logs = grouped(records).map(|scopes| {
        let resource = &scopes[0][0].resource;
        proto::ResourceLogs {
            resource: Some(proto_resource::Resource {
                attributes: proto_attributes(&resource.attributes),
                dropped_attributes_count: resource.dropped_attributes_count,
                ..proto_resource::Resource::default()
            }),
            schema_url: resource.schema_url.clone(),
            scope_logs: scopes.into_iter().map(proto_scope).collect(),
        }
    });
    ExportLogsServiceRequest { resource_logs: resource_logs.collect() }.encode_to_vec()
}

fn proto_scope(records: &[LogRecord]) -> proto::ScopeLogs {
    let scope = &records[0].scope;
    proto::ScopeLogs {
        scope: Some(InstrumentationScope {
            name: scope.name.clone(),
            version: scope.version.clone(),
            attributes: proto_attributes(&scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count,
        }),
        schema_url: scope.schema_url.clone(),
        log_records: records.iter().map(proto_record).collect(),
    }
}

fn proto_record(record: &LogRecord) -> proto::LogRecord {
    proto::LogRecord {
        time_unix_nano: nanos(record.time),
        observed_time_unix_nano: nanos(record.observed_time),
        severity_number: record.severity_number.cast_signed(),
        severity_text: record.severity_text.clone(),
        body: Some(proto_value(&record.body)),
        attributes: proto_attributes(&record.attributes),
        dropped_attributes_count: record.dropped_attributes_count,
        flags: record.flags,
        trace_id: record.trace_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        span_id: record.span_id.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        event_name: record.event_name.clone(),
    }
}

fn nanos(time: Option<UnixNanos>) -> u64 {
    time.map_or(0, |time| time.as_i64().unsigned_abs())
}

fn proto_attributes(attributes: &Attributes) -> Vec<KeyValue> {
    let pair = |(key, value): (&str, &Value)| KeyValue {
        key: key.to_owned(),
        value: Some(proto_value(value)),
        ..KeyValue::default()
    };
    attributes.iter().map(pair).collect()
}

fn proto_value(value: &Value) -> AnyValue {
    use any_value::Value as Any;
    let value = match value {
        Value::Empty => None,
        Value::String(text) => Some(Any::StringValue(text.clone())),
        Value::Bool(truth) => Some(Any::BoolValue(*truth)),
        Value::Int(number) => Some(Any::IntValue(*number)),
        Value::Double(number) => Some(Any::DoubleValue(*number)),
        Value::Bytes(bytes) => Some(Any::BytesValue(bytes.clone())),
        Value::Array(values) => {
            Some(Any::ArrayValue(ArrayValue { values: values.iter().map(proto_value).collect() }))
        }
        Value::Map(pairs) => Some(Any::KvlistValue(KeyValueList { values: proto_attributes(pairs) })),
    };
    AnyValue { value }
}

pub(super) fn to_json(records: &[LogRecord]) -> Vec<u8> {
    let resource_logs = grouped(records).map(|scopes| {
        let resource = &scopes[0][0].resource;
        json!({
            "resource": {
                "attributes": json_attributes(&resource.attributes),
                "droppedAttributesCount": resource.dropped_attributes_count,
            },
            "scopeLogs": scopes.into_iter().map(json_scope).collect::<Vec<_>>(),
            "schemaUrl": resource.schema_url,
        })
    });
    json!({"resourceLogs": resource_logs.collect::<Vec<_>>()}).to_string().into_bytes()
}

fn json_scope(records: &[LogRecord]) -> serde_json::Value {
    let scope = &records[0].scope;
    json!({
        "scope": {
            "name": scope.name,
            "version": scope.version,
            "attributes": json_attributes(&scope.attributes),
            "droppedAttributesCount": scope.dropped_attributes_count,
        },
        "logRecords": records.iter().map(json_record).collect::<Vec<_>>(),
        "schemaUrl": scope.schema_url,
    })
}

fn json_record(record: &LogRecord) -> serde_json::Value {
    json!({
        "timeUnixNano": nanos(record.time).to_string(),
        "observedTimeUnixNano": nanos(record.observed_time).to_string(),
        "severityNumber": record.severity_number,
        "severityText": record.severity_text,
        "body": json_value(&record.body),
        "attributes": json_attributes(&record.attributes),
        "droppedAttributesCount": record.dropped_attributes_count,
        "flags": record.flags,
        "traceId": record.trace_id.map(TraceId::to_hex).unwrap_or_default(),
        "spanId": record.span_id.map(SpanId::to_hex).unwrap_or_default(),
        "eventName": record.event_name,
    })
}

fn json_attributes(attributes: &Attributes) -> Vec<serde_json::Value> {
    attributes.iter().map(|(key, value)| json!({"key": key, "value": json_value(value)})).collect()
}

fn json_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Empty => json!({}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::Int(number) => json!({"intValue": number.to_string()}),
        Value::Double(number) if number.is_nan() => json!({"doubleValue": "NaN"}),
        Value::Double(number) if number.is_infinite() => {
            json!({"doubleValue": if *number > 0.0 { "Infinity" } else { "-Infinity" }})
        }
        Value::Double(number) => json!({"doubleValue": number}),
        Value::Bytes(bytes) => json!({"bytesValue": STANDARD.encode(bytes)}),
        Value::Array(values) => {
            json!({"arrayValue": {"values": values.iter().map(json_value).collect::<Vec<_>>()}})
        }
        Value::Map(pairs) => json!({"kvlistValue": {"values": json_attributes(pairs)}}),
    }
}
