//! OpenTelemetry's variables, as far as its SDK does not read them itself. Nothing else of this crate reads the environment.

use std::time::Duration;

use opentelemetry_sdk::trace::SpanLimits;

use crate::pipeline::Options;

/// A variable whose value makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is `{value}`; it must be {expected}")]
pub struct InvalidVariable {
    /// The variable.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it must be.
    pub expected: &'static str,
}

/// Returns the options with what the environment says.
///
/// # Errors
///
/// If it says something that makes no sense.
pub fn options(defaults: Options) -> Result<Options, InvalidVariable> {
    let mut options = defaults;
    set(&mut options.max_queue_size, "OTEL_BSP_MAX_QUEUE_SIZE")?;
    set(&mut options.max_export_batch_size, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE")?;
    set_millis(&mut options.schedule_delay, "OTEL_BSP_SCHEDULE_DELAY")?;
    set_millis(&mut options.export_timeout, "OTEL_BSP_EXPORT_TIMEOUT")?;
    Ok(options)
}

pub(crate) fn span_limits(defaults: SpanLimits) -> Result<SpanLimits, InvalidVariable> {
    let mut limits = defaults;
    set(&mut limits.max_attributes_per_span, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")?;
    set(&mut limits.max_events_per_span, "OTEL_SPAN_EVENT_COUNT_LIMIT")?;
    set(&mut limits.max_links_per_span, "OTEL_SPAN_LINK_COUNT_LIMIT")?;
    set(&mut limits.max_attributes_per_event, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT")?;
    set(&mut limits.max_attributes_per_link, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT")?;
    Ok(limits)
}

/// Says whether nothing is to be recorded.
pub(crate) fn is_disabled() -> Result<bool, InvalidVariable> {
    let name = "OTEL_SDK_DISABLED";
    match read(name) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(InvalidVariable { name, value, expected: "true or false" }),
    }
}

/// An empty variable is one that is not set, as the specification says.
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn set<T: std::str::FromStr>(option: &mut T, name: &'static str) -> Result<(), InvalidVariable> {
    if let Some(value) = read(name) {
        *option = value.parse().map_err(|_| InvalidVariable { name, value, expected: "a whole number" })?;
    }
    Ok(())
}

fn set_millis(option: &mut Duration, name: &'static str) -> Result<(), InvalidVariable> {
    let mut millis = None;
    if let Some(value) = read(name) {
        let parsed = value.parse();
        millis = Some(parsed.map_err(|_| InvalidVariable { name, value, expected: "whole milliseconds" })?);
    }
    *option = millis.map_or(*option, Duration::from_millis);
    Ok(())
}
