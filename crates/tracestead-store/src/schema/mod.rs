//! The tables, and how a database gets them.
//!
//! What there is to be is data ([`tables`]); what a database lacks of it is a list of statements ([`plan`]), which can be
//! shown before it is done. Statements only add: Agno's tables keep their columns, ours are nullable and come beside them. In
//! tables we make, what is long comes last, so that reading the short columns of a row never walks through its attributes.

mod apply;
mod catalog;
mod clickhouse;
mod plan;
mod present;
mod script;
mod tables;
mod types;
mod unfilled;
mod views;

pub(crate) use apply::{MigrateError, look, migrate};
pub(crate) use catalog::{catalog_script, migrate_catalog};
pub(crate) use clickhouse::{is_nullable, rows_of, time_of};
pub(crate) use present::Present;
pub(crate) use script::script;
pub(crate) use tables::{SPAN_TABLES, Table, UNUSED_SINCE};
pub(crate) use types::{Column, Kind};
pub(crate) use unfilled::{are_whole, unfilled};

/// The version of the tables after all migrations.
pub(crate) const VERSION: u32 = 2;

/// What is to be known of the tables that are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    /// A table that Agno made allows a span id once over all traces.
    pub(crate) has_unique_span_ids: bool,
}
