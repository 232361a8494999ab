//! How long to rest between two tries.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);

/// Doubles with each try, up to a bound.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    pub(super) fn new(most: Duration) -> Self {
        Self { next: FIRST.min(most), most }
    }

    /// Returns how long to rest now. `asked` is what the other side asks for.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next.max(asked.unwrap_or_default());
        self.next = (self.next * 2).min(self.most);
        pause
    }
}
