//! Exports and their answers as bytes on the wire, field by field.

use crate::support::Answer;

pub(crate) const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

/// Appends a length-delimited protobuf field.
pub(crate) fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
pub(crate) fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn nested(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    field(&mut out, number, bytes);
    out
}

pub(crate) fn time(out: &mut Vec<u8>, number: u8, nanos: u64) {
    out.push(number << 3 | 1);
    out.extend_from_slice(&nanos.to_le_bytes());
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn request<S: AsRef<[u8]>>(spans: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut scope_spans = Vec::new();
    for span in spans {
        field(&mut scope_spans, 2, span.as_ref());
    }
    nested(1, &nested(2, &scope_spans))
}

/// Reads the numbers and texts of a protobuf message: all that answers are made of.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>, u64)> {
    fn number(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = u8::try_from(number(&mut bytes)).unwrap();
        let value = number(&mut bytes);
        let mut content = Vec::new();
        if key & 7 == 2 {
            let (head, rest) = bytes.split_at(usize::try_from(value).unwrap());
            content = head.to_vec();
            bytes = rest;
        }
        fields.push((key >> 3, content, value));
    }
    fields
}

/// Returns how many spans or log records a 200 refuses, and why.
pub(crate) fn partial_success(answer: &Answer) -> (u64, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    if answer.header("content-type") == Some("application/json") {
        let json = answer.json();
        let partial = &json["partialSuccess"];
        let rejected =
            ["rejectedSpans", "rejectedLogRecords"].iter().find_map(|name| partial[*name].as_str());
        let rejected = rejected.map_or(0, |number| number.parse().unwrap());
        return (rejected, partial["errorMessage"].as_str().unwrap_or_default().to_owned());
    }
    let Some((1, partial, _)) = fields(&answer.body).pop() else { return (0, String::new()) };
    let mut success = (0, String::new());
    for (number, content, value) in fields(&partial) {
        match number {
            1 => success.0 = value,
            _ => success.1 = String::from_utf8(content).unwrap(),
        }
    }
    success
}

/// Returns code and message of a `google.rpc.Status`.
pub(crate) fn status(answer: &Answer) -> (u64, String) {
    if answer.header("content-type") == Some("application/json") {
        let json = answer.json();
        return (json["code"].as_u64().unwrap(), json["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
    let fields = fields(&answer.body);
    let code = fields.iter().find(|(number, ..)| *number == 1).unwrap().2;
    let message = fields.iter().find(|(number, ..)| *number == 2).unwrap().1.clone();
    (code, String::from_utf8(message).unwrap())
}
