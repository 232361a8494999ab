//! Labels that users give.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::Value;

use super::precedence;
use super::reader::{Reader, clean, parse, says_something};

/// More labels than this, or longer ones, are no labels.
const MOST_TAGS: usize = 100;
const MOST_CHARS: usize = 200;

/// Reads the labels of all dialects, sorted.
pub(super) fn tags(reader: &Reader<'_>) -> Vec<String> {
    let mut tags = BTreeSet::new();
    for value in precedence::TAGS.iter().filter_map(|key| reader.value(key)) {
        collect(value, &mut tags);
    }
    tags.into_iter().collect()
}

fn collect(value: &Value, tags: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => add(values.iter().filter_map(Value::as_str), tags),
        Value::String(text) if text.trim_start().starts_with(['[', '{', '"']) => match parse(text.trim()) {
            Some(Json::Array(items)) => add(items.iter().filter_map(Json::as_str), tags),
            Some(Json::String(text)) => add(text.split(','), tags),
            _ => {}
        },
        Value::String(text) => add(text.split(','), tags),
        _ => {}
    }
}

fn add<'a>(found: impl Iterator<Item = &'a str>, tags: &mut BTreeSet<String>) {
    for tag in found.take(MOST_TAGS).map(str::trim) {
        if says_something(tag) && tag.chars().nth(MOST_CHARS).is_none() && tags.len() < MOST_TAGS {
            tags.insert(clean(tag));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SpanSource;
    use crate::{Attributes, Value};

    #[test]
    fn lists_json_and_commas_are_read() {
        let list = Value::Array(vec![Value::from("b"), Value::from("a"), Value::Int(3), Value::from("")]);
        let cases = [
            ("tag.tags", list),
            ("tag.tags", Value::from(r#"["b", "a", 1]"#)),
            ("tag.tags", Value::from(r#""b,a""#)),
            ("langsmith.span.tags", Value::from("b, a,b,None")),
        ];
        for (key, value) in cases {
            let attributes = Attributes::from_iter([(key, value)]);
            assert_eq!(tags(&Reader::new(SpanSource::new("x", &attributes))), ["a", "b"], "{key}");
        }
        for none in [r#"{"a": 1}"#, "None", "__REDACTED__", "[broken", ","] {
            let attributes = Attributes::from_iter([("tag.tags", Value::from(none))]);
            assert!(tags(&Reader::new(SpanSource::new("x", &attributes))).is_empty(), "{none}");
        }
    }
}
