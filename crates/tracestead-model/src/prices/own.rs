//! Prices that the user sets: negotiated ones, own models, gateways.

use crate::{UnixNanos, Usage};

/// What a model costs, in US dollars per million tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// The model, as the call or its answer names it; `*` stands for anything.
    pub model: String,
    /// The provider, as `gen_ai.provider.name`; `None` for all.
    pub provider: Option<String>,
    /// Input that came from no cache.
    pub input_usd: f64,
    /// Output, reasoning included.
    pub output_usd: f64,
    /// Input from a cache; the input's price if it is not given.
    pub cache_read_usd: Option<f64>,
    /// Input put into a cache; the input's price if it is not given.
    pub cache_write_usd: Option<f64>,
    /// Since when it is in force; `None` for always.
    pub from: Option<UnixNanos>,
}

impl Price {
    /// Returns a price of nothing for `model`.
    #[must_use]
    pub fn for_model(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            provider: None,
            input_usd: 0.0,
            output_usd: 0.0,
            cache_read_usd: None,
            cache_write_usd: None,
            from: None,
        }
    }

    /// Returns what `usage` costs, in billionths of a US dollar.
    #[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^53")]
    pub(super) fn nano_usd(&self, usage: &Usage) -> i64 {
        let input = usage.input_tokens.unwrap_or(0);
        let read = usage.cache_read_tokens.unwrap_or(0).min(input);
        let write = usage.cache_write_tokens.unwrap_or(0).min(input - read);
        let of = |count: i64, usd: f64| count as f64 * usd;
        let per_million = of(input - read - write, self.input_usd)
            + of(read, self.cache_read_usd.unwrap_or(self.input_usd))
            + of(write, self.cache_write_usd.unwrap_or(self.input_usd))
            + of(usage.output_tokens.unwrap_or(0), self.output_usd);
        super::nano_usd(per_million / 1e6).unwrap_or(0)
    }

    fn fits(&self, model: &str, provider: Option<&str>, time: UnixNanos) -> bool {
        let is_provider = self
            .provider
            .as_deref()
            .is_none_or(|own| provider.is_some_and(|said| own.eq_ignore_ascii_case(said)));
        is_provider && self.from.is_none_or(|from| from <= time) && matches(&self.model, model)
    }
}

/// Returns the last price that fits.
pub(super) fn find<'a>(
    prices: &'a [Price],
    model: &str,
    provider: Option<&str>,
    time: UnixNanos,
) -> Option<&'a Price> {
    prices.iter().rev().find(|price| price.fits(model, provider, time))
}

/// Says whether `text` is what `pattern` describes, case aside.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let cases = [
            ("gpt-4o", "GPT-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-*", "gpt-4o-mini", true),
            ("*mini", "gpt-4o-mini", true),
            ("*4o*", "gpt-4o-mini", true),
            ("gpt*mini*x", "gpt-4o-mini", false),
            ("*", "", true),
            ("a*a", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn details_are_parts_of_the_input() {
        let usage = Usage {
            input_tokens: Some(100),
            output_tokens: Some(10),
            cache_read_tokens: Some(50),
            cache_write_tokens: Some(20),
            ..Usage::default()
        };
        let price = Price {
            input_usd: 1.0,
            output_usd: 10.0,
            cache_read_usd: Some(0.1),
            cache_write_usd: Some(2.0),
            ..Price::for_model("m")
        };
        assert_eq!(price.nano_usd(&usage), 30_000 + 5_000 + 40_000 + 100_000);
    }
}
