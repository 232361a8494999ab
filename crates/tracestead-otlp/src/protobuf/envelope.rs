//! The messages around the items: request, `ResourceSpans` or `ResourceLogs`, `ScopeSpans` or `ScopeLogs`, resource and
//! scope. They have the same field numbers for every kind of item.

use tracestead_model::{Resource, Scope};

use super::value::read_attribute;
use super::wire::{Fields, Payload, WRONG_TYPE, text, u32};
use crate::batch::{Batch, Gathered};
use crate::decode::DecodeError;
use crate::draft::Draft;
use crate::fault::{Allowance, Fault};

/// A kind of item as protobuf has it.
pub(crate) trait FromProtobuf: Draft {
    /// The message that is the request, for errors.
    const REQUEST: &'static str;
    /// The message that holds the items of one resource.
    const OF_RESOURCE: &'static str;
    /// The message that holds the items of one scope.
    const OF_SCOPE: &'static str;

    /// Returns a draft in which nothing was read yet.
    fn empty() -> Self;

    /// Reads the item `message` into the draft.
    fn read(&mut self, message: &[u8], allowance: &mut Allowance) -> Result<(), Fault>;
}

pub(crate) fn decode<D: FromProtobuf>(body: &[u8]) -> Result<Gathered<D::Item>, DecodeError> {
    let mut batch = Batch::<D>::new(body.len());
    let mut fields = Fields::of(body);
    while let Some((number, payload)) = fields.next().map_err(malformed(D::REQUEST))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => of_resource(bytes, &mut batch)?,
            (1, _) => return Err(malformed(D::REQUEST)(WRONG_TYPE)),
            _ => {}
        }
    }
    Ok(batch.finish())
}

fn of_resource<D: FromProtobuf>(message: &[u8], batch: &mut Batch<D>) -> Result<(), DecodeError> {
    let from = batch.len();
    let mut resource = Resource::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next().map_err(malformed(D::OF_RESOURCE))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                batch.read_shared("resource", |allowance| read_resource(bytes, &mut resource, allowance));
            }
            (2, Payload::Bytes(bytes)) => of_scope(bytes, batch)?,
            (3, Payload::Bytes(bytes)) => resource.schema_url = schema_url(bytes, batch),
            (1..=3, _) => return Err(malformed(D::OF_RESOURCE)(WRONG_TYPE)),
            // 1000 was for instrumentation libraries, given up in 2022.
            _ => {}
        }
    }
    batch.give_resource(from, resource);
    Ok(())
}

fn of_scope<D: FromProtobuf>(message: &[u8], batch: &mut Batch<D>) -> Result<(), DecodeError> {
    let from = batch.len();
    let mut scope = Scope::default();
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next().map_err(malformed(D::OF_SCOPE))? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                batch.read_shared("scope", |allowance| read_scope(bytes, &mut scope, allowance));
            }
            (2, Payload::Bytes(bytes)) => {
                batch.add(bytes, D::empty(), |draft, allowance| draft.read(bytes, allowance));
            }
            (3, Payload::Bytes(bytes)) => scope.schema_url = schema_url(bytes, batch),
            (1..=3, _) => return Err(malformed(D::OF_SCOPE)(WRONG_TYPE)),
            _ => {}
        }
    }
    batch.give_scope(from, scope);
    Ok(())
}

fn malformed(place: &'static str) -> impl FnOnce(Fault) -> DecodeError {
    move |fault| {
        let problem = match fault {
            Fault::Wire(problem) => problem,
            _ => "not protobuf",
        };
        DecodeError::Protobuf { place, problem }
    }
}

fn schema_url<D: Draft>(bytes: &[u8], batch: &mut Batch<D>) -> String {
    let mut url = String::new();
    batch.read_shared("schema URL", |_| {
        url = text("it", bytes)?;
        Ok(())
    });
    url
}

/// Fills `resource`. An attribute that cannot be read counts as dropped, and the others are still read.
fn read_resource(message: &[u8], resource: &mut Resource, allowance: &mut Allowance) -> Result<(), Fault> {
    let mut result = Ok(());
    let mut unread = 0_u32;
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => {
                if let Err(fault) = read_attribute(bytes, &mut resource.attributes, allowance) {
                    unread = unread.saturating_add(1);
                    result = Err(fault);
                }
            }
            (2, Payload::Varint(count)) => resource.dropped_attributes_count = u32(count),
            (1..=2, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    resource.dropped_attributes_count = resource.dropped_attributes_count.saturating_add(unread);
    result
}

/// Fills `scope`, in the manner of [`read_resource`].
fn read_scope(message: &[u8], scope: &mut Scope, allowance: &mut Allowance) -> Result<(), Fault> {
    let mut result = Ok(());
    let mut unread = 0_u32;
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next()? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => scope.name = String::from_utf8_lossy(bytes).into_owned(),
            (2, Payload::Bytes(bytes)) => scope.version = String::from_utf8_lossy(bytes).into_owned(),
            (3, Payload::Bytes(bytes)) => {
                if let Err(fault) = read_attribute(bytes, &mut scope.attributes, allowance) {
                    unread = unread.saturating_add(1);
                    result = Err(fault);
                }
            }
            (4, Payload::Varint(count)) => scope.dropped_attributes_count = u32(count),
            (1..=4, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    scope.dropped_attributes_count = scope.dropped_attributes_count.saturating_add(unread);
    result
}
