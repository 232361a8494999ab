//! CrewAI through OpenInference: a crew is a team.
//!
//! Source: `crewai` 1.15 with `openinference-instrumentation-crewai`. Agents carry the crew's keys as well, as context.

use crate::facts::SpanType;
use crate::facts::reader::Reader;

pub(crate) const CREW_ID: &str = "crew_id";
pub(crate) const CREW_KEY: &str = "crew_key";
const KICKOFFS: &[&str] = &[".kickoff", ".kickoff_async", ".akickoff", ".kickoff_for_each"];

/// Tells a crew's run from plain chains, for a span of OpenInference's kind CHAIN.
pub(crate) fn chain_type(reader: &Reader<'_>) -> Option<SpanType> {
    let is_crew = reader.has("crew_agents") || reader.has(CREW_KEY);
    let is_run = KICKOFFS.iter().any(|suffix| reader.source.name.ends_with(suffix));
    (is_crew && is_run).then_some(SpanType::Team)
}
