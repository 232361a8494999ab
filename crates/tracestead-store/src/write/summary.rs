//! What the row of a trace takes from its root and its entry run alone: previews, service, tags.

use std::collections::HashMap;

use tracestead_model::content::Previews;
use tracestead_model::{SpanFacts, SpanId, SpanType, TraceShape};

use super::draft::{Draft, Entry};
use super::source::SourceRow;
use super::span_events::Joined;
use super::traces::Before;
use crate::batch::PreparedSpan;
use crate::error::DatabaseError;
use crate::session::Session;
use crate::sql::Value;

/// What the row of a trace takes from its root and its entry run alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Description {
    /// What the user calls the trace; else it has the name of its entry run.
    pub(crate) name: Option<String>,
    pub(crate) root_type: Option<String>,
    pub(crate) input_preview: Option<String>,
    pub(crate) output_preview: Option<String>,
    pub(crate) service_name: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) tags: Option<String>,
}

/// Reads the texts of root and entry, from the spans at hand or from their rows; keeps what the row said if neither is new.
pub(super) fn describe(
    session: &mut dyn Session,
    trace_id: &str,
    draft: &Draft<'_>,
    shape: &TraceShape,
    before: Option<&Before>,
    joined: &Joined,
) -> Result<Description, DatabaseError> {
    let ids: Vec<SpanId> = match (shape.root, shape.entry) {
        (None, None) => shape.first.into_iter().collect(),
        (root, entry) => root.into_iter().chain(entry).collect(),
    };
    if let Some(before) = before {
        let same_ids = before.root_span_id == shape.root.map(SpanId::to_hex)
            && before.entry_span_id == shape.entry.map(SpanId::to_hex)
            // Else the user gave the trace a name, or another program did.
            && before.name == shape.name;
        let has_lead = shape.root.is_some() || shape.entry.is_some();
        let is_new_call = |entry: &Entry<'_>| entry.shape.span_type == SpanType::Llm && entry.is_new();
        let is_new = |id: &SpanId| draft.entries.get(id).is_some_and(Entry::is_new);
        // What is written by force is told anew: what the row says may be of spans that are gone.
        let has_all = draft.removed.is_empty() && !draft.is_forced;
        let has_new = draft.entries.values().any(is_new_call) || ids.iter().any(is_new);
        if same_ids && has_lead && has_all && !has_new {
            return Ok(before.description.clone());
        }
    }
    let mut leads = HashMap::new();
    for id in ids {
        leads.extend(lead(session, trace_id, draft, id, joined)?.map(|lead| (id, lead)));
    }
    let of = |id: Option<SpanId>| id.and_then(|id| leads.get(&id));
    let mut description = description(of(shape.root), of(shape.entry), of(shape.first));
    // Some frameworks tell of their runs no more than their names: what was said stands on the calls.
    if let Some(id) = shape.first_call.filter(|_| description.input_preview.is_none()) {
        description.input_preview =
            lead(session, trace_id, draft, id, joined)?.and_then(|call| call.previews.input);
    }
    if let Some(id) = shape.last_call.filter(|_| description.output_preview.is_none()) {
        description.output_preview =
            lead(session, trace_id, draft, id, joined)?.and_then(|call| call.previews.output);
    }
    Ok(description)
}

pub(crate) struct Lead {
    trace_name: Option<String>,
    span_type: SpanType,
    tags: Vec<String>,
    pub(crate) previews: Previews,
    service_name: Option<String>,
    environment: Option<String>,
    release: Option<String>,
}

impl Lead {
    /// What the span says of its environment and release is closer to the run than its process is.
    fn new(facts: SpanFacts, previews: Previews, resource: [Option<String>; 3]) -> Self {
        let [service_name, environment, release] = resource;
        Self {
            trace_name: facts.trace_name,
            span_type: facts.span_type,
            tags: facts.tags,
            previews,
            service_name,
            environment: facts.environment.or(environment),
            release: facts.release.or(release),
        }
    }
}

fn lead(
    session: &mut dyn Session,
    trace_id: &str,
    draft: &Draft<'_>,
    id: SpanId,
    joined: &Joined,
) -> Result<Option<Lead>, DatabaseError> {
    if let Some(span) = draft.entries.get(&id).and_then(|entry| entry.action.prepared()) {
        return Ok(Some(lead_at_hand(span, joined)));
    }
    let span_id = id.to_hex();
    let Some(row) = SourceRow::of_span(session, trace_id, &span_id)? else { return Ok(None) };
    let resource = match &row.resource_id {
        Some(resource_id) => resource(session, resource_id)?,
        None => [None, None, None],
    };
    let facts = SpanFacts::of(&row.source());
    let previews = Previews::of(&row.source(), facts.span_type);
    Ok(Some(Lead::new(facts, previews, resource)))
}

/// Returns service, environment and release.
fn resource(session: &mut dyn Session, resource_id: &str) -> Result<[Option<String>; 3], DatabaseError> {
    let from = session.dialect().from("tracestead_resources");
    let sql = format!(r#"SELECT service_name, environment, "release" FROM {from} WHERE resource_id = ?"#);
    let row = session.query(&sql, &[Value::text(resource_id)])?.pop();
    Ok(row.map(|mut row| [row.text(0), row.text(1), row.text(2)]).unwrap_or_default())
}

fn lead_at_hand(span: &PreparedSpan, joined: &Joined) -> Lead {
    let resource = span.resource.as_deref().map(|resource| {
        [resource.service_name.clone(), resource.environment.clone(), resource.release.clone()]
    });
    let previews = span.previews.clone().unwrap_or_else(|| {
        Previews::of(&SourceRow::of_prepared(span, joined).source(), span.facts.span_type)
    });
    Lead::new(span.facts.clone(), previews, resource.unwrap_or_default())
}

/// Input and output are the root's, as Agno shows them, or the entry run's where an application's root says none.
pub(crate) fn description(root: Option<&Lead>, entry: Option<&Lead>, first: Option<&Lead>) -> Description {
    let of = |field: fn(&Lead) -> Option<String>| root.and_then(field).or_else(|| entry.and_then(field));
    let who = |field: fn(&Lead) -> Option<String>| {
        entry.and_then(field).or_else(|| root.and_then(field)).or_else(|| first.and_then(field))
    };
    let mut tags: Vec<String> = root.into_iter().chain(entry).flat_map(|lead| lead.tags.clone()).collect();
    tags.sort();
    tags.dedup();
    Description {
        name: who(|lead| lead.trace_name.clone()),
        root_type: entry.or(root).map(|lead| lead.span_type.as_str().to_owned()),
        input_preview: of(|lead| lead.previews.input.clone()),
        output_preview: of(|lead| lead.previews.output.clone()),
        service_name: who(|lead| lead.service_name.clone()),
        environment: who(|lead| lead.environment.clone()),
        release: who(|lead| lead.release.clone()),
        tags: (!tags.is_empty()).then(|| serde_json::Value::from(tags).to_string()),
    }
}
