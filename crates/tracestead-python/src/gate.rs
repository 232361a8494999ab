//! What the pipeline calls in Python, and when that is over.
//!
//! A thread of ours that runs Python when the interpreter ends is ended by it in the middle, and that ends the process with a signal.
//! So whoever shuts down closes the gate: it waits for the call that is under way and lets no other through.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::Python;

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    is_closed: bool,
}

struct Through<'a>(&'a Gate);

impl Gate {
    /// Calls Python, on a thread of ours; `None` if that is over.
    pub(crate) fn through<T>(&self, call: impl FnOnce(Python<'_>) -> T) -> Option<T> {
        let mut state = self.state();
        if state.is_closed {
            return None;
        }
        state.under_way += 1;
        drop(state);
        let _through = Through(self);
        Python::try_attach(call)
    }

    /// Lets nobody through any more, and waits for those who are. Whoever calls this must not hold the interpreter's lock.
    pub(crate) fn close(&self, patience: Duration) {
        let mut state = self.state();
        state.is_closed = true;
        // One that takes longer is left to its fate.
        drop(self.changed.wait_timeout_while(state, patience, |state| state.under_way > 0));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Through<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.changed.notify_all();
    }
}
