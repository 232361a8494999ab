//! Text, even when it is not quite Unicode.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Unexpected, Visitor};

use crate::fault::Allowance;

/// Reads a text; `null` is `None`. JavaScript that cuts a text in the middle of an emoji writes half a surrogate pair
/// (`"\ud83d"`), which is no Unicode: it is replaced, and the allowance notes it.
pub(super) struct Text<'a>(pub(super) &'a mut Allowance);

/// Reads a text; `null` is the empty one.
pub(super) fn next_text<'de, A: MapAccess<'de>>(
    map: &mut A,
    allowance: &mut Allowance,
) -> Result<String, A::Error> {
    Ok(map.next_value_seed(Text(allowance))?.unwrap_or_default())
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_none<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    /// `serde_json` hands out half pairs only to those who ask for bytes.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Option<String>, E> {
        if let Ok(text) = str::from_utf8(bytes) {
            return Ok(Some(text.to_owned()));
        }
        self.0.replaced_text = true;
        Ok(Some(replace_surrogates(bytes.to_owned())))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Option<String>, E> {
        Err(E::invalid_type(Unexpected::Other("a string"), &self))
    }
}

/// Half a pair comes as the three bytes `ED A0..BF xx`, and U+FFFD happens to have three bytes too.
fn replace_surrogates(mut bytes: Vec<u8>) -> String {
    for at in 0..bytes.len() {
        if let [0xED, 0xA0..=0xBF, _, ..] = bytes[at..] {
            bytes[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
