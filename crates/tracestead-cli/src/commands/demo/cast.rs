//! Who is in the demo: models, tools, agents.

/// A language model, and what a million of its tokens costs in US dollars.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) class: &'static str,
    pub(super) provider: &'static str,
    pub(super) system: &'static str,
    /// Input and output; `None` where the provider's client reports no cost.
    pub(super) prices: Option<(f64, f64)>,
    /// Milliseconds to think before the first token.
    pub(super) latency_ms: (i64, i64),
}

pub(super) const GPT_4O: Model = Model {
    id: "gpt-4o",
    class: "OpenAIChat",
    provider: "OpenAI",
    system: "openai",
    prices: Some((2.5, 10.0)),
    latency_ms: (420, 1_100),
};
pub(super) const GPT_4O_MINI: Model = Model {
    id: "gpt-4o-mini",
    class: "OpenAIChat",
    provider: "OpenAI",
    system: "openai",
    prices: Some((0.15, 0.6)),
    latency_ms: (280, 700),
};
pub(super) const CLAUDE: Model = Model {
    id: "claude-sonnet-4",
    class: "Claude",
    provider: "Anthropic",
    system: "anthropic",
    prices: Some((3.0, 15.0)),
    latency_ms: (500, 1_300),
};
pub(super) const GEMINI: Model = Model {
    id: "gemini-2.5-pro",
    class: "Gemini",
    provider: "Google",
    system: "google",
    prices: None,
    latency_ms: (700, 1_900),
};

/// A function an agent may call.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// Its parameters, all of them texts.
    pub(super) parameters: &'static [&'static str],
}

pub(super) const DELEGATE: Tool = Tool {
    name: "delegate_task_to_member",
    description: "Use this function to delegate a task to the selected team member.",
    parameters: &["member_id", "task"],
};

/// An agent, or the leader of a team.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) name: &'static str,
    pub(super) instructions: &'static str,
    pub(super) model: &'static Model,
    pub(super) tools: &'static [Tool],
    pub(super) knowledge: bool,
    pub(super) streams: bool,
}

/// Whose run it is.
#[derive(Debug, Clone)]
pub(super) struct Whose {
    pub(super) user: String,
    pub(super) session: String,
}

/// Returns the id that Agno makes of a name.
pub(super) fn id_of(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// Returns a name as it stands in the names of spans.
pub(super) fn span_name(name: &str) -> String {
    name.replace([' ', '-'], "_")
}
