//! No protobuf body of log records makes the decoder panic, and what it keeps of refused ones is bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracestead_otlp::{Encoding, MAX_QUARANTINED_BYTES, MAX_REJECTED_KEPT, decode_logs};

fuzz_target!(|body: &[u8]| {
    let Ok(decoded) = decode_logs(Encoding::Protobuf, body) else { return };
    assert_eq!(decoded.rejected.len(), decoded.rejected_count.min(MAX_REJECTED_KEPT));
    for rejected in &decoded.rejected {
        assert_eq!(rejected.bytes.len(), rejected.size_bytes.min(MAX_QUARANTINED_BYTES));
    }
});
