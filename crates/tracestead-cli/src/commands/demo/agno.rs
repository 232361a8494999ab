//! Runs of agents, teams and workflows in the words of Agno's OpenInference instrumentor.
//!
//! Source: captures of `openinference-instrumentation-agno` 1.0.15 in `tests/fixtures/agno`.

use serde_json::{Value as Json, json};

use super::cast::{Agent, Tool, Whose, id_of, span_name};
use super::recorder::{At, Raised, Recorder};

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) at: At,
    pub(super) node: String,
    agent: &'static Agent,
    messages: Vec<Json>,
    unanswered: Vec<String>,
    /// What the framework says to the model beside the messages.
    hidden_tokens: i64,
    /// How many tokens of the last call are in the provider's cache.
    cached_tokens: i64,
}

/// Begins the run of an agent; `parent` has an empty node if it is no span of Agno's.
pub(super) fn begin_agent(
    recorder: &mut Recorder<'_>,
    parent: Option<(At, &str)>,
    agent: &'static Agent,
    whose: &Whose,
    input: &str,
) -> Run {
    let run = begin(recorder, parent, agent, whose, input);
    recorder.say(run.at, "agno.agent.id", id_of(agent.name));
    recorder.say(run.at, "agno.agent", agent.name);
    run
}

/// Begins the run of a team; `agent` is its leader, and gives it its name.
pub(super) fn begin_team(
    recorder: &mut Recorder<'_>,
    parent: Option<(At, &str)>,
    agent: &'static Agent,
    whose: &Whose,
    input: &str,
) -> Run {
    let run = begin(recorder, parent, agent, whose, input);
    recorder.say(run.at, "agno.team.id", id_of(agent.name));
    recorder.say(run.at, "agno.team", agent.name);
    run
}

fn begin(
    recorder: &mut Recorder<'_>,
    parent: Option<(At, &str)>,
    agent: &'static Agent,
    whose: &Whose,
    input: &str,
) -> Run {
    let method = if agent.streams { "arun" } else { "run" };
    let at = recorder.open(parent.map(|(at, _)| at), format!("{}.{method}", span_name(agent.name)));
    let node = recorder.random.hex();
    recorder.say(at, "openinference.span.kind", "AGENT");
    recorder.say(at, "graph.node.id", node.as_str());
    recorder.say(at, "graph.node.name", agent.name);
    if let Some((_, parent_node)) = parent.filter(|(_, node)| !node.is_empty()) {
        recorder.say(at, "graph.node.parent_id", parent_node);
    }
    recorder.say(at, "agent.name", agent.name);
    let tools: Vec<&str> = agent.tools.iter().map(|tool| tool.name).collect();
    if !tools.is_empty() {
        recorder.say(at, "agno.tools", tools.as_slice());
    }
    if agent.knowledge {
        recorder.say(at, "agno.knowledge", "Knowledge");
    }
    recorder.say(at, "session.id", whose.session.as_str());
    recorder.say(at, "user.id", whose.user.as_str());
    recorder.say(at, "input.value", input);
    let hidden_tokens = recorder.random.between(260, 620);
    let mut run = Run {
        at,
        node,
        agent,
        messages: Vec::new(),
        unanswered: Vec::new(),
        hidden_tokens,
        cached_tokens: 0,
    };
    run.remember("system", agent.instructions);
    run.remember("user", input);
    recorder.pass(8, 40);
    run
}

impl Run {
    /// Adds a message to what the model is sent, such as an earlier turn.
    pub(super) fn remember(&mut self, role: &str, content: &str) {
        self.messages.push(json!({"role": role, "content": content}));
    }

    /// Puts an earlier turn between the instructions and what the user says now.
    pub(super) fn remember_before(&mut self, role: &str, content: &str) {
        let now = self.messages.len().saturating_sub(1);
        self.messages.insert(now, json!({"role": role, "content": content, "from_history": true}));
    }

    /// Ends the run well.
    pub(super) fn answer(self, recorder: &mut Recorder<'_>, output: &str) {
        recorder.pass(4, 25);
        self.finish(recorder, output);
        recorder.close(self.at);
    }

