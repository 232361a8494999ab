//! How long the first token took.

use crate::conventions::{genai, langfuse, mastra, openinference, openllmetry, strands, vercel};
use crate::{Event, UnixNanos, Value};

use super::reader::{Reader, unquoted};

/// Events that mark the first piece of a streamed answer.
const FIRST_TOKEN_EVENTS: &[&str] = &[openinference::FIRST_TOKEN_EVENT, vercel::FIRST_CHUNK_EVENT];

/// Reads the time to the first token, in nanoseconds.
pub(super) fn time_to_first_token(reader: &Reader<'_>) -> Option<i64> {
    let seconds = |key: &str| reader.number(key).and_then(|seconds| nanos(seconds * 1e9));
    let millis = |key: &str| reader.number(key).and_then(|millis| nanos(millis * 1e6));
    seconds(genai::TIME_TO_FIRST_CHUNK)
        .or_else(|| seconds("gen_ai.client.operation.time_to_first_chunk"))
        .or_else(|| millis(vercel::FIRST_CHUNK_MS))
        .or_else(|| millis(vercel::STREAM_FIRST_CHUNK_MS))
        .or_else(|| reader.value(strands::TIME_TO_FIRST_TOKEN).and_then(|value| told_apart(reader, value)))
        .or_else(|| completion_start(reader))
        .or_else(|| first_event(reader))
}

/// The convention's metric of this name counts seconds, Strands writes milliseconds: whole numbers are milliseconds,
/// others seconds, unless the span would have ended before.
fn told_apart(reader: &Reader<'_>, value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    let (millis, seconds) = (nanos(number * 1e6)?, nanos(number * 1e9)?);
    let duration =
        reader.source.end_time.map(|end| end.as_i64().saturating_sub(reader.source.start_time.as_i64()));
    let fits = |time: i64| duration.is_none_or(|duration| time <= duration);
    let likely =
        if matches!(value, Value::Double(number) if number.fract() != 0.0) { seconds } else { millis };
    Some(if fits(likely) || !fits(millis) { likely } else { millis })
}

fn completion_start(reader: &Reader<'_>) -> Option<i64> {
    let time = reader
        .text(langfuse::COMPLETION_START_TIME)
        .or_else(|| reader.text(mastra::COMPLETION_START_TIME))?;
    let time = UnixNanos::from_iso(&unquoted(time)).ok()?;
    since_start(reader, time)
}

fn first_event(reader: &Reader<'_>) -> Option<i64> {
    let is_first = |event: &&Event| {
        FIRST_TOKEN_EVENTS.contains(&event.name.as_str())
            || openllmetry::CHUNK_EVENTS.contains(&event.name.as_str())
    };
    let time = reader.source.events.iter().filter(is_first).map(|event| event.time).min()?;
    since_start(reader, time)
}

fn since_start(reader: &Reader<'_>, time: UnixNanos) -> Option<i64> {
    Some(time.as_i64().checked_sub(reader.source.start_time.as_i64())?).filter(|elapsed| *elapsed >= 0)
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn nanos(nanos: f64) -> Option<i64> {
    (0.0..9e18).contains(&nanos).then(|| nanos.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SpanSource;
    use crate::{Attributes, Event};

    fn read(key: &str, value: Value, duration_ms: i64, events: &[Event]) -> Option<i64> {
        let attributes = Attributes::from_iter([(key, value)]);
        let start = 1_700_000_000_000_000_000;
        let mut source = SpanSource::new("chat", &attributes);
        source.start_time = UnixNanos::from_i64(start);
        source.end_time = Some(UnixNanos::from_i64(start + duration_ms * 1_000_000));
        source.events = events;
        time_to_first_token(&Reader::new(source)).map(|nanos| nanos / 1_000_000)
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        let cases = [
            ("gen_ai.response.time_to_first_chunk", Value::Double(0.25), 1000, Some(250)),
            ("gen_ai.client.operation.time_to_first_chunk", Value::Double(0.061), 1000, Some(61)),
            ("ai.response.msToFirstChunk", Value::Double(61.28), 1000, Some(61)),
            ("gen_ai.server.time_to_first_token", Value::Int(3893), 4000, Some(3893)),
            ("gen_ai.server.time_to_first_token", Value::Double(0.5), 4000, Some(500)),
            ("gen_ai.server.time_to_first_token", Value::Double(61.5), 4000, Some(61)),
            ("gen_ai.response.time_to_first_chunk", Value::Double(-1.0), 4000, None),
            ("gen_ai.response.time_to_first_chunk", Value::Double(f64::NAN), 4000, None),
            (
                "langfuse.observation.completion_start_time",
                Value::from("\"2023-11-14T22:13:20.400Z\""),
                900,
                Some(400),
            ),
        ];
        for (key, value, duration_ms, expected) in cases {
            assert_eq!(read(key, value.clone(), duration_ms, &[]), expected, "{key} = {value:?}");
        }
    }

    #[test]
    fn the_first_of_the_events_counts_whatever_their_order() {
        let event = |name: &str, at_ms: i64| Event {
            time: UnixNanos::from_i64(1_700_000_000_000_000_000 + at_ms * 1_000_000),
            name: name.to_owned(),
            attributes: Attributes::new(),
            dropped_attributes_count: 0,
        };
        let events = [event("gen_ai.content.completion.chunk", 90), event("First Token Stream Event", 70)];
        assert_eq!(read("x", Value::Int(1), 1000, &events), Some(70));
    }
}
