//! `KeyValue` and `AnyValue`.

use serde::de::{Error, MapAccess, SeqAccess};
use tracestead_model::{Attributes, Value};

use super::object::{Elements, List, Members, Object, skip};
use super::scalar::{Scalar, next};
use super::text::{Text, next_text};
use crate::fault::{Allowance, deeper};

/// Reads the value of a key as a list of attributes into `attributes`, in place of what is there.
pub(super) fn read_attributes<'de, A: MapAccess<'de>>(
    map: &mut A,
    attributes: &mut Attributes,
    allowance: &mut Allowance,
) -> Result<(), A::Error> {
    *attributes = Attributes::new();
    map.next_value_seed(List(&mut Pairs { target: attributes, depth: 0, allowance }))
}

/// Reads the value of a key as an `AnyValue` that stands within `depth` lists and maps.
pub(super) fn next_value<'de, A: MapAccess<'de>>(
    map: &mut A,
    depth: usize,
    allowance: &mut Allowance,
) -> Result<Value, A::Error> {
    let mut value = AnyValue { value: Value::Empty, depth, allowance };
    map.next_value_seed(Object(&mut value))?;
    Ok(value.value)
}

/// A list of `KeyValue`s.
struct Pairs<'a> {
    target: &'a mut Attributes,
    depth: usize,
    allowance: &'a mut Allowance,
}

impl<'de> Elements<'de> for Pairs<'_> {
    const WHAT: &'static str = "a list of attributes";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let mut pair =
            Pair { key: String::new(), value: Value::Empty, depth: self.depth, allowance: self.allowance };
        match list.next_element_seed(Object(&mut pair))? {
            None => return Ok(false),
            // `null` in a list of pairs says nothing, not even a key.
            Some(false) => {}
            Some(true) => {
                pair.allowance.take().map_err(A::Error::custom)?;
                self.target.push(pair.key, pair.value);
            }
        }
        Ok(true)
    }
}

struct Pair<'a> {
    key: String,
    value: Value,
    depth: usize,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for Pair<'_> {
    const WHAT: &'static str = "an attribute";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"key" => self.key = next_text(map, self.allowance)?,
            b"value" => self.value = next_value(map, self.depth, self.allowance)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// One `AnyValue`: an object of which one key should be there. If there are several the last one wins; a `null` is none.
struct AnyValue<'a> {
    value: Value,
    depth: usize,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for AnyValue<'_> {
    const WHAT: &'static str = "an AnyValue";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"stringValue" | b"string_value" => {
                if let Some(text) = map.next_value_seed(Text(self.allowance))? {
                    self.value = Value::String(text);
                }
            }
            b"boolValue" | b"bool_value" => {
                self.scalar(map, "boolValue", "true or false", |scalar| scalar.truth().map(Value::Bool))?;
            }
            b"intValue" | b"int_value" => {
                let meaning = |scalar: &Scalar<'_>| scalar.integer()?.try_into().ok().map(Value::Int);
                self.scalar(map, "intValue", "a whole number of 64 bits", meaning)?;
            }
            b"doubleValue" | b"double_value" => {
                self.scalar(map, "doubleValue", "a number", |scalar| scalar.double().map(Value::Double))?;
            }
            b"bytesValue" | b"bytes_value" => {
                self.scalar(map, "bytesValue", "base64", |scalar| scalar.base64().map(Value::Bytes))?;
            }
            b"arrayValue" | b"array_value" => {
                let depth = deeper(self.depth).map_err(A::Error::custom)?;
                let mut values = ArrayValue { values: Vec::new(), depth, allowance: self.allowance };
                let given = map.next_value_seed(Object(&mut values))?;
                let values = values.values;
                self.set(given.then_some(Value::Array(values)));
            }
            b"kvlistValue" | b"kvlist_value" => {
                let depth = deeper(self.depth).map_err(A::Error::custom)?;
                let mut pairs = Attributes::new();
                let mut list = KeyValueList(Pairs { target: &mut pairs, depth, allowance: self.allowance });
                let given = map.next_value_seed(Object(&mut list))?;
                self.set(given.then_some(Value::Map(pairs)));
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl AnyValue<'_> {
    fn scalar<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        what: &'static str,
        expected: &'static str,
        meaning: fn(&Scalar<'_>) -> Option<Value>,
    ) -> Result<(), A::Error> {
        let unless_null = |scalar: &Scalar<'_>| match scalar {
            Scalar::Null => Some(None),
            _ => meaning(scalar).map(Some),
        };
        let value = next(map, what, unless_null, expected)?;
        self.set(value);
        Ok(())
    }

    fn set(&mut self, value: Option<Value>) {
        if let Some(value) = value {
            self.value = value;
        }
    }
}

struct ArrayValue<'a> {
    values: Vec<Value>,
    depth: usize,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for ArrayValue<'_> {
    const WHAT: &'static str = "arrayValue";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"values" => {
                self.values.clear();
                map.next_value_seed(List(self))
            }
            _ => skip(map),
        }
    }
}

impl<'de> Elements<'de> for ArrayValue<'_> {
    const WHAT: &'static str = "the values of arrayValue";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let mut value = AnyValue { value: Value::Empty, depth: self.depth, allowance: self.allowance };
        if list.next_element_seed(Object(&mut value))?.is_none() {
            return Ok(false);
        }
        value.allowance.take().map_err(A::Error::custom)?;
        self.values.push(value.value);
        Ok(true)
    }
}

struct KeyValueList<'a>(Pairs<'a>);

impl<'de> Members<'de> for KeyValueList<'_> {
    const WHAT: &'static str = "kvlistValue";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"values" => {
                *self.0.target = Attributes::new();
                map.next_value_seed(List(&mut self.0))
            }
            _ => skip(map),
        }
    }
}
