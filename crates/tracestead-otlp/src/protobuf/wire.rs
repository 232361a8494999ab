//! Protobuf's wire format: a message is a row of fields, each a number, a type and a payload.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::fault::Fault;

/// The payload of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    /// A group, skipped: a form given up before OTLP began.
    Group,
}

/// The fields of one message, in order.
#[derive(Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Returns the next field's number and payload, `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Payload<'a>)>, Fault> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = decode_key(&mut self.0).map_err(|_| Fault::Wire("bad field key"))?;
        let payload = match wire_type {
            WireType::Varint => Payload::Varint(self.varint()?),
            WireType::SixtyFourBit => Payload::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::ThirtyTwoBit => Payload::Fixed32(u32::from_le_bytes(self.array()?)),
            WireType::LengthDelimited => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
                self.0 = rest;
                Payload::Bytes(bytes)
            }
            WireType::StartGroup | WireType::EndGroup => {
                skip_field(wire_type, number, &mut self.0, DecodeContext::default())
                    .map_err(|_| Fault::Wire("bad group"))?;
                Payload::Group
            }
        };
        Ok(Some((number, payload)))
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        decode_varint(&mut self.0).map_err(|_| Fault::Wire("bad varint"))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

const CUT_OFF: Fault = Fault::Wire("field is cut off");

/// The fault of a known field whose payload is of another type than it should.
pub(super) const WRONG_TYPE: Fault = Fault::Wire("field has the wrong wire type");

/// Returns `bytes` as text; `what` names it in the fault.
pub(super) fn text(what: &'static str, bytes: &[u8]) -> Result<String, Fault> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| Fault::NotUtf8(what))
}

/// Returns a `uint32`, which protobuf cuts to its low bits.
#[expect(clippy::cast_possible_truncation, reason = "the rule of the format")]
pub(super) fn u32(varint: u64) -> u32 {
    varint as u32
}

/// Returns an enum's number, an `int32` on the wire.
pub(super) fn enumeration(varint: u64) -> i64 {
    i64::from(u32(varint).cast_signed())
}
