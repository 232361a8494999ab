//! Tokens.

use super::attributes::Attributes;

/// What a call has used, in tokens. What was not said is not known, which is not 0.
///
/// ```
/// use tracestead::spans::Usage;
///
/// let usage = Usage::new(120, 40).cache_read(100).reasoning(25);
/// assert_eq!(usage.input_tokens, Some(120));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// All that the model read, what came from a cache included.
    pub input_tokens: Option<u32>,
    /// All that it wrote, what it thought included.
    pub output_tokens: Option<u32>,
    /// Of the input, what came from a cache.
    pub cache_read_tokens: Option<u32>,
    /// Of the input, what was put into a cache.
    pub cache_write_tokens: Option<u32>,
    /// Of the output, what it thought.
    pub reasoning_tokens: Option<u32>,
}

impl Usage {
    /// So many tokens in and out.
    #[must_use]
    pub fn new(input_tokens: u32, output_tokens: u32) -> Self {
        Self { input_tokens: Some(input_tokens), output_tokens: Some(output_tokens), ..Self::default() }
    }

    /// So many of the input came from a cache.
    #[must_use]
    pub fn cache_read(mut self, tokens: u32) -> Self {
        self.cache_read_tokens = Some(tokens);
        self
    }

    /// So many of the input were put into a cache.
    #[must_use]
    pub fn cache_write(mut self, tokens: u32) -> Self {
        self.cache_write_tokens = Some(tokens);
        self
    }

    /// So many of the output were thoughts.
    #[must_use]
    pub fn reasoning(mut self, tokens: u32) -> Self {
        self.reasoning_tokens = Some(tokens);
        self
    }

    pub(super) fn tell(self, to: &mut Attributes) {
        let total =
            self.input_tokens.zip(self.output_tokens).map(|(input, output)| input.saturating_add(output));
        let counts = [
            (self.input_tokens, ["llm.token_count.prompt", "gen_ai.usage.input_tokens"]),
            (self.output_tokens, ["llm.token_count.completion", "gen_ai.usage.output_tokens"]),
            (total, ["llm.token_count.total", "gen_ai.usage.total_tokens"]),
            (
                self.cache_read_tokens,
                ["llm.token_count.prompt_details.cache_read", "gen_ai.usage.cache_read.input_tokens"],
            ),
            (
                self.cache_write_tokens,
                ["llm.token_count.prompt_details.cache_write", "gen_ai.usage.cache_creation.input_tokens"],
            ),
            (
                self.reasoning_tokens,
                ["llm.token_count.completion_details.reasoning", "gen_ai.usage.reasoning.output_tokens"],
            ),
        ];
        for (count, keys) in counts {
            for key in keys.into_iter().filter(|_| count.is_some()) {
                to.say(key, i64::from(count.unwrap_or_default()));
            }
        }
    }
}
