//! Times as Agno writes them, in SQL: where a row has only a text, lists must still be in the order of time.

use super::Dialect;

/// What is read: a date and a time, perhaps a fraction, perhaps an offset. A question mark would stand for a value.
const FITS: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\
    ([.][0-9]+){0,1}(Z|[+-][0-9]{2}:[0-9]{2}){0,1}$";

impl Dialect {
    /// Returns the nanoseconds since 1970 of a column with ISO 8601 text, read as `UnixNanos::from_iso` does, but to the
    /// microsecond, which is all that Agno writes; NULL if it is no time that we keep.
    pub(crate) fn nanos_of_iso(self, column: &str) -> String {
        let nanos = match self {
            Self::Sqlite => sqlite(column),
            Self::Postgres => postgres(column),
            Self::MySql => mysql(column),
            Self::ClickHouse => {
                format!("toUnixTimestamp64Nano(parseDateTime64BestEffortOrNull({column}, 9, 'UTC'))")
            }
        };
        format!("CASE WHEN {column} >= '1970' AND {column} < '2262' THEN {nanos} END")
    }
}

fn sqlite(column: &str) -> String {
    // `strftime` rounds, perhaps up into the next second, so it is not told the fraction.
    let rest = format!("substr({column}, 20)");
    let after = format!("ltrim(substr({rest}, 2), '0123456789')");
    let digits = format!("substr({rest}, 2, length({rest}) - 1 - length({after}))");
    let has_fraction = format!("{rest} LIKE '.%'");
    format!(
        "CAST(strftime('%s', substr({column}, 1, 19) || CASE WHEN {has_fraction} THEN {after} ELSE {rest} END)
            AS INTEGER) * 1000000000
         + CASE WHEN {has_fraction} THEN CAST(substr({digits} || '00000000', 1, 9) AS INTEGER) ELSE 0 END"
    )
}

fn postgres(column: &str) -> String {
    let zoned = format!(
        "CASE WHEN {column} ~ '(Z|[+-][0-9]{{2}}:[0-9]{{2}})$' THEN {column} ELSE {column} || 'Z' END"
    );
    let seconds = format!("extract(epoch FROM CAST({zoned} AS timestamptz))");
    // Before version 14 the seconds are a float, which is exact enough once it is rounded.
    format!(
        "CASE WHEN {column} ~ '{FITS}' THEN CAST(round(CAST({seconds} * 1000000 AS numeric)) AS BIGINT) * 1000 END"
    )
}

fn mysql(column: &str) -> String {
    // Not every server reads offsets, so they are taken off by hand.
    let local = format!("CAST(REGEXP_SUBSTR({column}, '^[0-9-]{{10}}[T ][0-9:.]+') AS DATETIME(6))");
    let micros = format!("TIMESTAMPDIFF(MICROSECOND, CAST('1970-01-01' AS DATETIME(6)), {local})");
    let minutes = format!(
        "CASE WHEN {column} REGEXP '[+-][0-9]{{2}}:[0-9]{{2}}$'
            THEN (CASE WHEN SUBSTRING({column}, -6, 1) = '-' THEN -1 ELSE 1 END)
                * (CAST(SUBSTRING({column}, -5, 2) AS SIGNED) * 60 + CAST(SUBSTRING({column}, -2) AS SIGNED))
            ELSE 0 END"
    );
    format!("CASE WHEN {column} REGEXP '{FITS}' THEN ({micros} - {minutes} * 60000000) * 1000 END")
}

#[cfg(test)]
mod tests {
    use tracestead_model::UnixNanos;

    use super::*;

    #[test]
    fn sqlite_reads_what_agno_writes() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let sql = format!("SELECT {} FROM (SELECT ?1 AS text)", Dialect::Sqlite.nanos_of_iso("text"));
        let read =
            |text: &str| connection.query_row(&sql, [text], |row| row.get::<_, Option<i64>>(0)).unwrap();
        for text in [
            "2026-11-21T00:37:05.771007+00:00",
            "2026-11-21T00:37:05+00:00",
            "2026-11-21T23:59:59.999999+00:00",
            "2026-11-21T00:37:05.5Z",
            "2026-11-21 00:37:05.123456789",
            "2026-11-21T05:37:05.000001+05:30",
            "2026-11-20T23:37:05-01:00",
            "2026-11-21",
        ] {
            assert_eq!(read(text), UnixNanos::from_iso(text).ok().map(UnixNanos::as_i64), "{text}");
        }
        for text in ["", "yesterday", "1969-12-31T00:00:00", "2300-01-01T00:00:00", "2026-13-01T00:00:00"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
