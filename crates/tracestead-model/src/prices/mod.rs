//! What a model call cost.
//!
//! A cost that the span reports stands. Else the user's own prices are asked, then the list of the `genai-prices` crate,
//! by model, provider and the time of the call: prices change, and history keeps those of its day. Costs are whole
//! billionths of a US dollar, so that sums are exact. Where a cost is not known, the reason is.

mod list;
mod own;

use crate::{SpanFacts, UnixNanos};

pub use own::Price;

/// What a model call cost, or why nobody knows. Spans of other types have neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Billionths of a US dollar.
    pub nano_usd: Option<i64>,
    /// Who says so.
    pub source: Option<CostSource>,
    /// Why it is not known.
    pub missing: Option<CostMissing>,
}

/// Who says what a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostSource {
    /// The span itself.
    Reported,
    /// The user's configuration.
    Config,
    /// The price list that comes with tracestead.
    GenaiPrices,
}

impl CostSource {
    /// Returns the source's name as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Config => "config",
            Self::GenaiPrices => "genai-prices",
        }
    }
}

/// Why the cost of a call is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostMissing {
    /// The call reports no tokens of input or output.
    NoUsage,
    /// The call names no model.
    NoModel,
    /// No price list knows the provider.
    UnknownProvider,
    /// The provider's list does not have the model.
    UnknownModel,
    /// The counts contradict each other: more tokens from the cache than there were.
    InvalidUsage,
}

impl CostMissing {
    /// Returns the reason as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoUsage => "no_usage",
            Self::NoModel => "no_model",
            Self::UnknownProvider => "unknown_provider",
            Self::UnknownModel => "unknown_model",
            Self::InvalidUsage => "invalid_usage",
        }
    }
}

/// The prices in force: the user's own before those of the list.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    own: Vec<Price>,
}

impl PriceBook {
    /// Returns a book with the user's `own` prices; of several that fit a call, the last one given counts.
    #[must_use]
    pub fn new(own: Vec<Price>) -> Self {
        Self { own }
    }

    /// Returns what the call cost that `facts` describe and that began at `time`.
    #[must_use]
    pub fn cost(&self, facts: &SpanFacts, time: UnixNanos) -> Cost {
        if !facts.span_type.is_model_call() {
            return Cost::default();
        }
        if let Some(nano_usd) = facts.reported_cost_nano_usd {
            return Cost::known(nano_usd, CostSource::Reported);
        }
        let usage = &facts.usage;
        if usage.input_tokens.is_none() && usage.output_tokens.is_none() {
            return Cost::missing(CostMissing::NoUsage);
        }
        // The answer names the version that was billed; a gateway may name it in its own way.
        let models: Vec<&str> = facts.response_model.iter().chain(&facts.model).map(String::as_str).collect();
        if models.is_empty() {
            return Cost::missing(CostMissing::NoModel);
        }
        let provider = facts.provider.as_deref();
        let own = models.iter().find_map(|model| own::find(&self.own, model, provider, time));
        if let Some(price) = own {
            return Cost::known(price.nano_usd(usage), CostSource::Config);
        }
        match list::nano_usd(&models, provider, usage, facts.service_tier.as_deref(), time) {
            Ok(nano_usd) => Cost::known(nano_usd, CostSource::GenaiPrices),
            Err(missing) => Cost::missing(missing),
        }
    }
}

impl Cost {
    fn known(nano_usd: i64, source: CostSource) -> Self {
        Self { nano_usd: Some(nano_usd), source: Some(source), missing: None }
    }

    fn missing(reason: CostMissing) -> Self {
        Self { nano_usd: None, source: None, missing: Some(reason) }
    }
}

