//! Calls of tools, and of members of a team.

use opentelemetry::StringValue;
use serde::Serialize;
use serde_json::json;

use super::attributes::Attributes;
use super::start::{self, Content, Draft, Typed, runs, starts};
use super::{Failure, Json, Open, keys};

/// A call of a tool.
///
/// ```
/// use tracestead::spans::{ToolCall, json};
///
/// let seconds = ToolCall::new("parse_seconds")
///     .call_id("call-1")
///     .description("Reads a number of seconds")
///     .arguments(json!({"text": "42"}))
///     .run(|_| "42".parse::<u32>())?;
/// assert_eq!(seconds, 42);
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct ToolCall(Draft);

impl ToolCall {
    /// A call of the tool that is called `name`.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(format!("execute_tool {name}"), "TOOL", Some("execute_tool"));
        draft.attributes.say_all(keys::TOOL_NAME, name);
        draft.attributes.say("gen_ai.tool.type", "function");
        Self(draft)
    }

    /// The id by which the model asked for it.
    pub fn call_id(mut self, id: impl Into<StringValue>) -> Self {
        self.0.attributes.say_all(keys::CALL_ID, id);
        self
    }

    /// What the tool does.
    pub fn description(mut self, description: impl Into<StringValue>) -> Self {
        self.0.attributes.say_all(keys::TOOL_DESCRIPTION, description);
        self
    }

    /// What it is given: JSON, or a text.
    pub fn arguments(mut self, arguments: impl Into<Json>) -> Self {
        self.0.input = Some(arguments.into());
        self
    }

    /// Calls the tool within the span, which records what the tool gives back: a result, an error or a panic, which goes on.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub fn run<R: Serialize, E: Failure<M>, M>(
        self,
        work: impl FnOnce(&Open<Self>) -> Result<R, E>,
    ) -> Result<R, E> {
        start::run(self, work, Open::record)
    }

    /// Returns a future that calls the tool within the span, and records what it gives back. The span starts when the
    /// future is first polled; its parent is the one that is current now.
    pub fn run_async<R: Serialize, E: Failure<M>, M>(
        self,
        work: impl Future<Output = Result<R, E>>,
    ) -> impl Future<Output = Result<R, E>> {
        start::run_async(self, work, Open::record)
    }
}

impl Open<ToolCall> {
    /// What the tool gives back: a text, or JSON.
    pub fn result(&self, result: impl Into<Json>) -> &Self {
        self.tell(|to| tell_result(&result.into(), to))
    }

    fn record<R: Serialize>(&self, result: &R) {
        if self.is_recording()
            && let Ok(result) = serde_json::to_value(result)
            && !result.is_null()
        {
            self.result(result);
        }
    }
}

fn tell_result(result: &Json, to: &mut Attributes) {
    to.say_json(keys::RESULT, result);
    to.say_payload(keys::OUTPUT, result);
}

/// What a call is given.
#[derive(Debug)]
pub(super) struct Arguments;

impl Content for Arguments {
    fn tell(self, input: Option<&Json>, to: &mut Attributes) {
        to.say_input(input);
        if let Some(arguments) = input {
            to.say_json(keys::ARGUMENTS, arguments);
        }
    }
}

impl Typed for ToolCall {
    type Content = Arguments;

    fn draft(&mut self) -> &mut Draft {
        &mut self.0
    }

    fn into_parts(self) -> (Draft, Arguments) {
        (self.0, Arguments)
    }
}

starts!(ToolCall);

/// A task that the leader of a team gives to a member: a call of the tool `delegate_task_to_member`, as in Agno. The run of
/// the member is within it.
///
/// ```
/// use tracestead::spans::{AgentRun, Delegation};
///
/// let text = Delegation::to("reporter").mode("coordinate").task("Ask the mayor.").run(|delegation| {
///     delegation.sub_run("r-2");
///     AgentRun::new("reporter").run_id("r-2").run(|run| {
///         run.output("She says no.");
///         Ok::<_, std::fmt::Error>("She says no.")
///     })
/// })?;
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct Delegation {
    draft: Draft,
    member: StringValue,
}

impl Delegation {
    /// A task for `member`, by name or id.
    pub fn to(member: impl Into<StringValue>) -> Self {
        let member = member.into();
        let mut draft = Draft::new(format!("delegate_task_to_member {member}"), "TOOL", Some("execute_tool"));
        draft.attributes.say_all(keys::TOOL_NAME, "delegate_task_to_member");
        draft.attributes.say("delegation.member", member.clone());
        Self { draft, member }
    }

    /// How the team works: `coordinate`, `route`, `broadcast` or a word of your own.
    pub fn mode(mut self, mode: impl Into<StringValue>) -> Self {
        self.draft.attributes.say("delegation.mode", mode.into());
        self
    }

    /// The id by which the leader's model asked for it.
    pub fn call_id(mut self, id: impl Into<StringValue>) -> Self {
        self.draft.attributes.say_all(keys::CALL_ID, id);
        self
    }

    /// What the member is to do.
    pub fn task(mut self, task: impl Into<String>) -> Self {
        let task: String = task.into();
        self.draft.input = Some(json!({"member_id": self.member.as_str(), "task": task}));
        self
    }
}

impl Open<Delegation> {
    /// Which run of the member it became.
    pub fn sub_run(&self, run_id: impl Into<StringValue>) -> &Self {
        self.attribute("delegation.run_id", run_id.into())
    }

    /// What the member gives back: a text, or JSON.
    pub fn result(&self, result: impl Into<Json>) -> &Self {
        self.tell(|to| tell_result(&result.into(), to))
    }
}

impl Typed for Delegation {
    type Content = Arguments;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(self) -> (Draft, Arguments) {
        (self.draft, Arguments)
    }
}

starts!(Delegation);
runs!(Delegation);
