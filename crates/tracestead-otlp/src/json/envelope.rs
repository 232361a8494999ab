//! The objects around the spans: request, `resourceSpans`, `scopeSpans`, resource and scope.
//!
//! The envelope is read in one pass. Each span in it is first skipped over as raw text (which does not recurse, however
//! deep it is nested) and then read on its own, so that what is wrong in it ends there.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::value::RawValue;
use tracestead_model::{InvalidId, Resource, Scope};

use super::object::{Elements, List, Members, Object, skip};
use super::scalar::{Text, next_u32};
use super::span::read_span;
use super::value::read_attributes;
use crate::batch::{Batch, Decoded};
use crate::decode::DecodeError;
use crate::draft::Draft;
use crate::fault::Allowance;

pub(crate) fn decode(body: &[u8]) -> Result<Decoded, DecodeError> {
    let text = String::from_utf8_lossy(body);
    let mut batch = Batch::new(body.len());
    if matches!(text, std::borrow::Cow::Owned(_)) {
        batch.warn(format_args!("the body is not UTF-8: what is not was replaced by U+FFFD"));
    }
    read_requests(text.strip_prefix('\u{FEFF}').unwrap_or(&text), &mut batch).map_err(DecodeError::Json)?;
    Ok(batch.finish())
}

/// Reads one request, or several one after another as the Collector's file exporter writes them.
fn read_requests(text: &str, batch: &mut Batch) -> Result<(), serde_json::Error> {
    let mut first = serde_json::Deserializer::from_str(text);
    Object(&mut Request { batch }).deserialize(&mut first)?;
    if first.end().is_ok() {
        return Ok(());
    }
    let requests = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    for request in requests.skip(1) {
        let mut deserializer = serde_json::Deserializer::from_str(request?.get());
        Object(&mut Request { batch }).deserialize(&mut deserializer)?;
    }
    Ok(())
}

struct Request<'a> {
    batch: &'a mut Batch,
}

impl<'de> Members<'de> for Request<'_> {
    const WHAT: &'static str = "the request";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"resourceSpans" | b"resource_spans" => map.next_value_seed(List(self)),
            _ => skip(map),
        }
    }
}

impl<'de> Elements<'de> for Request<'_> {
    const WHAT: &'static str = "resourceSpans";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let from = self.batch.len();
        let mut members = ResourceSpans { resource: Resource::default(), batch: self.batch };
        let more = list.next_element_seed(Object(&mut members))?.is_some();
        let resource = members.resource;
        self.batch.give_resource(from, resource);
        Ok(more)
    }
}

struct ResourceSpans<'a> {
    resource: Resource,
    batch: &'a mut Batch,
}

impl<'de> Members<'de> for ResourceSpans<'_> {
    const WHAT: &'static str = "an element of resourceSpans";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"resource" => {
                let json = map.next_value::<&RawValue>()?.get();
                let schema_url = std::mem::take(&mut self.resource.schema_url);
                self.resource = Resource { schema_url, ..Resource::default() };
                let resource = &mut self.resource;
                self.batch.read_shared("resource", |allowance| {
                    let mut deserializer = serde_json::Deserializer::from_str(json);
                    Object(&mut ResourceMembers { resource, allowance }).deserialize(&mut deserializer)?;
                    Ok(())
                });
                Ok(())
            }
            b"scopeSpans" | b"scope_spans" => map.next_value_seed(List(self)),
            b"schemaUrl" | b"schema_url" => {
                self.resource.schema_url = next_schema_url(map)?;
                Ok(())
            }
            _ => skip(map),
        }
    }
}

impl<'de> Elements<'de> for ResourceSpans<'_> {
    const WHAT: &'static str = "scopeSpans";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let from = self.batch.len();
        let mut members = ScopeSpans { scope: Scope::default(), batch: self.batch };
        let more = list.next_element_seed(Object(&mut members))?.is_some();
        let scope = members.scope;
        self.batch.give_scope(from, scope);
        Ok(more)
    }
}

fn next_schema_url<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    Ok(map.next_value_seed(Text(&mut Allowance::new(0)))?.unwrap_or_default())
}

struct ScopeSpans<'a> {
    scope: Scope,
    batch: &'a mut Batch,
}

impl<'de> Members<'de> for ScopeSpans<'_> {
    const WHAT: &'static str = "an element of scopeSpans";

    fn member<A: MapAccess<'de>>(&mut self, key: &[u8], map: &mut A) -> Result<(), A::Error> {
        match key {
            b"scope" => {
                let json = map.next_value::<&RawValue>()?.get();
                let schema_url = std::mem::take(&mut self.scope.schema_url);
                self.scope = Scope { schema_url, ..Scope::default() };
                let scope = &mut self.scope;
                self.batch.read_shared("scope", |allowance| {
                    let mut deserializer = serde_json::Deserializer::from_str(json);
                    Object(&mut ScopeMembers { scope, allowance }).deserialize(&mut deserializer)?;
                    Ok(())
                });
                Ok(())
            }
            b"spans" => map.next_value_seed(List(self)),
            b"schemaUrl" | b"schema_url" => {
                self.scope.schema_url = next_schema_url(map)?;
                Ok(())
            }
            _ => skip(map),
        }
    }
}

impl<'de> Elements<'de> for ScopeSpans<'_> {
    const WHAT: &'static str = "spans";

    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let Some(json) = list.next_element::<&RawValue>()?.map(RawValue::get) else { return Ok(false) };
        let missing = |kind, expected| InvalidId::Length { kind, unit: "hex digits", expected, actual: 0 };
        let draft = Draft::new(missing("trace", 32), missing("span", 16));
        self.batch.add_span(json.as_bytes(), draft, |draft, allowance| read_span(json, draft, allowance));
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
            b"name" => self.scope.name = map.next_value_seed(Text(self.allowance))?.unwrap_or_default(),
            b"version" => self.scope.version = map.next_value_seed(Text(self.allowance))?.unwrap_or_default(),
            b"attributes" => read_attributes(map, &mut self.scope.attributes, self.allowance)?,
            b"droppedAttributesCount" | b"dropped_attributes_count" => {
                self.scope.dropped_attributes_count = next_u32(map, "droppedAttributesCount of the scope")?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
