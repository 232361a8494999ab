//! Malformed spans, kept as they came so that someone can find out what sent them.

use rusqlite::Connection;

use crate::Malformed;

/// The table keeps the newest of these.
const MOST_ROWS: u32 = 1_000;

/// And of those, so many bytes.
const MOST_BYTES: u32 = 64 << 20;

/// Keeps each malformed span once, however often it is sent.
pub(super) fn store(
    connection: &Connection,
    malformed: &[Malformed],
    received_at: &str,
) -> rusqlite::Result<()> {
    if malformed.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO tracestead_quarantine (quarantine_id, received_at, reason, encoding, size_bytes, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for span in malformed {
        let quarantine_id = blake3::hash(&span.bytes).to_hex();
        let size_bytes = i64::try_from(span.size_bytes).unwrap_or(i64::MAX);
        statement.execute((
            &quarantine_id.as_str()[..32],
            received_at,
            &span.reason,
            span.encoding,
            size_bytes,
            &span.bytes,
        ))?;
    }
    connection.execute(
        "DELETE FROM tracestead_quarantine WHERE rowid IN (
            SELECT rowid FROM (
                SELECT rowid, ROW_NUMBER() OVER newest AS position, SUM(LENGTH(bytes)) OVER newest AS total
                FROM tracestead_quarantine WINDOW newest AS (ORDER BY rowid DESC))
            WHERE position > ?1 OR total > ?2)",
        [MOST_ROWS, MOST_BYTES],
    )?;
    Ok(())
}
