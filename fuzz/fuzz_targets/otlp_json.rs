//! No JSON body makes the decoder panic, and what it decodes survives both encodings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracestead_otlp::{Encoding, decode_traces, encode_traces, encode_traces_json};

fuzz_target!(|body: &[u8]| {
    let Ok(decoded) = decode_traces(Encoding::Json, body) else { return };
    let json = encode_traces_json(&decoded.spans);
    let again = decode_traces(Encoding::Json, &json).expect("our own JSON is well formed");
    assert_eq!((again.rejected, again.warning), (vec![], None));
    assert_eq!(encode_traces_json(&again.spans), json);
    assert_eq!(encode_traces(&again.spans), encode_traces(&decoded.spans));
});
