//! Trace and span ids: 16 and 8 bytes, written as lower-case hex everywhere.

use std::fmt;
use std::str::FromStr;

/// A text or byte string that is not a trace or span id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The length is not that of the id.
    #[error("{kind} id has {actual} {unit}, expected {expected}")]
    Length {
        /// `trace` or `span`.
        kind: &'static str,
        /// `bytes` or `hex digits`.
        unit: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A character is not a hex digit.
    #[error("{kind} id is not hexadecimal")]
    NotHex {
        /// `trace` or `span`.
        kind: &'static str,
    },
    /// All bytes are zero, which OpenTelemetry reserves for "no id".
    #[error("{kind} id is all zeros")]
    Zero {
        /// `trace` or `span`.
        kind: &'static str,
    },
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Returns the id held by `bytes`; refuses a wrong length and all zeros.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
                let id: [u8; $length] = bytes.try_into().map_err(|_| InvalidId::Length {
                    kind: $kind,
                    unit: "bytes",
                    expected: $length,
                    actual: bytes.len(),
                })?;
                if id == [0; $length] {
                    return Err(InvalidId::Zero { kind: $kind });
                }
                Ok(Self(id))
            }

            /// Returns the bytes of the id.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Returns the id as lower-case hex.
            #[must_use]
            pub fn to_hex(self) -> String {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut text = String::with_capacity($length * 2);
                for byte in self.0 {
                    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
                    text.push(char::from(DIGITS[usize::from(byte & 15)]));
                }
                text
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Reads hex of either case.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.as_bytes();
                if digits.len() != $length * 2 {
                    return Err(InvalidId::Length {
                        kind: $kind,
                        unit: "hex digits",
                        expected: $length * 2,
                        actual: text.chars().count(),
                    });
                }
                let mut id = [0; $length];
                for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
                    let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or(InvalidId::NotHex { kind: $kind });
                    *byte = u8::try_from(digit(0)? * 16 + digit(1)?).map_err(|_| InvalidId::NotHex { kind: $kind })?;
                }
                Self::from_bytes(&id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.to_hex())
            }
        }
    };
}

id!(
    /// The id of a trace.
    TraceId, 16, "trace"
);
id!(
    /// The id of a span, unique within its trace only.
    SpanId, 8, "span"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_either_case_and_write_lower_case() {
        let id: TraceId = "3A983D02C7F74F006864CE78C9BD58E4".parse().unwrap();
        assert_eq!(id.to_string(), "3a983d02c7f74f006864ce78c9bd58e4");
        assert_eq!(TraceId::from_bytes(id.as_bytes()), Ok(id));
    }

    #[test]
    fn ids_that_are_none_say_why() {
        let text = |result: Result<SpanId, InvalidId>| result.unwrap_err().to_string();
        assert_eq!(text("".parse()), "span id has 0 hex digits, expected 16");
        assert_eq!(text("00".parse()), "span id has 2 hex digits, expected 16");
        assert_eq!(text("zz00000000000000".parse()), "span id is not hexadecimal");
        assert_eq!(text("éé000000000000".parse()), "span id is not hexadecimal");
        assert_eq!(text("0000000000000000".parse()), "span id is all zeros");
        assert_eq!(text(SpanId::from_bytes(&[1; 9])), "span id has 9 bytes, expected 8");
    }
}
