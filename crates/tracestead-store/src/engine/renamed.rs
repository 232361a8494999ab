//! A session whose database calls our tables otherwise.
//!
//! Statements are written with the names that Agno's tables have by default, and get others on their way to the driver. That no
//! value is ever part of a statement's text is what makes it safe.

use std::sync::Arc;

use tracestead_model::PriceBook;

use crate::TableNames;
use crate::error::DatabaseError;
use crate::session::{Access, Insert, Session};
use crate::sql::{Dialect, Row, Value};

pub(super) struct Renamed {
    pub(super) session: Box<dyn Session>,
    pub(super) names: TableNames,
}

impl Session for Renamed {
    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        self.session.query(&self.names.put_into(sql), values)
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        self.session.execute(&self.names.put_into(sql), values)
    }

    fn insert(&mut self, insert: &Insert<'_>, rows: &[Vec<Value<'_>>]) -> Result<u64, DatabaseError> {
        self.session.insert(&Insert { table: &self.names.put_into(insert.table), ..*insert }, rows)
    }

    fn execute_online(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.session.execute_online(&self.names.put_into(sql))
    }

    fn tables(&self) -> &TableNames {
        &self.names
    }

    // All others name no table of these.

    fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    fn begin(&mut self, access: Access) -> Result<(), DatabaseError> {
        self.session.begin(access)
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.session.commit()
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.session.rollback()
    }

    fn lock_migrations(&mut self) -> Result<(), DatabaseError> {
        self.session.lock_migrations()
    }

    fn unlock_migrations(&mut self) -> Result<(), DatabaseError> {
        self.session.unlock_migrations()
    }

    fn enter(&mut self) -> Result<(), DatabaseError> {
        self.session.enter()
    }

    fn missing_place(&mut self) -> Result<Option<String>, DatabaseError> {
        self.session.missing_place()
    }

    fn make_place(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.session.make_place(sql)
    }

    fn preamble(&self) -> Vec<String> {
        self.session.preamble()
    }

    fn table_options(&self) -> String {
        self.session.table_options()
    }

    fn qualifier(&self) -> String {
        self.session.qualifier()
    }

    fn cluster(&self) -> Option<&str> {
        self.session.cluster()
    }

    fn touch_hours(&mut self, hours: &[i64]) {
        self.session.touch_hours(hours);
    }

    fn lock_rollups(&mut self, to_sum_anew: bool) -> Result<(), DatabaseError> {
        self.session.lock_rollups(to_sum_anew)
    }

    fn data_version(&mut self) -> Result<Option<i64>, DatabaseError> {
        self.session.data_version()
    }

    fn derives(&self) -> Option<Arc<PriceBook>> {
        self.session.derives()
    }

    fn finish(&mut self) {
        self.session.finish();
    }
}
