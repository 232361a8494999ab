//! A span as it was received: everything OTLP can say about it.

use std::sync::Arc;

use crate::{Attributes, SpanId, TraceId, UnixNanos};

/// One operation, with nothing left out. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace the span belongs to.
    pub trace_id: TraceId,
    /// Unique within the trace.
    pub span_id: SpanId,
    /// The span that caused this one; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// W3C `tracestate`.
    pub trace_state: String,
    /// W3C trace flags, and OTLP's "is remote" bits.
    pub flags: u32,
    /// What the instrumentation called it.
    pub name: String,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// When it began.
    pub start_time: UnixNanos,
    /// When it ended; `None` if the sender gave no end.
    pub end_time: Option<UnixNanos>,
    /// What the instrumentation said about it.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// What happened during it.
    pub events: Vec<Event>,
    /// How many events the sender dropped.
    pub dropped_events_count: u32,
    /// Spans it relates to beside its parent.
    pub links: Vec<Link>,
    /// How many links the sender dropped.
    pub dropped_links_count: u32,
    /// How it ended.
    pub status: Status,
    /// Who produced it.
    pub resource: Arc<Resource>,
    /// Which instrumentation produced it.
    pub scope: Arc<Scope>,
}

impl Span {
    /// Of OTLP's flags: it is known whether the parent is of another process.
    const PARENT_IS_KNOWN: u32 = 0x100;
    /// And that it is.
    const PARENT_IS_REMOTE: u32 = 0x200;

    /// Returns OTLP's flags: those of W3C, and whether the parent is of another process.
    #[must_use]
    pub const fn flags_of(trace_flags: u8, is_parent_remote: bool) -> u32 {
        let remote = if is_parent_remote { Self::PARENT_IS_REMOTE } else { 0 };
        trace_flags as u32 | Self::PARENT_IS_KNOWN | remote
    }

    /// Says whether the parent is known to be of another process.
    #[must_use]
    pub const fn has_remote_parent(&self) -> bool {
        const BOTH: u32 = Span::PARENT_IS_KNOWN | Span::PARENT_IS_REMOTE;
        self.flags & BOTH == BOTH
    }
}

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpanKind {
    /// Within a program; also what "unspecified" means.
    #[default]
    Internal,
    /// The answering side of a call.
    Server,
    /// The asking side of a call.
    Client,
    /// Sends a message.
    Producer,
    /// Takes a message.
    Consumer,
}

impl SpanKind {
    /// Returns the kind for OTLP's number; an unknown one counts as internal.
    #[must_use]
    pub fn from_otlp(number: i64) -> Self {
        match number {
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Internal,
        }
    }

    /// Returns the kind's name as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL",
            Self::Server => "SERVER",
            Self::Client => "CLIENT",
            Self::Producer => "PRODUCER",
            Self::Consumer => "CONSUMER",
        }
    }
}

/// Whether a span ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusCode {
    /// Nobody said.
    #[default]
    Unset,
    /// Someone said it went well.
    Ok,
    /// It failed.
    Error,
}

impl StatusCode {
    /// Returns the code for OTLP's number; an unknown one counts as unset.
    #[must_use]
    pub fn from_otlp(number: i64) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// Returns the code stored as `text`; an unknown one counts as unset.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        match text {
            "OK" => Self::Ok,
            "ERROR" => Self::Error,
            _ => Self::Unset,
        }
    }

    /// Returns the code's name as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// How a span ended, with words for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether it ended well.
    pub code: StatusCode,
    /// What went wrong; empty if nobody said.
    pub message: String,
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it happened.
    pub time: UnixNanos,
    /// What happened, such as `exception`.
    pub name: String,
    /// More about it.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
}

/// A reference to another span, perhaps of another trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The trace of the other span.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// W3C `tracestate` of the other span.
    pub trace_state: String,
    /// W3C trace flags of the other span.
    pub flags: u32,
    /// What the relation is.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
}

/// Who produced spans: a service, a process, a host.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resource {
    /// `service.name` and its like.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// The semantic conventions in use.
    pub schema_url: String,
}

impl Resource {
    /// Returns `service.name`.
    #[must_use]
    pub fn service_name(&self) -> Option<&str> {
        self.attributes.text("service.name")
    }

    /// Returns the deployment environment, by its current or its older name.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.attributes
            .text("deployment.environment.name")
            .or_else(|| self.attributes.text("deployment.environment"))
    }

    /// Returns the version of the application: `service.version`, else the revision it was built from.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        self.attributes.text("service.version").or_else(|| self.attributes.text("vcs.ref.head.revision"))
    }
}

/// Which instrumentation produced spans.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// The instrumentation's name, such as `openinference.instrumentation.agno`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// More about it.
    pub attributes: Attributes,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// The semantic conventions in use.
    pub schema_url: String,
}
