//! Statements with parameters that the server puts in: no value is ever part of the text.

use std::fmt::Write as _;

use clickhouse::Client;
use clickhouse::query::Query;

use crate::sql::Value;

/// Returns a name as statements have it.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// Returns a statement in which each `?` is one of `values`.
pub(super) fn bound(client: &Client, sql: &str, values: &[Value<'_>]) -> Query {
    let (text, parameters) = named(sql, values);
    let mut query = client.query_raw(&text);
    for (at, parameter) in parameters.into_iter().enumerate() {
        let name = format!("p{}", at + 1);
        query = match parameter {
            Parameter::Texts(texts) => query.param(&name, texts),
            Parameter::One(Value::Text(text) | Value::Json(text)) => query.param(&name, text.as_deref()),
            Parameter::One(Value::Int(number)) => query.param(&name, number),
            Parameter::One(Value::Real(number)) => query.param(&name, number),
            Parameter::One(Value::Bool(flag)) => query.param(&name, flag),
            Parameter::One(Value::Bytes(bytes)) => query.param(&name, hex(bytes)),
        };
    }
    query
}

/// What the server puts into a statement.
enum Parameter<'a> {
    One(&'a Value<'a>),
    /// A list of texts: hundreds of parameters would take longer to read than the statement to run.
    Texts(Vec<&'a str>),
}

/// Returns the statement with `{p1:String}` for the first `?` that is not within quotes, and so on, and with one parameter for
/// a list such as `(?, ?, ?)`.
fn named<'a>(sql: &str, values: &'a [Value<'a>]) -> (String, Vec<Parameter<'a>>) {
    let mut named = String::with_capacity(sql.len() + values.len() * 16);
    let (mut parameters, mut values) = (Vec::new(), values);
    let mut quote = None;
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        match (quote, character) {
            (None, '(') => {
                if let Some((texts, length)) = texts(rest, values) {
                    let _ = write!(named, "{{p{}:Array(String)}}", parameters.len() + 1);
                    values = &values[texts.len()..];
                    parameters.push(Parameter::Texts(texts));
                    rest = &rest[length..];
                    continue;
                }
            }
            (None, '\'' | '"' | '`') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, '?') => {
                // A `?` too many is for the server to refuse.
                if let Some((value, others)) = values.split_first() {
                    named.push_str(&place(parameters.len() + 1, value));
                    parameters.push(Parameter::One(value));
                    values = others;
                    rest = &rest[1..];
                    continue;
                }
            }
            _ => {}
        }
        named.push(character);
        rest = &rest[character.len_utf8()..];
    }
    (named, parameters)
}

/// Returns the texts of a list of at least two at the beginning of `sql`, and how long that is.
fn texts<'a>(sql: &str, values: &'a [Value<'a>]) -> Option<(Vec<&'a str>, usize)> {
    let list = &sql[..=sql.find(')')?];
    let inner = list.strip_prefix('(')?.strip_suffix(')')?;
    let count = inner.split(", ").count();
    if count < 2 || inner.split(", ").any(|part| part != "?") {
        return None;
    }
    let text = |value: &'a Value<'a>| match value {
        Value::Text(Some(text)) => Some(&**text),
        _ => None,
    };
    let texts: Option<Vec<&str>> = values.get(..count)?.iter().map(text).collect();
    Some((texts?, list.len()))
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

    fn named(sql: &str, values: &[Value<'_>]) -> String {
        super::named(sql, values).0
    }

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
    fn a_list_of_texts_is_one_parameter() {
        let values = [Value::int(1), Value::text("a"), Value::text("b"), Value::text("c"), Value::text("d")];
        assert_eq!(
            named("? x IN (?, ?, ?) AND y IN (?)", &values),
            "{p1:Int64} x IN {p2:Array(String)} AND y IN ({p3:String})"
        );
        let values = [Value::int(1), Value::text("a")];
        assert_eq!(named("f(?, ?)", &values), "f({p1:Int64}, {p2:String})");
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(identifier("a`b\\"), "`a\\`b\\\\`");
    }
}
