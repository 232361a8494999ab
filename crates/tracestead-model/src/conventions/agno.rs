//! Agno's own attributes, beside the OpenInference ones its instrumentor writes.
//!
//! Source: `openinference-instrumentation-agno` 1.0.15 and Agno 3.1.10.

use crate::facts::SpanType;
use crate::{Attributes, Value};

use super::openinference::SPAN_KIND;

/// Keys that hold the run's id, the first one that says something first.
pub const RUN_ID: &[&str] = &["agno.run.id", "run_id"];
/// Keys that hold the session's id.
pub const SESSION_ID: &[&str] = &["session.id", "agno.session.id", "session_id"];
/// Keys that hold the user's id.
pub const USER_ID: &[&str] = &["user.id", "agno.user.id", "user_id"];
/// Keys that hold the agent's id.
pub const AGENT_ID: &[&str] = &["agno.agent.id", "agent_id"];
/// Keys that hold the team's id.
pub const TEAM_ID: &[&str] = &["agno.team.id", "team_id", "team.id"];
/// Keys that hold the workflow's id.
pub const WORKFLOW_ID: &[&str] = &["agno.workflow.id", "workflow_id"];

/// Tells teams from agents, and workflows from their steps: OpenInference has one kind for each pair.
#[must_use]
pub fn span_type(name: &str, attributes: &Attributes) -> Option<SpanType> {
    let kind = attributes.text(SPAN_KIND)?;
    let says = |key: &str| attributes.get(key).is_some_and(|value| *value != Value::Empty);
    if kind.eq_ignore_ascii_case("AGENT") {
        return (says("agno.team.id") || says("team.id")).then_some(SpanType::Team);
    }
    if !kind.eq_ignore_ascii_case("CHAIN") {
        return None;
    }
    if says("agno.workflow.id") || says("agno.workflow.steps_count") {
        return Some(SpanType::Workflow);
    }
    // A step that is a plain function carries no `agno.step.*`; only its name and its graph node tell.
    let is_step = says("agno.step.type")
        || says("agno.parallel.step_count")
        || (says("graph.node.id") && STEP_NAMES.iter().any(|suffix| name.ends_with(suffix)));
    is_step.then_some(SpanType::Step)
}

const STEP_NAMES: &[&str] = &[".execute", ".aexecute", ".execute_stream", ".aexecute_stream"];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, pairs: &[(&str, &str)], expected: Option<SpanType>) {
        let attributes = pairs.iter().map(|(key, value)| (*key, Value::from(*value))).collect();
        assert_eq!(span_type(name, &attributes), expected, "{name} {pairs:?}");
    }

    #[test]
    fn teams_workflows_and_steps_are_told_from_agents_and_chains() {
        let kind = SPAN_KIND;
        check("Content_Team.run", &[(kind, "AGENT"), ("agno.team.id", "t")], Some(SpanType::Team));
        check("A.run", &[(kind, "AGENT"), ("agno.agent.id", "a")], None);
        check("Flow.run", &[(kind, "CHAIN"), ("agno.workflow.id", "w")], Some(SpanType::Workflow));
        check("Research.execute", &[(kind, "CHAIN"), ("agno.step.type", "agent")], Some(SpanType::Step));
        check("format.execute", &[(kind, "CHAIN"), ("graph.node.id", "1")], Some(SpanType::Step));
        check("RunnableSequence", &[(kind, "CHAIN")], None);
        check("anything", &[("agno.team.id", "t")], None);
    }
}
