//! Instants as nanoseconds since 1970, and the texts Agno writes for them.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, from 1970 to 2262-04-11 (what a signed BIGINT holds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(i64);

/// A text or number that is not an instant we can keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTime {
    /// Past what a signed 64-bit count of nanoseconds can hold.
    #[error("time {0} ns is after 2262-04-11, the last one a database BIGINT can hold")]
    TooLate(u64),
    /// Not an ISO 8601 date and time.
    #[error("`{0}` is not an ISO 8601 time such as 2026-11-21T00:31:08Z")]
    NotIso(String),
}

impl UnixNanos {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);

    /// Returns the instant `nanos` after 1970 began.
    pub fn new(nanos: u64) -> Result<Self, InvalidTime> {
        i64::try_from(nanos).map(Self).map_err(|_| InvalidTime::TooLate(nanos))
    }

    /// Returns the instant for a column value; a negative one becomes the epoch.
    #[must_use]
    pub const fn from_i64(nanos: i64) -> Self {
        Self(if nanos < 0 { 0 } else { nanos })
    }

    /// Returns the count of nanoseconds.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        self.0
    }

    /// Reads ISO 8601 with `Z`, an offset, or neither (then UTC, as Agno does); a date alone is its midnight.
    pub fn from_iso(text: &str) -> Result<Self, InvalidTime> {
        let invalid = || InvalidTime::NotIso(text.chars().take(64).collect());
        let text = text.trim();
        let nanos = if let Ok(timestamp) = text.parse::<Timestamp>() {
            timestamp.as_nanosecond()
        } else {
            let civil: jiff::civil::DateTime = text.parse().map_err(|_| invalid())?;
            let timestamp = Offset::UTC.to_timestamp(civil).map_err(|_| invalid())?;
            timestamp.as_nanosecond()
        };
        i64::try_from(nanos).ok().filter(|nanos| *nanos >= 0).map(Self).ok_or_else(invalid)
    }

    /// Returns the instant as Python's `datetime.isoformat()` in UTC, as Agno stores it:
    /// `2026-11-21T00:31:08.133209+00:00`, and no fraction at all when it is zero.
    #[must_use]
    pub fn to_agno(self) -> String {
        self.print(|printer, timestamp, text| {
            printer.print_timestamp_with_offset(&timestamp, Offset::UTC, text)
        })
    }

    /// Returns the instant as AgentOS's REST writes it: `2026-11-21T00:31:08.133209Z`.
    #[must_use]
    pub fn to_rest(self) -> String {
        self.print(|printer, timestamp, text| printer.print_timestamp(&timestamp, text))
    }

    fn print(
        self,
        write: impl FnOnce(&DateTimePrinter, Timestamp, &mut String) -> Result<(), jiff::Error>,
    ) -> String {
        let (seconds, micros) = self.python_micros();
        let nanos = i32::try_from(micros * 1000).unwrap_or(0);
        let timestamp = Timestamp::new(seconds, nanos).unwrap_or(Timestamp::UNIX_EPOCH);
        let printer = DateTimePrinter::new().precision(Some(if micros == 0 { 0 } else { 6 }));
        let mut text = String::with_capacity(32);
        match write(&printer, timestamp, &mut text) {
            Ok(()) => text,
            Err(_) => "1970-01-01T00:00:00+00:00".to_owned(),
        }
    }

    /// Seconds and microseconds as `datetime.fromtimestamp(ns / 10**9)` has them. Agno goes through a float, which keeps
    /// about a quarter of a microsecond today; rounding the integer instead would differ in the last digit. Python divides
    /// integers with one rounding, as does reading the decimal text of the quotient; dividing floats would round twice.
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers far below 2^53")]
    fn python_micros(self) -> (i64, i64) {
        let quotient = format!("{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let float_seconds: f64 = quotient.parse().unwrap_or(0.0);
        let mut seconds = float_seconds.trunc();
        let mut micros = (float_seconds.fract() * 1e6).round_ties_even();
        if micros >= 1e6 {
            micros -= 1e6;
            seconds += 1.0;
        }
        (seconds as i64, micros as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agno_texts_have_six_digits_or_none() {
        let text = |nanos| UnixNanos::new(nanos).unwrap().to_agno();
        assert_eq!(text(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(text(1_795_221_481_225_956_163), "2026-11-21T00:38:01.225956+00:00");
        // Of these, a division of floats gets the last digit wrong.
        assert_eq!(text(1_795_221_582_913_743_608), "2026-11-21T00:39:42.913743+00:00");
        assert_eq!(text(1_846_339_531_976_553_561), "2028-07-04T16:05:31.976554+00:00");
        assert_eq!(text(1_767_225_600_000_000_000), "2026-01-01T00:00:00+00:00");
        assert_eq!(text(1_767_225_600_500_000_000), "2026-01-01T00:00:00.500000+00:00");
        assert_eq!(text(i64::MAX.unsigned_abs()), "2262-04-11T23:47:16.854776+00:00");
        assert!(UnixNanos::new(u64::MAX).is_err());
    }

    #[test]
    fn rest_texts_end_in_z() {
        assert_eq!(UnixNanos(1_500_000_000).to_rest(), "1970-01-01T00:00:01.500000Z");
        assert_eq!(UnixNanos(1_000_000_000).to_rest(), "1970-01-01T00:00:01Z");
    }

    #[test]
    fn iso_is_read_with_zone_offset_or_neither() {
        for text in [
            "2020-01-01T05:30:00+05:30",
            "2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00",
            "2020-01-01",
            "2020-01-01 00:00:00.000",
        ] {
            assert_eq!(UnixNanos::from_iso(text).unwrap().to_agno(), "2020-01-01T00:00:00+00:00", "{text}");
        }
        for text in ["", "yesterday", "1969-12-31", "2020-13-01", "99999-01-01", "2300-01-01"] {
            assert!(UnixNanos::from_iso(text).is_err(), "{text}");
        }
    }
}
