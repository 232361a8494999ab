//! Searches for documents.

use opentelemetry::StringValue;
use serde_json::{Map, json};

use super::attributes::Attributes;
use super::start::{Content, Draft, Typed, runs, starts};
use super::{Json, Open};

/// A search for documents.
///
/// ```
/// use tracestead::spans::{Document, Retrieval, json};
///
/// let search = Retrieval::new("parcel is late").store("handbook").k(3).start();
/// search.documents([
///     Document::new("Late parcels are refunded.").id("h-12").score(0.91),
///     Document::new("Parcels take two days.").metadata(json!({"page": 3})),
/// ]);
/// search.end();
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct Retrieval {
    draft: Draft,
    store: Option<StringValue>,
}

impl Retrieval {
    /// A search for `query`.
    pub fn new(query: impl Into<String>) -> Self {
        let mut draft = Draft::new("retrieval".to_owned(), "RETRIEVER", Some("retrieval"));
        draft.input = Some(Json::String(query.into()));
        Self { draft, store: None }
    }

    /// Where it searches.
    pub fn store(mut self, store: impl Into<StringValue>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// How many documents it is to find at most.
    pub fn k(mut self, k: u32) -> Self {
        self.draft.attributes.say("gen_ai.request.top_k", f64::from(k));
        self
    }
}

impl Open<Retrieval> {
    /// What was found, the best first.
    pub fn documents(&self, documents: impl IntoIterator<Item = impl Into<Document>>) -> &Self {
        self.tell(|to| {
            let documents: Vec<Document> = documents.into_iter().map(Into::into).collect();
            for (at, document) in documents.iter().enumerate() {
                document.flatten(&format!("retrieval.documents.{at}.document."), to);
            }
            to.say_json("gen_ai.retrieval.documents", &documents.iter().map(Document::json).collect());
        })
    }
}

/// A document that was found. A text is one, too.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Document {
    content: String,
    id: Option<String>,
    score: Option<f64>,
    metadata: Option<Json>,
}

impl Document {
    /// A document with this text.
    pub fn new(content: impl Into<String>) -> Self {
        Self { content: content.into(), id: None, score: None, metadata: None }
    }

    /// Its id in the store.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How well it fits.
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// What else there is to know about it: a JSON object.
    pub fn metadata(mut self, metadata: Json) -> Self {
        self.metadata = Some(metadata);
        self
    }

    fn flatten(&self, prefix: &str, to: &mut Attributes) {
        to.say(format!("{prefix}content"), self.content.clone());
        if let Some(id) = &self.id {
            to.say(format!("{prefix}id"), id.clone());
        }
        if let Some(score) = self.score {
            to.say(format!("{prefix}score"), score);
        }
        if let Some(metadata) = &self.metadata {
            to.say_json(format!("{prefix}metadata"), metadata);
        }
    }

    fn json(&self) -> Json {
        let said = [
            self.id.as_ref().map(|id| ("id", json!(id))),
            Some(("content", json!(self.content))),
            self.score.map(|score| ("score", json!(score))),
            self.metadata.as_ref().map(|metadata| ("metadata", metadata.clone())),
        ];
        Json::Object(
            said.into_iter().flatten().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
        )
    }
}

impl From<&str> for Document {
    fn from(content: &str) -> Self {
        Self::new(content)
    }
}

impl From<String> for Document {
    fn from(content: String) -> Self {
        Self::new(content)
    }
}

/// What is searched for.
#[derive(Debug)]
pub(super) struct Query;

impl Content for Query {
    fn tell(self, input: Option<&Json>, to: &mut Attributes) {
        to.say_input(input);
        if let Some(query) = input {
            to.say_json("gen_ai.retrieval.query.text", query);
        }
    }
}

impl Typed for Retrieval {
    type Content = Query;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(mut self) -> (Draft, Query) {
        if let Some(store) = self.store {
            self.draft.name = format!("retrieval {store}");
            self.draft.attributes.say("gen_ai.data_source.id", store);
        }
        (self.draft, Query)
    }
}

starts!(Retrieval);
runs!(Retrieval);
