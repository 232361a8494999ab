//! How spans are gathered.

use std::time::Duration;

/// When a span is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Processing {
    /// With others, on another thread: the agent does not wait.
    #[default]
    Batch,
    /// As it ends: the agent waits until it is stored. For debugging, when the next line may end the process.
    Simple,
}

/// How spans are gathered. The names and defaults are those of OpenTelemetry's batch span processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// When a span is written.
    pub processing: Processing,
    /// How many spans may wait; 2,048. Over it, the newest are dropped and counted.
    pub max_queue_size: usize,
    /// How many bytes may wait; 64 MiB. A single span may be larger if nothing else waits.
    pub max_queue_bytes: usize,
    /// How many spans are written together at most; 512.
    pub max_export_batch_size: usize,
    /// How long a span waits for others at most while its run goes on; 5 s. When a run ends, what waits is written at once.
    pub schedule_delay: Duration,
    /// How long [`Processing::Simple`] waits for a span, and a flush that names no time; 30 s.
    pub export_timeout: Duration,
    /// How long the end of the process may be held up by what is not yet stored; 5 s.
    pub shutdown_timeout: Duration,
    /// How long to wait at most between two tries when the database does not answer; 10 s.
    pub max_backoff: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            processing: Processing::Batch,
            max_queue_size: 2048,
            max_queue_bytes: 64 << 20,
            max_export_batch_size: 512,
            schedule_delay: Duration::from_secs(5),
            export_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            max_backoff: Duration::from_secs(10),
        }
    }
}

/// Options that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOptions {
    /// Nothing would ever be stored.
    #[error("{name} is 0; it must be at least 1")]
    Zero {
        /// The option.
        name: &'static str,
    },
}

impl Options {
    /// Checks what was asked for. A batch that is larger than the queue is as large as the queue.
    pub(crate) fn checked(mut self) -> Result<Self, InvalidOptions> {
        let sizes = [
            ("max_queue_size", self.max_queue_size),
            ("max_queue_bytes", self.max_queue_bytes),
            ("max_export_batch_size", self.max_export_batch_size),
        ];
        if let Some((name, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(InvalidOptions::Zero { name });
        }
        self.max_export_batch_size = self.max_export_batch_size.min(self.max_queue_size);
        Ok(self)
    }
}
