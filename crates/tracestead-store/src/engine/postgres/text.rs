//! What PostgreSQL wants of texts: numbered values, and no NUL anywhere.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::sql::Value;

/// Numbers the `?` of a statement, and says of JSON that it is.
pub(super) fn numbered(sql: &str, values: &[Value<'_>]) -> String {
    let mut numbered = String::with_capacity(sql.len() + values.len() * 4);
    let mut values = values.iter().enumerate();
    for part in sql.split_inclusive('?') {
        let Some(text) = part.strip_suffix('?') else {
            numbered.push_str(part);
            break;
        };
        numbered.push_str(text);
        match values.next() {
            Some((at, Value::Json(_))) => {
                let _ = write!(numbered, "${}::JSONB", at + 1);
            }
            Some((at, _)) => {
                let _ = write!(numbered, "${}", at + 1);
            }
            None => numbered.push('?'),
        }
    }
    numbered
}

/// Returns a text without what no text of PostgreSQL can hold.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// Returns JSON without `\u0000`, which `jsonb` cannot hold. Agno's writer leaves it out too.
pub(super) fn without_nul_escape(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u0000") {
        return Cow::Borrowed(json);
    }
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        if let Some(after) = from.strip_prefix("\\u0000") {
            rest = after;
        } else {
            // The escape and what it escapes: a backslash that is itself escaped begins nothing.
            let length = from.char_indices().nth(2).map_or(from.len(), |(at, _)| at);
            kept.push_str(&from[..length]);
            rest = &from[length..];
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered() {
        let values = [Value::int(1), Value::json(Some("{}")), Value::text("x")];
        assert_eq!(numbered("a = ? AND b = ? AND c = ?", &values), "a = $1 AND b = $2::JSONB AND c = $3");
        assert_eq!(numbered("SELECT 1", &[]), "SELECT 1");
    }

    #[test]
    fn no_nul_is_left() {
        assert_eq!(without_nul_escape(r#"{"a": "x\u0000y\\u0000\n"}"#), r#"{"a": "xy\\u0000\n"}"#);
        assert_eq!(without_nul_escape(r#""\\\u0000""#), r#""\\""#);
        assert_eq!(without_nul_escape("{}"), "{}");
    }
}
