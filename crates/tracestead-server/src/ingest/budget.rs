//! How many bytes of exports are held at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of bytes with a limit.
#[derive(Debug)]
pub(super) struct Budget {
    taken: AtomicUsize,
    limit: usize,
}

/// Part of a budget; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

/// The budget is spent.
#[derive(Debug)]
pub(super) struct Spent;

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self { taken: AtomicUsize::new(0), limit }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn reserve(self: &Arc<Self>) -> Reservation {
        Reservation { budget: Arc::clone(self), bytes: 0 }
    }
}

impl Reservation {
    /// Takes so many bytes more, unless that goes past the limit.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Spent> {
        let add = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.budget.limit);
        self.budget.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).map_err(|_| Spent)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives back what goes beyond so many bytes.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let back = self.bytes.saturating_sub(bytes);
        self.bytes -= back;
        self.budget.taken.fetch_sub(back, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Arc::new(Budget::new(10));
        let mut first = budget.reserve();
        assert!(first.grow(6).is_ok());
        let mut second = budget.reserve();
        assert!(second.grow(5).is_err());
        assert!(second.grow(4).is_ok());
        assert_eq!(budget.taken(), 10);
        first.shrink_to(2);
        assert_eq!(budget.taken(), 6);
        drop((first, second));
        assert_eq!(budget.taken(), 0);
    }
}
