//! Attributes as JSON text, byte for byte as Agno stores them, and back.
//!
//! Agno writes `json.dumps(attributes)`: `, ` and `: ` between things, everything outside printable ASCII as `\uXXXX`,
//! floats as Python's `repr`. Three things have no such form and are ours: `NaN` and the infinities become the strings
//! that proto3 JSON uses (so that every database can still read the column), bytes become base64 text, and of a repeated
//! key the last value stands.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::{Attributes, Value};

/// Returns `attributes` as Agno's JSON text.
#[must_use]
pub fn to_agno_json(attributes: &Attributes) -> String {
    let size: usize = attributes.iter().map(|(key, value)| key.len() + 8 + size_hint(value)).sum();
    let mut text = String::with_capacity(size + size / 8 + 2);
    write_map(&mut text, attributes);
    text
}

fn size_hint(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        _ => 16,
    }
}

fn write_map(text: &mut String, attributes: &Attributes) {
    text.push('{');
    let mut first = true;
    let last = last_of_repeated(attributes);
    for (at, (key, value)) in attributes.iter().enumerate() {
        if last.as_ref().is_some_and(|last| last.get(key) != Some(&at)) {
            continue;
        }
        if !first {
            text.push_str(", ");
        }
        first = false;
        write_string(text, key);
        text.push_str(": ");
        write_value(text, value);
    }
    text.push('}');
}

/// Returns where each key stands last, if any stands twice.
fn last_of_repeated(attributes: &Attributes) -> Option<HashMap<&str, usize>> {
    let mut last = HashMap::with_capacity(attributes.len());
    let mut repeated = false;
    for (at, (key, _)) in attributes.iter().enumerate() {
        repeated |= last.insert(key, at).is_some();
    }
    repeated.then_some(last)
}

/// Depth is bounded: the decoder refuses values nested deeper than about a hundred levels.
fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Empty => text.push_str("null"),
        Value::String(string) => write_string(text, string),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Int(number) => {
            let _ = write!(text, "{number}");
        }
        Value::Double(number) => write_double(text, *number),
        Value::Bytes(bytes) => write_string(text, &base64(bytes)),
        Value::Array(values) => {
            text.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                write_value(text, value);
            }
            text.push(']');
        }
        Value::Map(map) => write_map(text, map),
    }
}

/// Appends a string as Python's `json.dumps` does with its default `ensure_ascii`.
fn write_string(text: &mut String, string: &str) {
    text.push('"');
    let mut plain_from = 0;
    for (at, character) in string.char_indices() {
        if matches!(character, ' '..='~') && character != '"' && character != '\\' {
            continue;
        }
        text.push_str(&string[plain_from..at]);
        plain_from = at + character.len_utf8();
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push_str(&string[plain_from..]);
    text.push('"');
}

/// Appends a float as Python's `repr`: shortest digits, an exponent below 1e-4 and from 1e16 on.
fn write_double(text: &mut String, number: f64) {
    if number.is_nan() {
        return text.push_str("\"NaN\"");
    }
    if number.is_infinite() {
        return text.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..16).contains(&exponent) {
        let _ = write!(text, "{number:?}");
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "{mantissa}e{sign}{:02}", exponent.abs());
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = usize::try_from(group >> (18 - 6 * at) & 63).unwrap_or(0);
            text.push(if at <= chunk.len() { char::from(ALPHABET[digit]) } else { '=' });
        }
    }
    text
}

/// Reads attributes back from their JSON text. Text that is no JSON object gives none: a row someone edited by hand
/// must not break a page.
#[must_use]
pub fn from_agno_json(text: &str) -> Attributes {
    match serde_json::from_str::<Json>(text) {
        Ok(Json::Object(map)) => map.into_iter().map(|(key, value)| (key, from_json(value))).collect(),
        _ => Attributes::new(),
    }
}

/// Returns a JSON value as an attribute value. Depth is bounded by `serde_json`'s own limit of 128.
#[must_use]
pub fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(text),
        Json::Array(values) => Value::Array(values.into_iter().map(from_json).collect()),
        Json::Object(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}

/// Returns `value` as JSON, in the forms the column has.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::String(text) => Json::String(text.clone()),
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Double(number) => serde_json::Number::from_f64(*number).map_or_else(
            || {
                Json::from(if number.is_nan() {
                    "NaN"
                } else if *number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                })
            },
            Json::Number,
        ),
        Value::Bytes(bytes) => Json::String(base64(bytes)),
        Value::Array(values) => Json::Array(values.iter().map(to_json).collect()),
        Value::Map(map) => attributes_to_json(map),
    }
}

/// Returns `attributes` as a JSON object.
#[must_use]
pub fn attributes_to_json(attributes: &Attributes) -> Json {
    Json::Object(attributes.iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, expected: &str) {
        assert_eq!(to_agno_json(&Attributes::from_iter([("k", value)])), format!("{{\"k\": {expected}}}"));
    }

    /// Expected texts are what `CPython` 3.11 prints for `json.dumps({"k": ...})`.
    #[test]
    fn values_are_written_as_python_writes_them() {
        check(
            Value::from("Zürich \u{1f600} \"q\" \\ \n\t\u{7f}\0"),
            r#""Z\u00fcrich \ud83d\ude00 \"q\" \\ \n\t\u007f\u0000""#,
        );
        check(Value::Double(0.2), "0.2");
        check(Value::Double(1.0), "1.0");
        check(Value::Double(-0.0), "-0.0");
        check(Value::Double(1e16), "1e+16");
        check(Value::Double(123_456_789_012_345.6), "123456789012345.6");
        check(Value::Double(1e15), "1000000000000000.0");
        check(Value::Double(1e-5), "1e-05");
        check(Value::Double(1.5e-7), "1.5e-07");
        check(Value::Double(0.0001), "0.0001");
        check(Value::Double(1.5e300), "1.5e+300");
        check(Value::Int(i64::MIN), "-9223372036854775808");
        check(Value::Array(vec![Value::Int(1), Value::Bool(true), Value::Empty]), "[1, true, null]");
        check(Value::Map(Attributes::from_iter([("a", Value::Array(vec![]))])), r#"{"a": []}"#);
    }

    #[test]
    fn what_python_has_no_form_for_has_ours() {
        check(Value::Double(f64::NAN), "\"NaN\"");
        check(Value::Double(f64::NEG_INFINITY), "\"-Infinity\"");
        check(Value::Bytes(b"any carnal pleas".to_vec()), "\"YW55IGNhcm5hbCBwbGVhcw==\"");
        check(Value::Bytes(b"ab\xff".to_vec()), "\"YWL/\"");
        let twice = Attributes::from_iter([("k", Value::Int(1)), ("j", Value::Int(2)), ("k", Value::Int(3))]);
        assert_eq!(to_agno_json(&twice), r#"{"j": 2, "k": 3}"#);
    }

    #[test]
    fn a_text_that_is_no_object_reads_as_no_attributes() {
        for text in ["", "null", "[1]", "{", "\"x\""] {
            assert!(from_agno_json(text).is_empty(), "{text}");
        }
    }
}
