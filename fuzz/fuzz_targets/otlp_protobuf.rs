//! No protobuf body makes the decoder panic, and what it decodes survives both encodings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracestead_otlp::{Encoding, decode_traces, encode_traces, encode_traces_json};

fuzz_target!(|body: &[u8]| {
    let Ok(decoded) = decode_traces(Encoding::Protobuf, body) else { return };
    let protobuf = encode_traces(&decoded.spans);
    let again = decode_traces(Encoding::Protobuf, &protobuf).expect("our own protobuf is well formed");
    assert_eq!((again.rejected, again.warning), (vec![], None));
    assert_eq!(encode_traces(&again.spans), protobuf);

    // JSON has one NaN only, so bytes are compared from there on.
    let json = encode_traces_json(&decoded.spans);
    let through_json = decode_traces(Encoding::Json, &json).expect("our own JSON is well formed");
    assert_eq!((through_json.rejected, through_json.warning), (vec![], None));
    assert_eq!(encode_traces_json(&through_json.spans), json);
});
