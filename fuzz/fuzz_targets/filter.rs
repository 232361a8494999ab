//! No JSON makes the filter parser panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracestead_model::query::Filter;

fuzz_target!(|text: &[u8]| {
    if let Ok(json) = serde_json::from_slice(text) {
        let _ = Filter::from_json(&json);
    }
});
