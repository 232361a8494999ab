//! The price list of the `genai-prices` crate: made by its authors from providers' pages, kept in the program, never
//! fetched. It is read when the first call is priced, which takes about a tenth of a second.

use std::time::{Duration, UNIX_EPOCH};

use genai_prices::{Calculator, ErrorKind, PriceRequest, Usage as Counts, UsageKey};

use super::CostMissing;
use crate::{UnixNanos, Usage};

/// Returns what a call of one of `models`, names of the same model, costs.
pub(super) fn nano_usd(
    models: &[&str],
    provider: Option<&str>,
    usage: &Usage,
    service_tier: Option<&str>,
    time: UnixNanos,
) -> Result<i64, CostMissing> {
    let counts = counts(usage);
    let provider = provider.map(listed_provider);
    let mut missing = CostMissing::UnknownModel;
    for model in models.iter().flat_map(|model| spellings(model)) {
        let time = UNIX_EPOCH + Duration::from_nanos(u64::try_from(time.as_i64()).unwrap_or(0));
        let mut request = PriceRequest::new(model, &counts).with_timestamp(time);
        if let Some(provider) = provider {
            request = request.with_provider_id(provider);
        }
        if let Some(tier) = service_tier {
            request = request.with_price_context("service_tier", tier);
        }
        match Calculator::bundled().calculate(&request) {
            Ok(price) => return super::nano_usd(price.total_price).ok_or(CostMissing::InvalidUsage),
            Err(error) => match error.kind() {
                ErrorKind::ProviderNotFound if provider.is_some() => missing = CostMissing::UnknownProvider,
                ErrorKind::ModelNotFound | ErrorKind::ProviderNotFound => {}
                _ => return Err(CostMissing::InvalidUsage),
            },
        }
    }
    Err(missing)
}

/// Gateways put a provider before the model's name: `openai/gpt-4o`.
fn spellings(model: &str) -> impl Iterator<Item = &str> {
    std::iter::once(model).chain(model.split_once('/').map(|(_, bare)| bare))
}

/// Returns the list's name for a provider of `gen_ai.provider.name`.
fn listed_provider(provider: &str) -> &str {
    match provider {
        "aws.bedrock" => "aws",
        "azure.ai.openai" | "azure.ai.inference" => "azure",
        "gcp.gemini" | "gcp.vertex_ai" | "gcp.gen_ai" => "google",
        "mistral_ai" => "mistral",
        "x_ai" => "x-ai",
        "moonshot_ai" => "moonshotai",
        other => other,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of tokens are far below 2^53")]
fn counts(usage: &Usage) -> Counts {
    let mut counts = Counts::new();
    for (key, count) in [
        (UsageKey::INPUT_TOKENS, usage.input_tokens),
        (UsageKey::OUTPUT_TOKENS, usage.output_tokens),
        (UsageKey::CACHE_READ_TOKENS, usage.cache_read_tokens),
        (UsageKey::CACHE_WRITE_TOKENS, usage.cache_write_tokens),
        (UsageKey::INPUT_AUDIO_TOKENS, usage.input_audio_tokens),
        (UsageKey::OUTPUT_AUDIO_TOKENS, usage.output_audio_tokens),
    ] {
        if let Some(count) = count.filter(|count| *count > 0) {
            counts.insert(key, count as f64);
        }
    }
    counts
}
