//! Code before and after a run.

use std::thread::{self, JoinHandle};

use opentelemetry::{Context, StringValue};

use super::start::{Draft, Typed, runs, starts};
use super::{Failure, Json, Open, keys};

/// Code that runs before or after an agent: checks of what it is given, changes of what it says, notes of what it did.
///
/// ```
/// use tracestead::spans::{AgentRun, Hook};
///
/// let run = AgentRun::new("support").start();
/// let _current = run.enter();
/// let input = Hook::pre("remove_names").input("I am Ann").run(|hook| {
///     hook.modified("I am …");
///     Ok::<_, std::fmt::Error>("I am …")
/// })?;
/// // Off the way of the answer; it is within the run though that ends first.
/// let audit = Hook::post("audit").in_background(|_| std::fs::read("/dev/null"));
/// run.end();
/// audit.join().expect("it does not panic").expect("it can be read");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct Hook(Draft);

impl Hook {
    /// A hook that runs before the agent.
    pub fn pre(name: impl Into<StringValue>) -> Self {
        Self::of("pre", name.into())
    }

    /// A hook that runs after the agent.
    pub fn post(name: impl Into<StringValue>) -> Self {
        Self::of("post", name.into())
    }

    fn of(kind: &'static str, name: StringValue) -> Self {
        let mut draft = Draft::new(format!("{kind}_hook {name}"), "CHAIN", None);
        draft.attributes.say("hook.name", name);
        draft.attributes.say("hook.type", kind);
        Self(draft)
    }

    /// What it looks at: a text, or JSON.
    pub fn input(mut self, input: impl Into<Json>) -> Self {
        self.0.input = Some(input.into());
        self
    }

    /// Says that nobody waits for it, and keeps the span that is current now for its parent. [`Hook::run_async`] of such a
    /// hook is for a task of its own.
    pub fn background(mut self) -> Self {
        self.0.attributes.say("hook.background", true);
        self.0.parent.get_or_insert_with(Context::current);
        self
    }

    /// Does `work` on a thread of its own. The span's parent is the one that is current now, which may have ended by then.
    pub fn in_background<R, E, M>(
        self,
        work: impl FnOnce(&Open<Self>) -> Result<R, E> + Send + 'static,
    ) -> JoinHandle<Result<R, E>>
    where
        R: Send + 'static,
        E: Failure<M> + Send + 'static,
    {
        let hook = self.background();
        thread::spawn(move || hook.run(work))
    }
}

impl Open<Hook> {
    /// What the hook made of what it looked at.
    pub fn modified(&self, modified: impl Into<Json>) -> &Self {
        self.tell(|to| {
            to.say_payload(keys::OUTPUT, &modified.into());
            to.say("hook.modified", true);
        })
    }
}

impl Typed for Hook {
    type Content = ();

    fn draft(&mut self) -> &mut Draft {
        &mut self.0
    }

    fn into_parts(self) -> (Draft, ()) {
        (self.0, ())
    }
}

starts!(Hook);
runs!(Hook);
