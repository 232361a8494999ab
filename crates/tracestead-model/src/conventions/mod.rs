//! How each framework says things: one file per dialect, pure functions from attributes to facts.
//!
//! A dialect answers `None` where it has nothing to say. Which dialect is asked first is decided in [`crate::facts`],
//! in one place.

pub mod agno;
pub mod openinference;
