//! `KeyValue` and `AnyValue`.
//!
//! Protobuf lets a field that should come once come again: a message is then merged into what is there, as the generated
//! code of every language does. Hence values are read *into* a value.

use tracestead_model::{Attributes, Value};

use super::wire::{Fields, Payload, WRONG_TYPE, text};
use crate::fault::{Allowance, Fault, deeper};

/// Adds the attribute `message` to `attributes`.
pub(super) fn read_attribute(
    message: &[u8],
    attributes: &mut Attributes,
    allowance: &mut Allowance,
) -> Result<(), Fault> {
    read_pair(message, attributes, 0, allowance)
}

fn read_pair(
    message: &[u8],
    pairs: &mut Attributes,
    depth: usize,
    allowance: &mut Allowance,
) -> Result<(), Fault> {
    allowance.take()?;
    let mut key = String::new();
    let mut value = Value::Empty;
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => key = text("the key of an attribute", bytes)?,
            (2, Payload::Bytes(bytes)) => read_value(bytes, &mut value, depth, allowance)?,
            (1..=2, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    pairs.push(key, value);
    Ok(())
}

/// Reads the `AnyValue` `message`, which stands within `depth` lists and maps, into `value`.
pub(super) fn read_value(
    message: &[u8],
    value: &mut Value,
    depth: usize,
    allowance: &mut Allowance,
) -> Result<(), Fault> {
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => *value = Value::String(text("a text value", bytes)?),
            (2, Payload::Varint(number)) => *value = Value::Bool(number != 0),
            (3, Payload::Varint(number)) => *value = Value::Int(number.cast_signed()),
            (4, Payload::Fixed64(bits)) => *value = Value::Double(f64::from_bits(bits)),
            (5, Payload::Bytes(bytes)) => read_array(bytes, value, deeper(depth)?, allowance)?,
            (6, Payload::Bytes(bytes)) => read_map(bytes, value, deeper(depth)?, allowance)?,
            (7, Payload::Bytes(bytes)) => *value = Value::Bytes(bytes.to_vec()),
            (1..=7, _) => return Err(WRONG_TYPE),
            // 8 is an index into a table of strings that only profiles have.
            _ => {}
        }
    }
    Ok(())
}

fn read_array(
    message: &[u8],
    value: &mut Value,
    depth: usize,
    allowance: &mut Allowance,
) -> Result<(), Fault> {
    if !matches!(value, Value::Array(_)) {
        *value = Value::Array(Vec::new());
    }
    let Value::Array(values) = value else { return Ok(()) };
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                allowance.take()?;
                let mut element = Value::Empty;
                read_value(bytes, &mut element, depth, allowance)?;
                values.push(element);
            }
            (1, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}

fn read_map(message: &[u8], value: &mut Value, depth: usize, allowance: &mut Allowance) -> Result<(), Fault> {
    if !matches!(value, Value::Map(_)) {
        *value = Value::Map(Attributes::new());
    }
    let Value::Map(pairs) = value else { return Ok(()) };
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => read_pair(bytes, pairs, depth, allowance)?,
            (1, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok(())
}
