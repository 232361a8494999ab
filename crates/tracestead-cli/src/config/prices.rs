//! `[[prices]]`: what models cost, where the user knows better than the price list.

use toml::Value;
use tracestead_model::{Price, UnixNanos, facts};

use super::entry::{Entry, entries, in_one_line, quoted, shown as shown_list};
use super::layers::Layers;
use super::{ConfigError, Shown};

/// The keys of a table, in the order in which they are shown and documented.
pub(super) const PRICE_KEYS: &[&str] =
    &["model", "provider", "input", "output", "cache_read", "cache_write", "from"];

/// A dollar a token. What is above is no price, and its sums would not fit.
const MAX_USD: f64 = 1e6;

const EXPECTED_USD: &str = "expected US dollars per million tokens, a number from 0 to 1000000";
const EXPECTED_MODEL: &str = "expected a model's name, such as gpt-4o or gpt-4o*";

/// Reads every table, in the order of the file.
pub(super) fn read(layers: &Layers) -> Result<Vec<Price>, ConfigError> {
    entries(layers, "prices", PRICE_KEYS)?.iter().map(price).collect()
}

/// Returns prices as `config print` shows them: a table in one line.
pub(super) fn shown<'a>(layers: &'a Layers, prices: &'a [Price]) -> impl Iterator<Item = Shown> + 'a {
    shown_list(layers, "prices", prices.iter().map(price_in_one_line))
}

fn price_in_one_line(price: &Price) -> String {
    let values = [
        Some(quoted(&price.model)),
        price.provider.as_deref().map(quoted),
        Some(price.input_usd.to_string()),
        Some(price.output_usd.to_string()),
        price.cache_read_usd.map(|usd| usd.to_string()),
        price.cache_write_usd.map(|usd| usd.to_string()),
        price.from.map(|from| quoted(&from.to_rest())),
    ];
    in_one_line(PRICE_KEYS, values)
}

fn price(entry: &Entry<'_>) -> Result<Price, ConfigError> {
    Ok(Price {
        model: entry.required("model", EXPECTED_MODEL, model)?,
        provider: entry.optional("provider", "expected a provider, such as openai or azure", provider)?,
        input_usd: entry.required("input", EXPECTED_USD, usd)?,
        output_usd: entry.required("output", EXPECTED_USD, usd)?,
        cache_read_usd: entry.optional("cache_read", EXPECTED_USD, usd)?,
        cache_write_usd: entry.optional("cache_write", EXPECTED_USD, usd)?,
        from: entry.optional("from", "expected a day or a time, such as 2026-11-01", time)?,
    })
}

fn model(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|model| !model.is_empty()).map(str::to_owned)
}

/// Calls carry the standard's names, so that `azure` has to become what they say.
fn provider(value: &Value) -> Option<String> {
    value.as_str().and_then(facts::provider)
}

#[expect(clippy::cast_precision_loss, reason = "what is lost is far above the largest price")]
fn usd(value: &Value) -> Option<f64> {
    let usd = value.as_float().or_else(|| value.as_integer().map(|usd| usd as f64))?;
    // `-0.0` is within the range and would be shown.
    (0.0..=MAX_USD).contains(&usd).then(|| usd.abs())
}

fn time(value: &Value) -> Option<UnixNanos> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(time) => time.to_string(),
        _ => return None,
    };
    UnixNanos::from_iso(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(text: &str) -> Result<Vec<Price>, String> {
        let mut layers = Layers::default();
        layers.add_toml(text, "t.toml").map_err(|error| error.to_string())?;
        read(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn prices_are_read_in_order() {
        let text = "[[prices]]\nmodel = \"gpt-*\"\nprovider = \"azure\"\ninput = 2\noutput = 8.5\ncache_read = 0.5\n\
                    from = 2026-11-01\n[[prices]]\nmodel = \"*\"\ninput = 0\noutput = 0\nfrom = \"2026-11-01T00:00:00+01:00\"";
        let read = prices(text).unwrap();
        let first = Price {
            provider: Some("azure.ai.openai".to_owned()),
            input_usd: 2.0,
            output_usd: 8.5,
            cache_read_usd: Some(0.5),
            from: UnixNanos::from_iso("2026-11-01").ok(),
            ..Price::for_model("gpt-*")
        };
        let second =
            Price { from: UnixNanos::from_iso("2026-10-31T23:00:00Z").ok(), ..Price::for_model("*") };
        assert_eq!(
            price_in_one_line(&first),
            "{ model = \"gpt-*\", provider = \"azure.ai.openai\", input = 2, output = 8.5, cache_read = 0.5, \
             from = \"2026-11-01T00:00:00Z\" }"
        );
        assert_eq!(prices(&format!("prices = [{}]", price_in_one_line(&first))).unwrap(), read[..1]);
        assert_eq!(read, [first, second]);
        assert_eq!(prices("").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let usable = "model = \"m\"\ninput = 1\noutput = 2";
        let cases = [
            (
                "model = \"m\"\noutput = 2",
                "missing setting `prices[1].input` in t.toml: expected US dollars per million tokens",
            ),
            ("input = 1\noutput = 2", "missing setting `prices[1].model` in t.toml: expected a model's name"),
            (
                "model = \" \"\ninput = 1\noutput = 2",
                "cannot use `\" \"` for `prices[1].model` (from t.toml): expected a model",
            ),
            (
                "model = \"m\"\ninput = -1\noutput = 2",
                "cannot use `-1` for `prices[1].input` (from t.toml): expected US dollars",
            ),
            (
                "model = \"m\"\ninput = \"1\"\noutput = 2",
                "cannot use `\"1\"` for `prices[1].input` (from t.toml)",
            ),
            (
                "model = \"m\"\ninput = 1\noutput = inf",
                "cannot use `inf` for `prices[1].output` (from t.toml)",
            ),
            (
                "model = \"m\"\ninput = nan\noutput = 2",
                "cannot use `nan` for `prices[1].input` (from t.toml)",
            ),
            (
                &format!("{usable}\ncache_read = true"),
                "cannot use `true` for `prices[1].cache_read` (from t.toml)",
            ),
            (&format!("{usable}\ncache_write = 1000001"), "cannot use `1000001` for `prices[1].cache_write`"),
            (
                &format!("{usable}\nprovider = 1"),
                "cannot use `1` for `prices[1].provider` (from t.toml): expected a provider",
            ),
            // A framework is no provider, and a price without one would be in force for all.
            (
                &format!("{usable}\nprovider = \"langchain\""),
                "cannot use `\"langchain\"` for `prices[1].provider`",
            ),
            (
                &format!("{usable}\nfrom = 07:32:00"),
                "cannot use `07:32:00` for `prices[1].from` (from t.toml): expected a day",
            ),
            (
                &format!("{usable}\nfrom = \"soon\""),
                "cannot use `\"soon\"` for `prices[1].from` (from t.toml): expected a day",
            ),
            (
                &format!("{usable}\ncache_reed = 1"),
                "unknown setting `prices[1].cache_reed` in t.toml; did you mean `prices[1].cache_read`?",
            ),
            (&format!("{usable}\nx = 1"), "unknown setting `prices[1].x` in t.toml"),
        ];
        for (table, expected) in cases {
            let error = prices(&format!("[[prices]]\n{usable}\n[[prices]]\n{table}")).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        for text in ["[prices]\nmodel = \"m\"", "prices = 1", "prices = [1]"] {
            let error = prices(text).unwrap_err();
            assert!(
                error.ends_with("(from t.toml): expected tables, each below a line `[[prices]]`"),
                "{error}"
            );
        }
    }
}
