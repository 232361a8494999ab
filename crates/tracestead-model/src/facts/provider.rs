//! Who serves a model, in the words of OpenTelemetry's `gen_ai.provider.name`.

/// Names that frameworks put in the provider's place and that are none.
const FRAMEWORKS: &[&str] = &[
    "langchain",
    "langgraph",
    "strands-agents",
    "autogen",
    "crewai",
    "pydantic-ai",
    "gcp.vertex.agent",
    "microsoft.agent_framework",
    "haystack",
    "llama_index",
    "llamaindex",
    // Gateways: the model names who serves it.
    "litellm",
    "gateway",
    "vercel",
    "portkey",
    "ramprouter",
    "semantic_kernel",
    "smolagents",
    "unknown",
];

/// Returns the provider's standard name for what an instrumentation calls it; `None` for a framework's own name.
#[must_use]
pub fn provider(said: &str) -> Option<String> {
    let said = said.trim().to_lowercase();
    if said.is_empty() || FRAMEWORKS.contains(&said.as_str()) {
        return None;
    }
    // The Vercel SDK adds the kind of API: `openai.chat`, `azure.responses`, `google.generative-ai`.
    let family = said.split_once('.').map_or(said.as_str(), |(family, api)| match api {
        "chat" | "responses" | "completion" | "completions" | "embedding" | "embeddings" | "image"
        | "messages" | "speech" | "transcription" | "rerank" | "reranking" => family,
        _ => said.as_str(),
    });
    let standard = match family {
        "xai" | "grok" => "x_ai",
        "vertex_ai"
        | "vertexai"
        | "vertex"
        | "google.vertex"
        | "google.vertex.chat"
        | "google_vertexai"
        | "google-vertex"
        | "google_vertex"
        | "google.vertex.anthropic"
        | "vertex.anthropic"
        | "vertex.anthropic.messages" => "gcp.vertex_ai",
        "gemini"
        | "google"
        | "google_genai"
        | "google_ai"
        | "googleai"
        | "google-gla"
        | "google.generative-ai"
        | "google-genai" => "gcp.gemini",
        "az.ai.openai" | "azure" | "azure_openai" | "azure-openai" | "azure.openai" | "azureopenai" => {
            "azure.ai.openai"
        }
        "az.ai.inference" | "azurefoundry" | "azureaiinference" | "azure_ai" | "azure-ai"
        | "azure_ai_inference" => "azure.ai.inference",
        "mistral" | "mistralai" => "mistral_ai",
        "aws" | "bedrock" | "aws_bedrock" | "amazon_bedrock" | "amazon-bedrock" | "bedrock_converse"
        | "awsbedrock" => "aws.bedrock",
        "watsonx" | "ibm watsonx" | "ibm" | "ibm_watsonx" => "ibm.watsonx.ai",
        "moonshot" | "moonshotai" => "moonshot_ai",
        "togetherai" | "together_ai" | "together.ai" => "together",
        "fireworks_ai" | "fireworks.ai" | "fireworks-ai" => "fireworks",
        other => other,
    };
    Some(super::reader::clean(standard))
}

/// Returns the provider that an API's host name tells.
#[must_use]
pub fn provider_of_host(host: &str) -> Option<&'static str> {
    const HOSTS: &[(&str, &str)] = &[
        ("api.openai.com", "openai"),
        ("openai.azure.com", "azure.ai.openai"),
        ("services.ai.azure.com", "azure.ai.inference"),
        ("api.anthropic.com", "anthropic"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("amazonaws.com", "aws.bedrock"),
        ("api.mistral.ai", "mistral_ai"),
        ("api.cohere.com", "cohere"),
        ("api.cohere.ai", "cohere"),
        ("api.groq.com", "groq"),
        ("api.deepseek.com", "deepseek"),
        ("api.perplexity.ai", "perplexity"),
        ("api.x.ai", "x_ai"),
        ("api.together.xyz", "together"),
        ("api.fireworks.ai", "fireworks"),
        ("api.cerebras.ai", "cerebras"),
        ("openrouter.ai", "openrouter"),
        ("api.moonshot.ai", "moonshot_ai"),
        ("api.moonshot.cn", "moonshot_ai"),
    ];
    let host = host.trim_end_matches('/').to_ascii_lowercase();
    HOSTS
        .iter()
        .find(|(known, _)| {
            host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with(['.', '-', '/']))
        })
        .map(|(_, provider)| *provider)
}

