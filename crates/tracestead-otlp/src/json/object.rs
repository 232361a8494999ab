//! Objects and lists, with the two things serde's own visitors do not do for us: `null` is an empty one, and a wrong type
//! is named without quoting the input.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

/// Something that takes the members of a JSON object.
pub(super) trait Members<'de> {
    /// What is being read, for errors.
    const WHAT: &'static str;

    /// Reads the value of `key` off `map`; unknown keys are [`skip`]ped.
    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error>;
}

/// Something that takes the elements of a JSON list.
pub(super) trait Elements<'de> {
    /// What is being read, for errors.
    const WHAT: &'static str;

    /// Reads one element off `list`; false at the end.
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error>;
}

/// Reads an object into `T`; the result is false for `null`.
pub(super) struct Object<'a, T>(pub(super) &'a mut T);

/// Reads a list into `T`.
pub(super) struct List<'a, T>(pub(super) &'a mut T);

/// Reads the object `json`, which may be `null`, into `members`.
pub(super) fn read_object<'de, T: Members<'de>>(
    json: &'de str,
    members: &mut T,
) -> Result<(), serde_json::Error> {
    Object(members).deserialize(&mut serde_json::Deserializer::from_str(json)).map(|_given| ())
}

/// Skips the value of a key.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// The methods of a visitor that name a wrong type without its content.
macro_rules! quote_nothing {
    () => {
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::invalid_type(Unexpected::Other("a string"), &self))
        }
    };
}

impl<'de, T: Members<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Members<'de>> Visitor<'de> for Object<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be an object", T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Key(key)) = map.next_key_seed(KeySeed)? {
            self.0.member(&key, &mut map)?;
        }
        Ok(true)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    quote_nothing!();
}

impl<'de, T: Elements<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Elements<'de>> Visitor<'de> for List<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be a list", T::WHAT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.element(&mut list)? {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    quote_nothing!();
}

/// A key as bytes: `serde_json` refuses half a surrogate pair in text, and an unknown key is no reason to refuse a span.
struct Key<'de>(Cow<'de, [u8]>);
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_bytes<E: Error>(self, key: &'de [u8]) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