/// Returns US dollars as whole billionths; `None` if they are no sum of money.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(crate) fn nano_usd(usd: f64) -> Option<i64> {
    let nano = usd * 1e9;
    (0.0..9e18).contains(&nano).then(|| nano.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attributes, SpanSource, Value};

    /// 2026-11-01.
    const TIME: UnixNanos = UnixNanos::from_i64(1_793_491_200_000_000_000);

    fn cost(book: &PriceBook, pairs: &[(&str, Value)]) -> Cost {
        let kind = [("openinference.span.kind", Value::from("LLM"))];
        let attributes: Attributes = kind.iter().chain(pairs).cloned().collect();
        book.cost(&SpanFacts::of(&SpanSource::new("call", &attributes)), TIME)
    }

    fn call(model: &str, provider: &str) -> Vec<(&'static str, Value)> {
        vec![
            ("llm.model_name", Value::from(model)),
            ("llm.provider", Value::from(provider)),
            ("llm.token_count.prompt", Value::Int(1_000_000)),
            ("llm.token_count.completion", Value::Int(100_000)),
        ]
    }

    #[test]
    fn a_reported_cost_stands_then_own_prices_then_the_list() {
        let own = Price { input_usd: 1.0, output_usd: 2.0, ..Price::for_model("gpt-4o-mini") };
        let book = PriceBook::new(vec![own]);
        let listed = cost(&PriceBook::default(), &call("gpt-4o-mini", "openai"));
        assert_eq!((listed.nano_usd, listed.source), (Some(210_000_000), Some(CostSource::GenaiPrices)));
        let configured = cost(&book, &call("gpt-4o-mini", "openai"));
        assert_eq!((configured.nano_usd, configured.source), (Some(1_200_000_000), Some(CostSource::Config)));
        let mut reported = call("gpt-4o-mini", "openai");
        reported.push(("llm.cost.total", Value::Double(0.5)));
        assert_eq!(cost(&book, &reported), Cost::known(500_000_000, CostSource::Reported));
    }

    #[test]
    fn cached_input_is_cheaper() {
        let mut pairs = call("gpt-4o-mini", "openai");
        pairs.push(("llm.token_count.prompt_details.cache_read", Value::Int(1_000_000)));
        assert_eq!(cost(&PriceBook::default(), &pairs).nano_usd, Some(135_000_000));
    }

    #[test]
    fn gateways_prefixes_and_dated_models_are_found() {
        let book = PriceBook::default();
        for (model, provider) in [
            ("openai/gpt-4o-mini", "openai"),
            ("openai/gpt-4o-mini", "litellm"),
            ("gpt-4o-mini-2024-07-18", "openai"),
            ("gpt-4o-mini", "azure"),
            ("gpt-4o-mini", "langchain"),
        ] {
            assert_eq!(
                cost(&book, &call(model, provider)).nano_usd,
                Some(210_000_000),
                "{model} of {provider}"
            );
        }
    }

    #[test]
    fn what_is_not_known_has_a_reason() {
        let book = PriceBook::default();
        let missing = |pairs: &[(&str, Value)]| cost(&book, pairs).missing;
        assert_eq!(missing(&call("my-own-model", "openai")), Some(CostMissing::UnknownModel));
        assert_eq!(missing(&call("my-own-model", "my-cluster")), Some(CostMissing::UnknownProvider));
        assert_eq!(missing(&call("my-own-model", "")), Some(CostMissing::UnknownModel));
        assert_eq!(missing(&call("gpt-4o", "openai")[..2]), Some(CostMissing::NoUsage));
        assert_eq!(missing(&call("gpt-4o", "openai")[1..]), Some(CostMissing::NoModel));
        let mut pairs = call("gpt-4o-mini", "openai");
        pairs[0].0 = "x";
        assert_eq!(missing(&pairs), Some(CostMissing::NoModel));
        let attributes: Attributes = call("gpt-4o", "openai").into_iter().collect();
        let agent = SpanFacts {
            span_type: crate::SpanType::Agent,
            ..SpanFacts::of(&SpanSource::new("run", &attributes))
        };
        assert_eq!(book.cost(&agent, TIME), Cost::default());
    }

    #[test]
    fn prices_are_those_of_the_day() {
        let from = "2026-11-02T00:00:00Z";
        let cheaper = Price { input_usd: 1.0, ..Price::for_model("m-*") };
        let dearer =
            Price { input_usd: 3.0, from: UnixNanos::from_iso(from).ok(), ..Price::for_model("m-*") };
        let book = PriceBook::new(vec![cheaper, dearer]);
        let attributes: Attributes =
            call("m-1", "x").into_iter().chain([("openinference.span.kind", Value::from("LLM"))]).collect();
        let facts = SpanFacts::of(&SpanSource::new("call", &attributes));
        assert_eq!(book.cost(&facts, TIME).nano_usd, Some(1_000_000_000));
        assert_eq!(book.cost(&facts, UnixNanos::from_iso(from).unwrap()).nano_usd, Some(3_000_000_000));
    }
}
