//! OpenInference's lists, flattened into keys such as `llm.input_messages.0.message.role`, put together again.

use std::collections::BTreeMap;

use crate::{Attributes, Value};

/// More items than this in one list are not shown: an index is a stranger's number.
const MOST_ITEMS: usize = 10_000;

/// Attributes below some prefix, by the rest of their key.
#[derive(Debug, Default)]
pub(super) struct Flattened<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> Flattened<'a> {
    pub(super) fn of(attributes: &'a Attributes) -> Self {
        Self(attributes.iter().collect())
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).copied()
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Returns what is below `prefix.`.
    pub(super) fn under(&self, prefix: &str) -> Self {
        Self(self.below(prefix).collect())
    }

    /// Returns the items of `prefix.N.`, in the order of their numbers (10 after 9), gaps left out.
    pub(super) fn list(&self, prefix: &str) -> Vec<Self> {
        let mut items: BTreeMap<usize, Self> = BTreeMap::new();
        for (rest, value) in self.below(prefix) {
            let Some((index, key)) = rest.split_once('.') else { continue };
            let Ok(index) = index.parse::<usize>() else { continue };
            if items.len() < MOST_ITEMS || items.contains_key(&index) {
                items.entry(index).or_default().0.insert(key, value);
            }
        }
        items.into_values().collect()
    }

    fn below(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let prefix = format!("{prefix}.");
        let length = prefix.len();
        self.0
            .range::<str, _>((std::ops::Bound::Included(prefix.as_str()), std::ops::Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .map(move |(key, value)| (&key[length..], *value))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_in_the_order_of_their_numbers() {
        let keys = ["m.10.x", "m.9.x", "m.2.x", "m.two.x", "m.3", "mm.0.x", "m.2.y"];
        let attributes: Attributes = keys.iter().map(|key| (*key, Value::from(*key))).collect();
        let flattened = Flattened::of(&attributes);
        let texts: Vec<_> = flattened.list("m").iter().map(|item| item.text("x")).collect();
        assert_eq!(texts, [Some("m.2.x"), Some("m.9.x"), Some("m.10.x")]);
    }
}