/// What gateways put before a model's name.
const PREFIXES: &[&str] = &[
    "openai",
    "anthropic",
    "azure",
    "gemini",
    "google",
    "google-gla",
    "vertex_ai",
    "bedrock",
    "mistral",
    "cohere",
    "groq",
    "deepseek",
    "xai",
    "perplexity",
    "together_ai",
    "fireworks_ai",
    "openrouter",
    "cerebras",
    "ollama",
    "moonshot",
    "ollama_chat",
];

/// How the names of providers' own models begin.
const FAMILIES: &[(&str, &str)] = &[
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("claude-", "anthropic"),
    ("gemini-", "gcp.gemini"),
    ("mistral-", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("command-", "cohere"),
    ("deepseek-", "deepseek"),
    ("grok-", "x_ai"),
    ("sonar", "perplexity"),
];

/// Returns the provider that a model's name tells: `openai/gpt-4o` by its first part, `claude-…` by its family.
#[must_use]
pub fn provider_of_model(model: &str) -> Option<String> {
    let model = model.to_ascii_lowercase();
    if let Some((prefix, _)) = model.split_once(['/', ':']) {
        if PREFIXES.contains(&prefix) {
            return provider(if prefix == "ollama_chat" { "ollama" } else { prefix });
        }
        return None;
    }
    // Open weights are served under these names by many.
    if model.starts_with("gpt-oss") {
        return None;
    }
    FAMILIES.iter().find(|(family, _)| model.starts_with(family)).map(|(_, provider)| (*provider).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_become_the_standard_name() {
        let cases = [
            ("openai", "openai"),
            ("OpenAI", "openai"),
            ("openai.chat", "openai"),
            ("openai.responses", "openai"),
            ("openai.embedding", "openai"),
            ("xai", "x_ai"),
            ("x_ai", "x_ai"),
            ("vertex_ai", "gcp.vertex_ai"),
            ("vertexai", "gcp.vertex_ai"),
            ("gemini", "gcp.gemini"),
            ("google", "gcp.gemini"),
            ("google.generative-ai", "gcp.gemini"),
            ("gcp.gen_ai", "gcp.gen_ai"),
            ("az.ai.openai", "azure.ai.openai"),
            ("azure", "azure.ai.openai"),
            ("azure_openai", "azure.ai.openai"),
            ("azure.ai.openai", "azure.ai.openai"),
            ("az.ai.inference", "azure.ai.inference"),
            ("mistralai", "mistral_ai"),
            ("aws", "aws.bedrock"),
            ("AWS", "aws.bedrock"),
            ("bedrock", "aws.bedrock"),
            ("AwsBedrock", "aws.bedrock"),
            ("AzureFoundry", "azure.ai.inference"),
            ("vertex.anthropic.messages", "gcp.vertex_ai"),
            ("amazon-bedrock", "aws.bedrock"),
            ("ibm watsonx", "ibm.watsonx.ai"),
            ("watsonx", "ibm.watsonx.ai"),
            ("Anthropic", "anthropic"),
            ("anthropic.messages", "anthropic"),
            ("my-gateway", "my-gateway"),
        ];
        for (said, expected) in cases {
            assert_eq!(provider(said).as_deref(), Some(expected), "{said}");
            assert_eq!(provider(expected).as_deref(), Some(expected), "{expected}: twice is once");
        }
    }

    #[test]
    fn frameworks_are_no_providers() {
        for said in FRAMEWORKS.iter().chain(&["LangChain", "Langgraph", " ", ""]) {
            assert_eq!(provider(said), None, "{said}");
        }
    }

    #[test]
    fn hosts_and_models_tell_the_provider() {
        assert_eq!(provider_of_host("api.openai.com"), Some("openai"));
        assert_eq!(provider_of_host("eu.api.openai.com"), Some("openai"));
        assert_eq!(provider_of_host("my-resource.openai.azure.com"), Some("azure.ai.openai"));
        assert_eq!(provider_of_host("us-central1-aiplatform.googleapis.com"), Some("gcp.vertex_ai"));
        assert_eq!(provider_of_host("notapi.openai.com.evil.example"), None);
        assert_eq!(provider_of_host("127.0.0.1"), None);
        assert_eq!(provider_of_model("openai/gpt-4o-mini").as_deref(), Some("openai"));
        assert_eq!(provider_of_model("claude-sonnet-5").as_deref(), Some("anthropic"));
        assert_eq!(provider_of_model("gpt-oss-120b"), None);
        assert_eq!(provider_of_model("meta-llama/llama-3"), None);
    }
}
