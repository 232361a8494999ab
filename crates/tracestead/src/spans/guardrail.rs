//! Checks of what goes in and out.

use opentelemetry::StringValue;

use super::start::{Draft, Typed, runs, starts};
use super::{Json, Open};

/// A check of what an agent is given, or of what it says.
///
/// ```
/// use tracestead::spans::Guardrail;
///
/// let check = Guardrail::new("no_secrets").input("the password is 1234").start();
/// check.triggered(true).output("there is a password in it").end();
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct Guardrail(Draft);

impl Guardrail {
    /// The check that is called `name`.
    pub fn new(name: impl Into<StringValue>) -> Self {
        let name = name.into();
        let mut draft = Draft::new(format!("guardrail {name}"), "GUARDRAIL", None);
        draft.attributes.say("guardrail.name", name);
        Self(draft)
    }

    /// What is checked: a text, or JSON.
    pub fn input(mut self, input: impl Into<Json>) -> Self {
        self.0.input = Some(input.into());
        self
    }
}

impl Open<Guardrail> {
    /// Whether it objects. That is no error: the check did what it is for.
    pub fn triggered(&self, triggered: bool) -> &Self {
        self.attribute("guardrail.triggered", triggered)
    }
}

impl Typed for Guardrail {
    type Content = ();

    fn draft(&mut self) -> &mut Draft {
        &mut self.0
    }

    fn into_parts(self) -> (Draft, ()) {
        (self.0, ())
    }
}

starts!(Guardrail);
runs!(Guardrail);
