//! Labels that users give.

use std::collections::BTreeSet;

use crate::Value;

use super::precedence;
use super::reader::{Reader, clean};

/// Reads the labels of all dialects, sorted.
pub(super) fn tags(reader: &Reader<'_>) -> Vec<String> {
    let values = precedence::TAGS.iter().filter_map(|key| reader.value(key));
    let mut tags: BTreeSet<String> = values.flat_map(list).map(|tag| clean(tag.trim())).collect();
    tags.remove("");
    tags.into_iter().collect()
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => match serde_json::from_str::<Vec<String>>(text) {
            Ok(tags) => tags,
            Err(_) => text.split(',').map(str::to_owned).collect(),
        },
        _ => Vec::new(),
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
            ("tag.tags", Value::from(r#"["b", "a"]"#)),
            ("langsmith.span.tags", Value::from("b, a,b")),
        ];
        for (key, value) in cases {
            let attributes = Attributes::from_iter([(key, value)]);
            assert_eq!(tags(&Reader::new(SpanSource::new("x", &attributes))), ["a", "b"], "{key}");
        }
    }
}
