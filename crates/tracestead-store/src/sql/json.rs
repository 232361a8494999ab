//! JSON as PostgreSQL's `jsonb` can hold it.
//!
//! Agno's tables have their JSON as `jsonb` there, which keeps what a text says and not the text. Three things it cannot
//! say. `\u0000` and halves of surrogate pairs are refused: the first is left out (as Agno does), the second become U+FFFD.
//! And a float with an exponent, such as `1e+16`, would come back as the whole number it is; it is written out with a
//! point, which `jsonb` keeps.

use std::borrow::Cow;

/// Whole numbers from here on do not come back as whole numbers: they are read as floats anyway.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

/// Returns JSON that `jsonb` takes, and that comes back from it as the same value.
pub(crate) fn for_jsonb(json: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    // What stands before is in `kept`.
    let mut from = 0;
    let mut at = 0;
    let mut in_string = false;
    let bytes = json.as_bytes();
    while at < bytes.len() {
        let (length, instead) = match bytes[at] {
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => escape(&json[at..]),
            byte if !in_string && (byte == b'-' || byte.is_ascii_digit()) => number(&json[at..]),
            _ => (1, None),
        };
        if let Some(instead) = instead {
            kept.push_str(&json[from..at]);
            kept.push_str(&instead);
            from = at + length;
        }
        at += length;
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(&json[from..]);
    Cow::Owned(kept)
}

/// Returns the length of the escape at the beginning of `text`, and what is to stand in its place.
fn escape(text: &str) -> (usize, Option<Cow<'static, str>>) {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u").and_then(|rest| rest.get(..4));
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    match unit(text) {
        Some(0) => (6, Some(Cow::Borrowed(""))),
        Some(0xD800..=0xDBFF) if matches!(text.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) => (12, None),
        Some(0xD800..=0xDFFF) => (6, Some(Cow::Borrowed("\\ufffd"))),
        Some(_) => (6, None),
        // What is escaped is one byte; text that is no JSON may have anything.
        None => (2.min(text.len()), None),
    }
}

/// Returns the length of the number at the beginning of `text`, and what is to stand in its place.
fn number(text: &str) -> (usize, Option<Cow<'static, str>>) {
    let is_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = text.bytes().take_while(|byte| is_of_number(byte)).count();
    let number = &text[..length];
    if !number.contains(['e', 'E']) {
        return (length, None);
    }
    match number.parse::<f64>() {
        Ok(float) if float.fract() == 0.0 && float.abs() < WHOLE => {
            (length, Some(format!("{float:.1}").into()))
        }
        _ => (length, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jsonb_cannot_hold_is_left_out() {
        assert_eq!(for_jsonb(r#"{"a": "x\u0000y\\u0000\n"}"#), r#"{"a": "xy\\u0000\n"}"#);
        assert_eq!(for_jsonb(r#""\\\u0000""#), r#""\\""#);
        assert_eq!(
            for_jsonb(r#"["\ud83d\ude00", "\ud83d", "\ude00\u00e9"]"#),
            r#"["\ud83d\ude00", "\ufffd", "\ufffd\u00e9"]"#
        );
        assert!(matches!(for_jsonb(r#"{"é": [1.0, -2, "1e+16", "\"1e5"]}"#), Cow::Borrowed(_)));
        // What is no JSON is left to be refused.
        for text in ["\\", "\"\\", "\"\\é", "1e", "-", "\"\\u00"] {
            assert_eq!(for_jsonb(text), text);
        }
    }

    #[test]
    fn floats_stay_floats() {
        assert_eq!(
            for_jsonb("[1e+16, 1.5E17,-1e5]"),
            "[10000000000000000.0, 150000000000000000.0,-100000.0]"
        );
        assert_eq!(for_jsonb("[1e-05, 1.5e+300, 1e400]"), "[1e-05, 1.5e+300, 1e400]");
    }
}
