//! Rows as `COPY … FROM STDIN` takes them: <https://www.postgresql.org/docs/current/sql-copy.html>, text format.

use std::fmt::Write as _;

use crate::sql::{Value, for_jsonb};

/// Returns the rows, a line each.
pub(super) fn text(rows: &[Vec<Value<'_>>]) -> Vec<u8> {
    let mut text = String::with_capacity(rows.len() * 1024);
    for row in rows {
        for (at, value) in row.iter().enumerate() {
            if at > 0 {
                text.push('\t');
            }
            field(&mut text, value);
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn field(text: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(Some(value)) => escape(text, value),
        Value::Json(Some(value)) => escape(text, &for_jsonb(value)),
        Value::Int(Some(number)) => {
            let _ = write!(text, "{number}");
        }
        Value::Real(number) => {
            let _ = write!(text, "{number:?}");
        }
        Value::Bool(Some(flag)) => text.push(if *flag { 't' } else { 'f' }),
        Value::Bytes(bytes) => {
            text.push_str("\\\\x");
            for byte in bytes.iter() {
                let _ = write!(text, "{byte:02x}");
            }
        }
        Value::Text(None) | Value::Json(None) | Value::Int(None) | Value::Bool(None) => text.push_str("\\N"),
    }
}

fn escape(text: &mut String, value: &str) {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r', '\0']) {
        text.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'\\' => text.push_str("\\\\"),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            // No text can hold it.
            _ => {}
        }
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_escaped() {
        let row = vec![
            Value::text("a\\b\tc\nd\re\0f"),
            Value::Text(None),
            Value::json(Some(r#"{"x": "\u0000\n"}"#)),
            Value::int(-5),
            Value::Bool(Some(true)),
            Value::Bytes(vec![0, 255].into()),
        ];
        let expected = "a\\\\b\\tc\\nd\\ref\t\\N\t{\"x\": \"\\\\n\"}\t-5\tt\t\\\\x00ff\n";
        assert_eq!(String::from_utf8(text(&[row])).unwrap(), expected);
    }
}
