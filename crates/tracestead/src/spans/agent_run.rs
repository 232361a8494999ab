//! Runs of agents, teams and workflows.

use std::fmt;
use std::marker::PhantomData;

use opentelemetry::{Array, StringValue, Value};

use super::attributes::Attributes;
use super::start::{Content, Draft, Typed, runs, starts};
use super::{Json, keys};

/// A run of an agent: everything it does to answer once.
///
/// ```
/// use tracestead::spans::AgentRun;
///
/// let run = AgentRun::new("support")
///     .agent_id("support-1")
///     .run_id("r-1")
///     .session_id("s-1")
///     .user_id("ann")
///     .model("gpt-4o-mini")
///     .input("Where is my parcel?")
///     .start();
/// let _current = run.enter();
/// // … model calls and tools …
/// run.output("It comes tomorrow.").end();
/// ```
pub type AgentRun = Run<Agent>;

/// A run of a team: its leader answers, with what members do for it (see [`Delegation`](super::Delegation)).
///
/// ```
/// use tracestead::spans::TeamRun;
///
/// let team = TeamRun::new("newsroom").mode("coordinate").members(["reporter", "editor"]).input("Write.");
/// let text = team.run(|run| {
///     run.output("Written.");
///     Ok::<_, std::fmt::Error>("Written.")
/// })?;
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub type TeamRun = Run<Team>;

/// A run of a workflow, whose parts are [`WorkflowStep`](super::WorkflowStep)s.
///
/// ```
/// use tracestead::spans::{WorkflowRun, WorkflowStep};
///
/// let workflow = WorkflowRun::new("onboarding").session_id("s-7").input("ann").start();
/// workflow.in_scope(|| WorkflowStep::new("greet").run(|_| Ok::<_, std::fmt::Error>("Hello")))?;
/// workflow.end();
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub type WorkflowRun = Run<Workflow>;

/// An [`AgentRun`], a [`TeamRun`] or a [`WorkflowRun`].
#[must_use = "nothing is recorded until it starts"]
pub struct Run<K> {
    draft: Draft,
    content: Runs,
    /// Where its id stands, and the id; it is known by it what a run is of.
    id: (&'static [&'static str], Option<StringValue>),
    of: PhantomData<fn() -> K>,
}

/// Whose run it is: an agent's.
#[derive(Debug)]
pub enum Agent {}

/// Whose run it is: a team's.
#[derive(Debug)]
pub enum Team {}

/// Whose run it is: a workflow's.
#[derive(Debug)]
pub enum Workflow {}

impl AgentRun {
    /// A run of the agent that is called `name`, and has that for its id if it is given no other.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(format!("invoke_agent {name}"), "AGENT", Some("invoke_agent"));
        draft.attributes.say_all(keys::AGENT_NAME, name.clone());
        Self::of(draft, &keys::AGENT_ID, Some(name))
    }

    /// Which agent it is, however it is called.
    pub fn agent_id(mut self, id: impl Into<StringValue>) -> Self {
        self.id.1 = Some(id.into());
        self
    }

    /// What the agent is told to be.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.content.instructions = Some(instructions.into());
        self
    }
}

impl TeamRun {
    /// A run of the team that is called `name`, and has that for its id if it is given no other.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(format!("invoke_agent {name}"), "AGENT", Some("invoke_agent"));
        draft.attributes.say_all(keys::AGENT_NAME.into_iter().chain(["agno.team"]), name.clone());
        Self::of(draft, &["agno.team.id"], Some(name))
    }

    /// Which team it is, however it is called.
    pub fn team_id(mut self, id: impl Into<StringValue>) -> Self {
        self.id.1 = Some(id.into());
        self
    }

    /// How the leader works with the members: `coordinate`, `route`, `broadcast` or a word of your own.
    pub fn mode(mut self, mode: impl Into<StringValue>) -> Self {
        self.draft.attributes.say("agno.team.mode", mode.into());
        self
    }

    /// Who is in the team.
    pub fn members(mut self, names: impl IntoIterator<Item = impl Into<StringValue>>) -> Self {
        self.draft.attributes.say("agno.team.members", list(names));
        self
    }
}

impl WorkflowRun {
    /// A run of the workflow that is called `name`, and has that for its id if it is given no other.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(format!("invoke_workflow {name}"), "CHAIN", Some("invoke_workflow"));
        draft.attributes.say("gen_ai.workflow.name", name.clone());
        Self::of(draft, &["agno.workflow.id"], Some(name))
    }

    /// Which workflow it is, however it is called.
    pub fn workflow_id(mut self, id: impl Into<StringValue>) -> Self {
        self.id.1 = Some(id.into());
        self
    }
}

impl<K> Run<K> {
    fn of(draft: Draft, id_keys: &'static [&'static str], id: Option<StringValue>) -> Self {
        Self { draft, content: Runs::default(), id: (id_keys, id), of: PhantomData }
    }

    /// Which run it is.
    pub fn run_id(mut self, id: impl Into<StringValue>) -> Self {
        self.draft.attributes.say("agno.run.id", id.into());
        self
    }

    /// The conversation it belongs to; what happens within it belongs there, too.
    pub fn session_id(mut self, id: impl Into<StringValue>) -> Self {
        self.draft.whose.session_id = Some(id.into());
        self
    }

    /// On whose behalf it and everything within it is done.
    pub fn user_id(mut self, id: impl Into<StringValue>) -> Self {
        self.draft.whose.user_id = Some(id.into());
        self
    }

    /// Its model.
    pub fn model(mut self, model: impl Into<StringValue>) -> Self {
        self.draft.attributes.say(keys::REQUEST_MODEL, model.into());
        self
    }

    /// What it is given: a text, or JSON.
    pub fn input(mut self, input: impl Into<Json>) -> Self {
        self.draft.input = Some(input.into());
        self
    }

    /// Labels by which traces are found.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<StringValue>>) -> Self {
        self.draft.attributes.say("tag.tags", list(tags));
        self
    }

    /// What else there is to know about it: a JSON object.
    pub fn metadata(mut self, metadata: Json) -> Self {
        self.content.metadata = Some(metadata);
        self
    }
}

fn list(texts: impl IntoIterator<Item = impl Into<StringValue>>) -> Value {
    Value::Array(Array::String(texts.into_iter().map(Into::into).collect()))
}

/// What a run says of itself.
#[derive(Debug, Default)]
pub(super) struct Runs {
    instructions: Option<String>,
    metadata: Option<Json>,
}

impl Content for Runs {
    fn tell(self, input: Option<&Json>, to: &mut Attributes) {
        to.say_input(input);
        if let Some(instructions) = self.instructions {
            let parts = serde_json::json!([{"type": "text", "content": instructions}]);
            to.say_json("gen_ai.system_instructions", &parts);
        }
        if let Some(metadata) = self.metadata {
            to.say_json("metadata", &metadata);
        }
    }
}

impl<K> Typed for Run<K> {
    type Content = Runs;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(mut self) -> (Draft, Runs) {
        if let (keys, Some(id)) = self.id {
            self.draft.attributes.say_all(keys.iter().copied(), id);
        }
        (self.draft, self.content)
    }
}

impl<K> fmt::Debug for Run<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("draft", &self.draft).finish_non_exhaustive()
    }
}

starts!(Run<K>);
runs!(Run<K>);
