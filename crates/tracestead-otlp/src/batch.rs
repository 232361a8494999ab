//! What one request decodes to, and how it is gathered.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracestead_model::{LogRecord, Resource, Scope, Span};

use crate::draft::{Draft, Rejection};
use crate::fault::{Allowance, Fault, MAX_ELEMENTS_PER_ITEM};

/// How many refused items of one request come back with reason and bytes; the rest is only counted.
pub const MAX_REJECTED_KEPT: usize = 1_000;

/// How many bytes of a refused item come back at most.
pub const MAX_QUARANTINED_BYTES: usize = 1024 * 1024;

/// What an item costs of the request's allowance of elements: its size with that of a resource and a scope of its own.
const ELEMENTS_OF_AN_ITEM: usize = 6;

/// One request with spans, decoded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// The spans that could be read, in the order they came. Those of one `ResourceSpans` share one [`Resource`].
    pub spans: Vec<Span>,
    /// The first [`MAX_REJECTED_KEPT`] spans that could not.
    pub rejected: Vec<Rejected>,
    /// How many could not, those that were not kept included: OTLP's `rejected_spans`.
    pub rejected_count: usize,
    /// Something the sender should know although nothing was refused for it: OTLP's `error_message` beside a zero.
    pub warning: Option<String>,
}

/// One request with log records, decoded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecodedLogs {
    /// The log records that could be read, in the order they came. Those of one `ResourceLogs` share one [`Resource`].
    pub records: Vec<LogRecord>,
    /// The first [`MAX_REJECTED_KEPT`] log records that could not.
    pub rejected: Vec<Rejected>,
    /// How many could not, those that were not kept included: OTLP's `rejected_log_records`.
    pub rejected_count: usize,
    /// Something the sender should know although nothing was refused for it: OTLP's `error_message` beside a zero.
    pub warning: Option<String>,
}

/// A span or log record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// What is wrong, and which item it was as far as that could be read. Quotes no attribute values and no log body.
    pub reason: String,
    /// The item's own bytes in the encoding of the request, cut at [`MAX_QUARANTINED_BYTES`].
    pub bytes: Vec<u8>,
    /// How many bytes the item had.
    pub size_bytes: usize,
}

/// What was taken out of a request, whichever kind of item is in it.
pub(crate) struct Gathered<T> {
    pub(crate) items: Vec<T>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) rejected_count: usize,
    pub(crate) warning: Option<String>,
}

/// Gathers a request. Items come before what says whose they are (`schema_url` is the last field of its message), so they
/// are taken in with an empty resource and scope, and given the right ones when those are complete.
pub(crate) struct Batch<D: Draft> {
    gathered: Gathered<D::Item>,
    warnings: usize,
    elements_left: usize,
    no_resource: Arc<Resource>,
    no_scope: Arc<Scope>,
}

impl<D: Draft> Batch<D> {
    /// Starts on a body of `size_bytes`. A request may hold an element for each 8 bytes, beside what one item may hold.
    pub(crate) fn new(size_bytes: usize) -> Self {
        Self {
            gathered: Gathered { items: Vec::new(), rejected: Vec::new(), rejected_count: 0, warning: None },
            warnings: 0,
            elements_left: MAX_ELEMENTS_PER_ITEM + size_bytes / 8,
            no_resource: Arc::default(),
            no_scope: Arc::default(),
        }
    }

    /// Returns how many items there are, for [`Self::give_scope`] and [`Self::give_resource`].
    pub(crate) fn len(&self) -> usize {
        self.gathered.items.len()
    }

    /// Takes in the item that `read` makes of `bytes`, or keeps `bytes` as refused.
    pub(crate) fn add(
        &mut self,
        bytes: &[u8],
        mut draft: D,
        read: impl FnOnce(&mut D, &mut Allowance) -> Result<(), Fault>,
    ) {
        let allowed = self.elements_left.min(MAX_ELEMENTS_PER_ITEM);
        let mut allowance = Allowance::new(allowed);
        let item = match read(&mut draft, &mut allowance) {
            Ok(()) if self.elements_left < ELEMENTS_OF_AN_ITEM => Err(draft.reject(&Fault::TooMany)),
            Ok(()) => draft.finish(&self.no_resource, &self.no_scope),
            Err(fault) => Err(draft.reject(&fault)),
        };
        match item {
            Ok(item) => {
                let used = allowed - allowance.elements + ELEMENTS_OF_AN_ITEM;
                self.elements_left = self.elements_left.saturating_sub(used);
                self.gathered.items.push(item);
                self.note(&allowance);
            }
            Err(Rejection(reason)) => self.reject(reason, bytes),
        }
    }

    fn reject(&mut self, reason: String, bytes: &[u8]) {
        self.gathered.rejected_count += 1;
        if self.gathered.rejected.len() < MAX_REJECTED_KEPT {
            self.gathered.rejected.push(Rejected {
                reason,
                bytes: bytes[..bytes.len().min(MAX_QUARANTINED_BYTES)].to_vec(),
                size_bytes: bytes.len(),
            });
        }
    }

    /// Reads a resource or a scope by `read`, on the request's allowance. What was read before a fault stays.
    pub(crate) fn read_shared(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Allowance) -> Result<(), Fault>,
    ) {
        let mut allowance = Allowance::new(self.elements_left);
        let result = read(&mut allowance);
        self.elements_left = allowance.elements;
        self.note(&allowance);
        if let Err(fault) = result {
            self.warn(format_args!("a {what} is damaged and kept in part: {fault}"));
        }
    }

    fn note(&mut self, allowance: &Allowance) {
        if allowance.replaced_text {
            self.warn(format_args!("half a surrogate pair in a text was replaced by U+FFFD"));
        }
    }

    /// Keeps the first warning of the request, and counts them.
    pub(crate) fn warn(&mut self, text: fmt::Arguments<'_>) {
        self.warnings += 1;
        if self.warnings == 1 {
            self.gathered.warning = Some(text.to_string());
        }
    }

    /// Gives the items from number `from` on their scope.
    pub(crate) fn give_scope(&mut self, from: usize, scope: Scope) {
        let scope = Arc::new(scope);
        for item in self.gathered.items.iter_mut().skip(from) {
            *D::scope_of(item) = Arc::clone(&scope);
        }
    }

    /// Gives the items from number `from` on their resource.
    pub(crate) fn give_resource(&mut self, from: usize, resource: Resource) {
        let resource = Arc::new(resource);
        for item in self.gathered.items.iter_mut().skip(from) {
            *D::resource_of(item) = Arc::clone(&resource);
        }
    }

    pub(crate) fn finish(mut self) -> Gathered<D::Item> {
        if let Some(warning) = self.gathered.warning.as_mut().filter(|_| self.warnings > 1) {
            let _ = write!(warning, " (and {} more warnings)", self.warnings - 1);
        }
        self.gathered
    }
}
