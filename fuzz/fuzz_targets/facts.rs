//! No span makes the readers panic, and its facts do not depend on the order of its attributes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracestead_model::content::{Previews, SpanContent};
use tracestead_model::{Attributes, PriceBook, SpanFacts, SpanSource};
use tracestead_otlp::{Encoding, decode_traces};

fuzz_target!(|body: &[u8]| {
    let Ok(decoded) = decode_traces(Encoding::Json, body) else { return };
    for span in &decoded.spans {
        let source = SpanSource::from(span);
        let facts = SpanFacts::of(&source);
        let content = format!("{:?}", SpanContent::of(&source));
        let previews = Previews::of(&source, facts.span_type);
        let _ = PriceBook::default().cost(&facts, span.start_time);

        let mut pairs: Vec<_> = span.attributes.clone().into_iter().collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            continue;
        }
        let sorted: Attributes = pairs.into_iter().collect();
        let source = SpanSource { attributes: &sorted, ..source };
        assert_eq!(SpanFacts::of(&source), facts);
        assert_eq!(format!("{:?}", SpanContent::of(&source)), content);
        assert_eq!(Previews::of(&source, facts.span_type), previews);
    }
});
