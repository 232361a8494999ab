//! Spans of the `tracing` crate, which libraries such as rig make without knowing of us.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::Filter;
use tracing_subscriber::registry::LookupSpan;

/// The plumbing below an agent: what these do is seen in the span that called them. Ours is among them, for what traces must
/// not trace itself.
const PLUMBING: &[&str] = &[
    "tracestead",
    "hyper",
    "hyper_util",
    "h2",
    "tower",
    "reqwest",
    "rustls",
    "ureq",
    "sqlx",
    "tonic",
    "opentelemetry",
];

/// Makes the layer: spans of `INFO` and above, but for those of plumbing.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let layer: OpenTelemetryLayer<S, SdkTracer> = OpenTelemetryLayer::new(provider.tracer("tracing"));
    layer
        // Where a line of source stands helps with logs; in the row of a span it is noise, and there are many rows.
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false)
        .with_filter(filter())
}

fn filter<S>() -> impl Filter<S> + Send + Sync + 'static
where
    S: Subscriber,
{
    FilterFn::new(is_wanted as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::INFO)
}

fn is_wanted(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let module = target.split_once("::").map_or(target, |(module, _)| module);
    *metadata.level() <= Level::INFO && !PLUMBING.contains(&module)
}
