//! Spans that end because their thread panics.
//!
//! A span that unwinding ends would look like one that ended well: nobody has set its status. So whatever ends while its thread
//! panics is an error, unless it says otherwise itself. What the panic says is known to the panic hook alone.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Status};
use opentelemetry_sdk::trace::SpanData;

/// What a panic said, and where.
#[derive(Debug, Clone)]
struct Said {
    message: String,
    place: String,
}

thread_local! {
    static LAST: RefCell<Option<Said>> = const { RefCell::new(None) };
}

/// Notes from now on what panics say. The hook that is there is called as before.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            LAST.set(Some(Said { message: message(info), place }));
            before(info);
        }));
    });
}

fn message(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or("a value that is no text").to_owned()
}

/// Returns what the panic says with which this thread unwinds, and where it was; nothing if nobody listens.
pub(crate) fn said() -> Option<(String, String)> {
    LAST.with_borrow(|last| last.as_ref().map(|said| (said.message.clone(), said.place.clone())))
}

/// Returns a span that ends while its thread panics, as an error unless it says otherwise itself.
#[cold]
pub(crate) fn marked(mut data: SpanData) -> SpanData {
    if data.status != Status::Unset {
        return data;
    }
    let said = LAST.with_borrow(Clone::clone);
    let message = said.as_ref().map_or("panicked", |said| said.message.as_str()).to_owned();
    let mut attributes =
        vec![KeyValue::new("exception.type", "panic"), KeyValue::new("exception.message", message.clone())];
    if let Some(said) = said {
        attributes.push(KeyValue::new("exception.stacktrace", format!("at {}", said.place)));
    }
    let event = Event::new("exception", SystemTime::now(), attributes, 0);
    data.events.events.push(event);
    data.status = Status::error(message);
    data
}
