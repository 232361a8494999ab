//! The objects around the items: request, `resourceSpans` or `resourceLogs`, `scopeSpans` or `scopeLogs`, resource and
//! scope.
//!
//! The envelope is read in one pass. Each item in it is first skipped over as raw text (which does not recurse, however
//! deep it is nested) and then read on its own, so that what is wrong in it ends there.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::value::RawValue;
use tracestead_model::{Resource, Scope};

use super::object::{Elements, List, Members, Object, read_object, skip};
use super::scalar::next_u32;
use super::text::next_text;
use super::value::read_attributes;
use crate::batch::{Batch, Gathered};
use crate::decode::DecodeError;
use crate::draft::Draft;
use crate::fault::{Allowance, Fault};

/// A kind of item as OTLP/JSON has it. Keys are in camel and in snake case.
pub(crate) trait FromJson: Draft {
    /// The key of the request under which items are listed by resource.
    const BY_RESOURCE: [&'static str; 2];
    /// An element of that list, for errors.
    const OF_RESOURCE: &'static str;
    /// The key of such an element under which items are listed by scope.
    const BY_SCOPE: [&'static str; 2];
    /// An element of that list, for errors.
    const OF_SCOPE: &'static str;
    /// The key of such an element under which the items are.
    const ITEMS: [&'static str; 2];

    /// Returns a draft in which nothing was read yet.
    fn empty() -> Self;

    /// Reads the item `json` into the draft.
    fn read(&mut self, json: &str, allowance: &mut Allowance) -> Result<(), Fault>;
}

pub(crate) fn decode<D: FromJson>(body: &[u8]) -> Result<Gathered<D::Item>, DecodeError> {
    let text = String::from_utf8_lossy(body);
    let mut batch = Batch::<D>::new(body.len());
    if matches!(text, std::borrow::Cow::Owned(_)) {
        batch.warn(format_args!("the body is not UTF-8: what is not was replaced by U+FFFD"));
    }
    read_requests(text.strip_prefix('\u{FEFF}').unwrap_or(&text), &mut batch).map_err(DecodeError::Json)?;
    Ok(batch.finish())
}

/// Reads one request, or several one after another as the Collector's file exporter writes them.
fn read_requests<D: FromJson>(text: &str, batch: &mut Batch<D>) -> Result<(), serde_json::Error> {
    let mut first = serde_json::Deserializer::from_str(text);
    Object(&mut Request { batch }).deserialize(&mut first)?;
    if first.end().is_ok() {
        return Ok(());
    }
    let requests = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    for request in requests.skip(1) {
        read_object(request?.get(), &mut Request { batch })?;
    }
    Ok(())
}

fn is(key: &[u8], names: [&str; 2]) -> bool {
    names.iter().any(|name| name.as_bytes() == key)
}

struct Request<'a, D: FromJson> {
    batch: &'a mut Batch<D>,
}

impl<'de, D: FromJson> Members<'de> for Request<'_, D> {
    const WHAT: &'static str = "the request";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        if is(key, D::BY_RESOURCE) { map.next_value_seed(List(self)) } else { skip(map) }
    }
}

impl<'de, D: FromJson> Elements<'de> for Request<'_, D> {
    const WHAT: &'static str = D::BY_RESOURCE[0];

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let from = self.batch.len();
        let mut members = OfResource { resource: Resource::default(), batch: self.batch };
        let more = list.next_element_seed(Object(&mut members))?.is_some();
        let resource = members.resource;
        self.batch.give_resource(from, resource);
        Ok(more)
    }
}

struct OfResource<'a, D: FromJson> {
    resource: Resource,
    batch: &'a mut Batch<D>,
}

impl<'de, D: FromJson> Members<'de> for OfResource<'_, D> {
    const WHAT: &'static str = D::OF_RESOURCE;

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"resource" => {
                let json = map.next_value::<&RawValue>()?.get();
                let schema_url = std::mem::take(&mut self.resource.schema_url);
                self.resource = Resource { schema_url, ..Resource::default() };
                let resource = &mut self.resource;
                self.batch.read_shared("resource", |allowance| {
                    Ok(read_object(json, &mut ResourceMembers { resource, allowance })?)
                });
                Ok(())
            }
            b"schemaUrl" | b"schema_url" => {
                self.resource.schema_url = next_schema_url(map)?;
                Ok(())
            }
            _ if is(key, D::BY_SCOPE) => map.next_value_seed(List(self)),
            _ => skip(map),
        }
    }
}

impl<'de, D: FromJson> Elements<'de> for OfResource<'_, D> {
    const WHAT: &'static str = D::BY_SCOPE[0];

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let from = self.batch.len();
        let mut members = OfScope { scope: Scope::default(), batch: self.batch };
        let more = list.next_element_seed(Object(&mut members))?.is_some();
        let scope = members.scope;
        self.batch.give_scope(from, scope);
        Ok(more)
    }
}

fn next_schema_url<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    next_text(map, &mut Allowance::new(0))
}

struct OfScope<'a, D: FromJson> {
    scope: Scope,
    batch: &'a mut Batch<D>,
}

impl<'de, D: FromJson> Members<'de> for OfScope<'_, D> {
    const WHAT: &'static str = D::OF_SCOPE;

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"scope" => {
                let json = map.next_value::<&RawValue>()?.get();
                let schema_url = std::mem::take(&mut self.scope.schema_url);
                self.scope = Scope { schema_url, ..Scope::default() };
                let scope = &mut self.scope;
                self.batch.read_shared("scope", |allowance| {
                    Ok(read_object(json, &mut ScopeMembers { scope, allowance })?)
                });
                Ok(())
            }
            b"schemaUrl" | b"schema_url" => {
                self.scope.schema_url = next_schema_url(map)?;
                Ok(())
            }
            _ if is(key, D::ITEMS) => map.next_value_seed(List(self)),
            _ => skip(map),
        }
    }
}

impl<'de, D: FromJson> Elements<'de> for OfScope<'_, D> {
    const WHAT: &'static str = D::ITEMS[0];

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let Some(json) = list.next_element::<&RawValue>()?.map(RawValue::get) else { return Ok(false) };
        self.batch.add(json.as_bytes(), D::empty(), |draft, allowance| draft.read(json, allowance));
        Ok(true)
    }
}

struct ResourceMembers<'a> {
    resource: &'a mut Resource,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for ResourceMembers<'_> {
    const WHAT: &'static str = "the resource";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"attributes" => read_attributes(map, &mut self.resource.attributes, self.allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                self.resource.dropped_attributes_count =
                    next_u32(map, "droppedAttributesCount of the resource")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct ScopeMembers<'a> {
    scope: &'a mut Scope,
    allowance: &'a mut Allowance,
}

impl<'de> Members<'de> for ScopeMembers<'_> {
    const WHAT: &'static str = "the scope";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"name" => self.scope.name = next_text(map, self.allowance)?,
            b"version" => self.scope.version = next_text(map, self.allowance)?,
            b"attributes" => read_attributes(map, &mut self.scope.attributes, self.allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                self.scope.dropped_attributes_count = next_u32(map, "droppedAttributesCount of the scope")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
