//! Calls of language models.

use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, StringValue, Value};
use serde_json::Map;

use super::attributes::Attributes;
use super::start::{Content, Draft, Typed, runs, starts};
use super::{Json, Message, Open, Tool, Usage, keys, message, offered};

/// A call of a language model.
///
/// ```
/// use tracestead::spans::{LlmCall, Message, Tool, Usage};
///
/// let call = LlmCall::new("gpt-4o-mini")
///     .provider("openai")
///     .messages([Message::system("You are brief."), Message::user("Hello")])
///     .tools([Tool::new("get_weather")])
///     .temperature(0.2)
///     .max_tokens(100)
///     .start();
/// for (at, _token) in ["Hi", "!"].into_iter().enumerate() {
///     if at == 0 {
///         call.first_token(); // of a streamed answer: how long it took
///     }
/// }
/// call.output_messages([Message::assistant("Hi!")])
///     .usage(Usage::new(20, 2).cache_read(16))
///     .response_model("gpt-4o-mini-2024-07-18")
///     .finish_reason("stop")
///     .end();
/// ```
#[derive(Debug)]
#[must_use = "nothing is recorded until it starts"]
pub struct LlmCall {
    draft: Draft,
    content: Conversation,
}

impl LlmCall {
    /// A call of the model that is asked for by `model`.
    pub fn new(model: impl Into<StringValue>) -> Self {
        let model = model.into();
        let mut draft = Draft::new(format!("chat {model}"), "LLM", Some("chat"));
        draft.kind = SpanKind::Client;
        draft.attributes.say_all([keys::REQUEST_MODEL, "llm.model_name", "llm.request.model_name"], model);
        Self { draft, content: Conversation::default() }
    }

    /// Who serves the model: `openai`, `anthropic`, `aws.bedrock` …
    pub fn provider(mut self, provider: impl Into<StringValue>) -> Self {
        self.draft.attributes.say_all(keys::PROVIDER, provider);
        self
    }

    /// The conversation so far.
    pub fn messages(mut self, messages: impl IntoIterator<Item = impl Into<Message>>) -> Self {
        self.content.messages.extend(messages.into_iter().map(Into::into));
        self
    }

    /// What the model may ask for.
    pub fn tools(mut self, tools: impl IntoIterator<Item = impl Into<Tool>>) -> Self {
        self.content.tools.extend(tools.into_iter().map(Into::into));
        self
    }

    /// How much chance there is.
    pub fn temperature(self, temperature: f64) -> Self {
        self.parameter("temperature", temperature)
    }

    /// Of which part of what is likely it chooses.
    pub fn top_p(self, top_p: f64) -> Self {
        self.parameter("top_p", top_p)
    }

    /// How long the answer may be.
    pub fn max_tokens(self, max_tokens: u32) -> Self {
        self.parameter("max_tokens", max_tokens)
    }

    /// What makes chance repeat itself.
    pub fn seed(self, seed: i64) -> Self {
        self.parameter("seed", seed)
    }

    /// Any other parameter, as the provider calls it.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.content.parameters.insert(name.into(), value.into());
        self
    }
}

impl Open<LlmCall> {
    /// Says that the first token of a streamed answer is there. Only the first time counts.
    pub fn first_token(&self) -> &Self {
        self.mark_first_token();
        self
    }

    /// What the model answers: a message, or as many as choices were asked for.
    pub fn output_messages(&self, messages: impl IntoIterator<Item = impl Into<Message>>) -> &Self {
        self.tell(|to| {
            let messages: Vec<Message> = messages.into_iter().map(Into::into).collect();
            message::tell(&messages, "output", to);
        })
    }

    /// What it has used.
    pub fn usage(&self, usage: Usage) -> &Self {
        self.tell(|to| usage.tell(to))
    }

    /// What it has cost, if the provider says it. Otherwise the price list is asked.
    pub fn cost_usd(&self, dollars: f64) -> &Self {
        self.attribute("llm.cost.total", dollars)
    }

    /// Why the model stopped, in the provider's words.
    pub fn finish_reason(&self, reason: impl Into<StringValue>) -> &Self {
        self.tell(|to| {
            let reason = reason.into();
            to.say("llm.finish_reason", reason.clone());
            to.say("gen_ai.response.finish_reasons", Value::Array(Array::String(vec![reason])));
        })
    }

    /// The id of the answer.
    pub fn response_id(&self, id: impl Into<StringValue>) -> &Self {
        self.attribute("gen_ai.response.id", id.into())
    }

    /// The model that answered, in full.
    pub fn response_model(&self, model: impl Into<StringValue>) -> &Self {
        self.tell(|to| to.say_all(["gen_ai.response.model", "llm.response.model_name"], model))
    }
}

/// What a call says of itself.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    messages: Vec<Message>,
    tools: Vec<Tool>,
    parameters: Map<String, Json>,
}

impl Content for Conversation {
    fn tell(self, input: Option<&Json>, to: &mut Attributes) {
        to.say_input(input);
        message::tell(&self.messages, "input", to);
        offered::tell(&self.tools, to);
        for (name, value) in &self.parameters {
            if let Some(value) = standard(name, value) {
                to.say(format!("gen_ai.request.{name}"), value);
            }
        }
        if !self.parameters.is_empty() {
            to.say_json("llm.invocation_parameters", &Json::Object(self.parameters));
        }
    }
}

/// Returns a parameter that OpenTelemetry's conventions have, with the type it has there.
fn standard(name: &str, value: &Json) -> Option<Value> {
    match name {
        "temperature" | "top_p" | "top_k" | "frequency_penalty" | "presence_penalty" => {
            value.as_f64().map(Value::F64)
        }
        "max_tokens" | "seed" => value.as_i64().map(Value::I64),
        "stop_sequences" => {
            let texts = value.as_array()?.iter();
            let texts = texts.filter_map(|text| text.as_str().map(|text| text.to_owned().into())).collect();
            Some(Value::Array(Array::String(texts)))
        }
        _ => None,
    }
}

impl Typed for LlmCall {
    type Content = Conversation;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn into_parts(self) -> (Draft, Conversation) {
        (self.draft, self.content)
    }
}

starts!(LlmCall);
runs!(LlmCall);
