//! Scalars by what they mean: numbers that are strings, strings that are numbers, enums by name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use tracestead_model::{InvalidId, SpanKind, StatusCode};

use crate::draft::severity;

/// A JSON scalar whose meaning is not yet asked.
#[derive(Debug)]
pub(super) enum Scalar<'de> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Cow<'de, str>),
}

/// Reads the next value as a scalar and asks it for its meaning; `what` names it in the error.
pub(super) fn next<'de, A: MapAccess<'de>, T>(
    map: &mut A,
    what: &'static str,
    meaning: impl FnOnce(&Scalar<'de>) -> Option<T>,
    expected: &'static str,
) -> Result<T, A::Error> {
    let scalar = map.next_value::<Scalar<'de>>()?;
    meaning(&scalar).ok_or_else(|| A::Error::custom(format_args!("{what} is not {expected}")))
}

/// Reads a `fixed64` such as a time.
pub(super) fn next_u64<'de, A: MapAccess<'de>>(map: &mut A, what: &'static str) -> Result<u64, A::Error> {
    next(map, what, |scalar| scalar.integer()?.try_into().ok(), "a number from 0 to 2^64-1")
}

/// Reads a `uint32` or `fixed32` such as a count or flags.
pub(super) fn next_u32<'de, A: MapAccess<'de>>(map: &mut A, what: &'static str) -> Result<u32, A::Error> {
    next(map, what, |scalar| scalar.integer()?.try_into().ok(), "a number from 0 to 2^32-1")
}

/// Reads an id. One that is text but no id is not an error yet: see [`crate::draft::Draft`].
pub(super) fn next_id<'de, A, T>(map: &mut A, what: &'static str) -> Result<Result<T, InvalidId>, A::Error>
where
    A: MapAccess<'de>,
    T: FromStr<Err = InvalidId>,
{
    next(map, what, |scalar| scalar.text().map(str::parse), "a string of hex digits")
}

impl Scalar<'_> {
    /// Returns a whole number; `null` is 0.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Null => Some(0),
            Self::Integer(number) => Some(*number),
            Self::Float(number) => whole(*number),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| whole(text.parse().ok()?))
            }
            Self::Bool(_) => None,
        }
    }

    /// Returns a number; `null` is 0. `"NaN"`, `"Infinity"` and `"-Infinity"` are what proto3 writes.
    #[expect(clippy::cast_precision_loss, reason = "the sender asked for a double")]
    pub(super) fn double(&self) -> Option<f64> {
        match self {
            Self::Null => Some(0.0),
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(_) => None,
        }
    }

    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(truth) => Some(*truth),
            Self::Text(text) if text == "true" => Some(true),
            Self::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// Returns a text as it stands; `null` is the empty one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Null => Some(""),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes of base64, of either alphabet, padded or not.
    pub(super) fn base64(&self) -> Option<Vec<u8>> {
        const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let text = self.text()?;
        let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
        GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()
    }

    /// Returns a span kind; numbers and names we do not know are internal, as in protobuf.
    pub(super) fn kind(&self) -> Option<SpanKind> {
        if let Some(number) = self.integer() {
            return Some(SpanKind::from_otlp(i64::try_from(number).unwrap_or(0)));
        }
        let name = self.text()?;
        Some(match name.strip_prefix("SPAN_KIND_").unwrap_or(name) {
            "SERVER" => SpanKind::Server,
            "CLIENT" => SpanKind::Client,
            "PRODUCER" => SpanKind::Producer,
            "CONSUMER" => SpanKind::Consumer,
            _ => SpanKind::Internal,
        })
    }

    /// Returns a status code; numbers and names we do not know are unset.
    pub(super) fn status_code(&self) -> Option<StatusCode> {
        if let Some(number) = self.integer() {
            return Some(StatusCode::from_otlp(i64::try_from(number).unwrap_or(0)));
        }
        let name = self.text()?;
        Some(match name.strip_prefix("STATUS_CODE_").unwrap_or(name) {
            "OK" => StatusCode::Ok,
            "ERROR" => StatusCode::Error,
            _ => StatusCode::Unset,
        })
    }

    /// Returns a severity number; numbers and names we do not know are 0.
    pub(super) fn severity(&self) -> Option<u32> {
        if let Some(number) = self.integer() {
            return Some(severity(i64::try_from(number).unwrap_or(0)));
        }
        let name = self.text()?;
        let name = name.strip_prefix("SEVERITY_NUMBER_").unwrap_or(name);
        // Each level has four: `INFO`, `INFO2`, `INFO3`, `INFO4`.
        let (level, step) = match name.split_at_checked(name.len().saturating_sub(1)) {
            Some((level, "2")) => (level, 1),
            Some((level, "3")) => (level, 2),
            Some((level, "4")) => (level, 3),
            _ => (name, 0),
        };
        let first = match level {
            "TRACE" => 1,
            "DEBUG" => 5,
            "INFO" => 9,
            "WARN" => 13,
            "ERROR" => 17,
            "FATAL" => 21,
            _ => return Some(0),
        };
        Some(first + step)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 1e30).then_some(number as i128)
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyScalar;

        impl<'de> Visitor<'de> for AnyScalar {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a single value")
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Null)
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Bool(truth))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Integer(number.into()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Integer(number.into()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Float(number))
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_any(AnyScalar)
    }
}
