//! Moments as people type them: `15m` ago, or an ISO 8601 time.

use std::str::FromStr;

use tracestead_model::UnixNanos;

/// A moment, perhaps told from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// So many seconds before now.
    Ago(i64),
    /// At this moment.
    At(UnixNanos),
}

impl When {
    /// Returns the moment.
    pub(crate) fn instant(self, now: UnixNanos) -> UnixNanos {
        match self {
            Self::Ago(seconds) => {
                UnixNanos::from_i64(now.as_i64().saturating_sub(seconds.saturating_mul(1_000_000_000)))
            }
            Self::At(time) => time,
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];
        for (unit, seconds) in units {
            let count = text.strip_suffix(unit).and_then(|count| count.parse::<u32>().ok());
            if let Some(count) = count {
                return Ok(Self::Ago(i64::from(count) * seconds));
            }
        }
        let expected = |_| "expected 15m, 3h or 7d (ago), or a time such as 2026-11-21T00:30:00Z".to_owned();
        UnixNanos::from_iso(text).map(Self::At).map_err(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_now_or_in_iso() {
        let now = UnixNanos::from_iso("2026-11-21T12:00:00Z").unwrap();
        let moment = |text: &str| text.parse::<When>().map(|when| when.instant(now).to_rest());
        assert_eq!(moment("90s").unwrap(), "2026-11-21T11:58:30Z");
        assert_eq!(moment("15m").unwrap(), "2026-11-21T11:45:00Z");
        assert_eq!(moment("3h").unwrap(), "2026-11-21T09:00:00Z");
        assert_eq!(moment("7d").unwrap(), "2026-11-14T12:00:00Z");
        assert_eq!(moment("4000000000w").unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(moment("2026-11-20").unwrap(), "2026-11-20T00:00:00Z");
        for text in ["", "m", "-5m", "yesterday", "5 m"] {
            assert!(moment(text).unwrap_err().contains("15m"), "{text}");
        }
    }
}
