//! Statements with parameters that the server puts in: no value is ever part of the text.

use clickhouse::Client;
use clickhouse::query::Query;

use crate::sql::Value;

/// Returns a name as statements have it.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// Returns a statement in which each `?` is one of `values`.
pub(super) fn bound(client: &Client, sql: &str, values: &[Value<'_>]) -> Query {
    let mut query = client.query_raw(&named(sql, values));
    for (at, value) in values.iter().enumerate() {
        let name = format!("p{}", at + 1);
        query = match value {
            Value::Text(text) | Value::Json(text) => query.param(&name, text.as_deref()),
            Value::Int(number) => query.param(&name, number),
            Value::Real(number) => query.param(&name, number),
            Value::Bool(flag) => query.param(&name, flag),
            Value::Bytes(bytes) => query.param(&name, hex(bytes)),
        };
    }
    query
}

/// Returns the statement with `{p1:String}` for the first `?` that is not within quotes, and so on.
fn named(sql: &str, values: &[Value<'_>]) -> String {
    let mut named = String::with_capacity(sql.len() + values.len() * 16);
    let mut values = values.iter().enumerate();
    let mut quote = None;
    for character in sql.chars() {
        match (quote, character) {
            (None, '\'' | '"' | '`') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, '?') => {
                // A `?` too many is for the server to refuse.
                if let Some((at, value)) = values.next() {
                    named.push_str(&place(at + 1, value));
                    continue;
                }
            }
            _ => {}
        }
        named.push(character);
    }
    named
}

fn place(number: usize, value: &Value<'_>) -> String {
    let kind = match value {
        Value::Text(Some(_)) | Value::Json(Some(_)) => "String",
        Value::Text(None) | Value::Json(None) => "Nullable(String)",
        Value::Int(Some(_)) => "Int64",
        Value::Int(None) => "Nullable(Int64)",
        Value::Bool(Some(_)) => "Bool",
        Value::Bool(None) => "Nullable(Bool)",
        Value::Real(_) => "Float64",
        // A parameter is text, and bytes may be none.
        Value::Bytes(_) => return format!("unhex({{p{number}:String}})"),
    };
    format!("{{p{number}:{kind}}}")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_place_with_their_type() {
        let values =
            [Value::text("a"), Value::maybe(None), Value::int(1), Value::Bool(None), Value::Real(0.5)];
        assert_eq!(
            named("? ? ? ? ?", &values),
            "{p1:String} {p2:Nullable(String)} {p3:Int64} {p4:Nullable(Bool)} {p5:Float64}"
        );
    }

    #[test]
    fn a_question_mark_within_quotes_is_one() {
        assert_eq!(
            named("SELECT '?', \"?\", 'it''s ?', ?", &[Value::int(1)]),
            "SELECT '?', \"?\", 'it''s ?', {p1:Int64}"
        );
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(identifier("a`b\\"), "`a\\`b\\\\`");
    }
}