    /// Ends the run as one that failed, which Agno says with the error as its output.
    pub(super) fn give_up(self, recorder: &mut Recorder<'_>, error: &str) {
        recorder.pass(4, 25);
        self.finish(recorder, error);
        recorder.fail(self.at, "run status: error");
    }

    fn finish(&self, recorder: &mut Recorder<'_>, output: &str) {
        recorder.say(self.at, "output.value", output);
        recorder.say(self.at, "output.mime_type", "application/json");
        let run_id = recorder.random.uuid();
        recorder.say(self.at, "agno.run.id", run_id);
    }

    /// The model answers with text.
    pub(super) fn reply(&mut self, recorder: &mut Recorder<'_>, text: &str) {
        let message = json!({"role": "assistant", "content": text});
        self.call_model(recorder, message);
    }

    /// The model asks for calls of tools, which then come one by one with [`Run::call_tool`].
    pub(super) fn ask_for(&mut self, recorder: &mut Recorder<'_>, calls: &[(&Tool, Json)]) {
        let calls: Vec<Json> = calls
            .iter()
            .map(|(tool, arguments)| {
                let id = format!("call_{}", &recorder.random.uuid().replace('-', "")[..24]);
                let function = json!({"name": tool.name, "arguments": arguments.to_string()});
                json!({"id": id, "type": "function", "function": function})
            })
            .collect();
        self.unanswered = calls.iter().filter_map(|call| call["id"].as_str().map(str::to_owned)).collect();
        self.call_model(recorder, json!({"role": "assistant", "tool_calls": calls}));
    }

    fn call_model(&mut self, recorder: &mut Recorder<'_>, answer: Json) {
        let (at, prompt_tokens) = self.begin_call(recorder);
        let completion_tokens = tokens_of(&answer) + recorder.random.between(2, 9);
        let (low, high) = self.agent.model.latency_ms;
        recorder.pass(low, high);
        recorder.pass(completion_tokens * 7, completion_tokens * 13);
        say_message(recorder, at, "llm.output_messages.0.message", &answer);
        let output = if self.agent.streams { json!({"messages": [answer]}) } else { json!([answer]) };
        recorder.say(at, "output.value", output.to_string());
        recorder.say(at, "output.mime_type", "application/json");
        recorder.say(at, "llm.token_count.prompt", prompt_tokens);
        recorder.say(at, "llm.token_count.completion", completion_tokens);
        recorder.say(at, "llm.token_count.total", prompt_tokens + completion_tokens);
        if self.cached_tokens > 0 {
            recorder.say(at, "llm.token_count.prompt_details.cache_read", self.cached_tokens);
        }
        // Providers cache long beginnings of prompts, in blocks.
        self.cached_tokens = if prompt_tokens >= 768 { prompt_tokens / 128 * 128 } else { 0 };
        if let Some((input, output)) = self.agent.model.prices {
            let count = |tokens: i64| f64::from(u32::try_from(tokens).unwrap_or(0));
            let dollars = (count(prompt_tokens) * input + count(completion_tokens) * output) / 1e6;
            recorder.say(at, "llm.cost.total", dollars);
        }
        recorder.close(at);
        self.messages.push(answer);
        recorder.pass(1, 6);
    }

    /// The provider refuses the call.
    pub(super) fn model_fails(&mut self, recorder: &mut Recorder<'_>, raised: &Raised) {
        let (at, _) = self.begin_call(recorder);
        recorder.pass(90, 400);
        recorder.exception(at, raised);
        let class = raised.class.rsplit('.').next().unwrap_or_default();
        recorder.fail(at, format!("{class}: {}", raised.message));
    }

