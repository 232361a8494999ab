//! Copies everything from one database into another, whatever engines they are.
//!
//! ```text
//!   source, read only ──pages──▶ rows ──one transaction each──▶ target: rows, rollups, how far it has come
//!                                                               then both are read again and compared
//! ```
//!
//! Rows are copied as rows, with every column they have. Tables of which a row is what it is come first, page by page in the
//! order of their keys; then traces in the order of their ids, each with its spans. What each transaction did is whole: a
//! copy that is killed goes on after the last one, and one that is done twice changes nothing. So a copy may be made into a
//! database that receives meanwhile, or from one: what came behind its back is found by the next copy.
//!
//! Rollups are not copied. They are sums over spans, and the target adds what it gets.

mod columns;
mod copier;
mod create;
mod ends;
mod error;
mod pages;
mod plan;
mod position;
mod same;
mod shape;
mod traces;
mod verify;

pub use copier::{Copier, CopyDone};
pub use error::CopyError;
pub use plan::LeftOut;
pub use verify::{Difference, Verified, Verifier};

pub(crate) use columns::{Cells, Columns, integer};
pub(crate) use position::is_under_way;
pub(crate) use same::Rules;
