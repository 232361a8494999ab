//! Steps of workflows.

use opentelemetry::StringValue;

use super::Json;
use super::start::{Draft, Typed, runs, starts};

/// A step of a workflow.
///
/// ```
/// use tracestead::spans::WorkflowStep;
///
/// let pages = WorkflowStep::new("fetch").kind("parallel").input("https://example.org").run(|step| {
///     step.output("12 pages");
///     Ok::<_, std::fmt::Error>(12)
/// })?;
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct WorkflowStep {
    draft: Draft,
    kind: StringValue,
}

impl WorkflowStep {
    /// The step that is called `name`.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(name.to_string(), "CHAIN", None);
        draft.attributes.say("gen_ai.task.name", name);
        Self { draft, kind: "step".into() }
    }

    /// What kind of step: `step` if not said, `parallel`, `loop`, `condition`, `router` or a word of your own.
    pub fn kind(mut self, kind: impl Into<StringValue>) -> Self {
        self.kind = kind.into();
        self
    }

    /// What it is given: a text, or JSON.
    pub fn input(mut self, input: impl Into<Json>) -> Self {
        self.draft.input = Some(input.into());
        self
    }
}

impl Typed for WorkflowStep {
    type Content = ();

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(mut self) -> (Draft, ()) {
        self.draft.attributes.say("agno.step.type", self.kind);
        (self.draft, ())
    }
}

starts!(WorkflowStep);
runs!(WorkflowStep);
