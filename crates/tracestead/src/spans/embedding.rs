//! Texts made into vectors.

use opentelemetry::StringValue;
use opentelemetry::trace::SpanKind;

use super::attributes::Attributes;
use super::start::{Content, Draft, Typed, runs, starts};
use super::{Json, Open, Usage, keys};

/// A call of an embedding model. Vectors are not recorded: nobody reads them.
///
/// ```
/// use tracestead::spans::{Embedding, Usage};
///
/// let call = Embedding::new("text-embedding-3-small").provider("openai").texts(["a parcel"]).start();
/// call.usage(Usage { input_tokens: Some(3), ..Usage::default() }).dimensions(1536).end();
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct Embedding {
    draft: Draft,
    texts: Texts,
}

impl Embedding {
    /// A call of the model that is asked for by `model`.
    pub fn new(model: impl Into<StringValue>) -> Self {
        let model = model.into();
        let mut draft = Draft::new(format!("embeddings {model}"), "EMBEDDING", Some("embeddings"));
        draft.kind = SpanKind::Client;
        draft.attributes.say_all([keys::REQUEST_MODEL, "embedding.model_name"], model);
        Self { draft, texts: Texts::default() }
    }

    /// Who serves the model.
    pub fn provider(mut self, provider: impl Into<StringValue>) -> Self {
        self.draft.attributes.say_all(keys::PROVIDER, provider);
        self
    }

    /// What is made into vectors.
    pub fn texts(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.texts.0.extend(texts.into_iter().map(Into::into));
        self
    }
}

impl Open<Embedding> {
    /// What it has used.
    pub fn usage(&self, usage: Usage) -> &Self {
        self.tell(|to| usage.tell(to))
    }

    /// What it has cost, if the provider says it. Otherwise the price list is asked.
    pub fn cost_usd(&self, dollars: f64) -> &Self {
        self.attribute("llm.cost.total", dollars)
    }

    /// How many numbers a vector has.
    pub fn dimensions(&self, dimensions: u32) -> &Self {
        self.attribute("gen_ai.embeddings.dimension.count", i64::from(dimensions))
    }
}

/// What is made into vectors.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<String>);

impl Content for Texts {
    fn tell(self, _: Option<&Json>, to: &mut Attributes) {
        for (at, text) in self.0.into_iter().enumerate() {
            to.say(format!("embedding.embeddings.{at}.embedding.text"), text);
        }
    }
}

impl Typed for Embedding {
    type Content = Texts;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(self) -> (Draft, Texts) {
        (self.draft, self.texts)
    }
}

starts!(Embedding);
runs!(Embedding);
