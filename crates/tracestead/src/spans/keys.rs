//! The names of both conventions.

pub(super) const KIND: &str = "openinference.span.kind";
pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const INPUT: [&str; 2] = ["input.value", "input.mime_type"];
pub(super) const OUTPUT: [&str; 2] = ["output.value", "output.mime_type"];
pub(super) const SESSION: [&str; 2] = ["session.id", "gen_ai.conversation.id"];
pub(super) const USER: [&str; 1] = ["user.id"];
pub(super) const AGENT_NAME: [&str; 2] = ["agent.name", "gen_ai.agent.name"];
pub(super) const AGENT_ID: [&str; 2] = ["agno.agent.id", "gen_ai.agent.id"];
pub(super) const TOOL_NAME: [&str; 2] = ["tool.name", "gen_ai.tool.name"];
pub(super) const TOOL_DESCRIPTION: [&str; 2] = ["tool.description", "gen_ai.tool.description"];
pub(super) const CALL_ID: [&str; 2] = ["tool_call.id", "gen_ai.tool.call.id"];
pub(super) const ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(super) const RESULT: &str = "gen_ai.tool.call.result";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const PROVIDER: [&str; 2] = ["llm.provider", "gen_ai.provider.name"];