    /// Opens the span of a call and says what is sent; returns how many tokens that is.
    fn begin_call(&self, recorder: &mut Recorder<'_>) -> (At, i64) {
        let model = self.agent.model;
        let method = if self.agent.streams { "ainvoke_stream" } else { "invoke" };
        let at = recorder.open(Some(self.at), format!("{}.{method}", model.class));
        recorder.say(at, "openinference.span.kind", "LLM");
        recorder.say(at, "input.mime_type", "application/json");
        recorder.say(at, "input.value", json!({"messages": self.messages}).to_string());
        let mut tokens = self.hidden_tokens;
        for (number, message) in self.messages.iter().enumerate() {
            tokens += tokens_of(message);
            say_message(recorder, at, &format!("llm.input_messages.{number}.message"), message);
        }
        for (number, tool) in self.agent.tools.iter().enumerate() {
            let schema = schema(tool);
            tokens += tokens_of(&schema);
            recorder.say(at, format!("llm.tools.{number}.tool.json_schema"), schema.to_string());
        }
        recorder.say(at, "llm.model_name", model.id);
        recorder.say(at, "llm.provider", model.provider);
        recorder.say(at, "llm.system", model.system);
        recorder.say(at, "llm.invocation_parameters", r#"{"temperature": 0.2, "max_tokens": 2048}"#);
        (at, tokens)
    }

    /// Begins the call of a tool; what happens until [`Run::tool_returns`] happens in it.
    pub(super) fn call_tool(&mut self, recorder: &mut Recorder<'_>, tool: &Tool, arguments: &Json) -> At {
        let at = recorder.open(Some(self.at), tool.name);
        recorder.say(at, "openinference.span.kind", "TOOL");
        recorder.say(at, "tool.name", tool.name);
        recorder.say(at, "tool.description", tool.description);
        recorder.say(at, "tool.parameters", arguments.to_string());
        recorder.say(at, "input.value", arguments.to_string());
        recorder.say(at, "input.mime_type", "application/json");
        at
    }

    /// Ends the call of a tool well.
    pub(super) fn tool_returns(&mut self, recorder: &mut Recorder<'_>, at: At, result: &str) {
        self.hear(recorder, at, result);
        recorder.close(at);
    }

    /// Ends the call of a tool that raised; the model is told and may try again.
    pub(super) fn tool_raises(&mut self, recorder: &mut Recorder<'_>, at: At, raised: &Raised) {
        recorder.exception(at, raised);
        self.hear(recorder, at, raised.message);
        recorder.fail(at, raised.message);
    }

    fn hear(&mut self, recorder: &mut Recorder<'_>, at: At, result: &str) {
        recorder.say(at, "output.value", result);
        recorder.say(at, "output.mime_type", "text/plain");
        let id = if self.unanswered.is_empty() { String::new() } else { self.unanswered.remove(0) };
        self.messages.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
    }

    /// Asks for one tool, calls it and hears its result.
    pub(super) fn use_tool(
        &mut self,
        recorder: &mut Recorder<'_>,
        tool: &Tool,
        arguments: &Json,
        (low, high): (i64, i64),
        result: &str,
    ) {
        self.ask_for(recorder, &[(tool, arguments.clone())]);
        let at = self.call_tool(recorder, tool, arguments);
        recorder.pass(low, high);
        self.tool_returns(recorder, at, result);
    }
}

fn schema(tool: &Tool) -> Json {
    let properties: serde_json::Map<String, Json> =
        tool.parameters.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    let parameters = json!({"type": "object", "properties": properties, "required": tool.parameters});
    let function = json!({"name": tool.name, "description": tool.description, "parameters": parameters});
    json!({"type": "function", "function": function})
}

fn say_message(recorder: &mut Recorder<'_>, at: At, prefix: &str, message: &Json) {
    for key in ["role", "content", "tool_call_id"] {
        if let Some(text) = message[key].as_str() {
            recorder.say(at, format!("{prefix}.{key}"), text);
        }
    }
    let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (number, call) in calls.iter().enumerate() {
        let prefix = format!("{prefix}.tool_calls.{number}.tool_call");
        let texts = [
            ("id", &call["id"]),
            ("function.name", &call["function"]["name"]),
            ("function.arguments", &call["function"]["arguments"]),
        ];
        for (key, text) in texts {
            recorder.say(at, format!("{prefix}.{key}"), text.as_str().unwrap_or_default());
        }
    }
}

/// Four letters are about one token.
fn tokens_of(message: &Json) -> i64 {
    i64::try_from(message.to_string().len() / 4).unwrap_or(0)
}
