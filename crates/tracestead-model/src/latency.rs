//! Ranges of durations for histograms that can be merged.
//!
//! The bounds are powers of 2^(1/4): bucket `b` holds durations from `2^(b/4)` up to but not including `2^((b+1)/4)`
//! nanoseconds. The middle of a bucket, in ratio, is within 9.1 % of every duration in it, so a percentile read from such a
//! histogram is off by at most that. It is OpenTelemetry's exponential histogram with scale 2.

/// The bucket of durations that are no time at all.
pub const ZERO_BUCKET: i64 = -1;

/// Returns the bucket that holds a duration.
#[must_use]
pub fn latency_bucket(duration_ns: i64) -> i64 {
    let Ok(duration_ns @ 1..) = u64::try_from(duration_ns) else { return ZERO_BUCKET };
    let whole = i64::from(duration_ns.ilog2());
    // Within the power of two, compared as fourth powers, in whole numbers: every machine agrees.
    let fourth_power = u128::from(duration_ns >> whole.saturating_sub(30).max(0)).pow(4);
    let unit = 1_u128 << (4 * whole.min(30));
    let quarter = (1..4).filter(|quarter| fourth_power >= unit << quarter).count();
    4 * whole + i64::try_from(quarter).unwrap_or(0)
}

/// Returns the duration that stands for a bucket: its middle in ratio, in nanoseconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "bucket numbers are below 256")]
pub fn latency_of_bucket(bucket: i64) -> f64 {
    if bucket < 0 { 0.0 } else { ((bucket as f64 + 0.5) / 4.0).exp2() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_lies_between_its_bounds() {
        let buckets: Vec<i64> = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(latency_bucket).to_vec();
        assert_eq!(buckets, [-1, 0, 4, 6, 8, 9, 10, 11, 12]);
        assert_eq!(latency_bucket(-5), ZERO_BUCKET);
        assert_eq!(latency_bucket(i64::MAX), 4 * 62 + 3);
    }

    #[test]
    fn the_middle_is_near_every_duration() {
        let mut duration = 1.0_f64;
        let mut before = ZERO_BUCKET;
        while duration < 9e18 {
            #[expect(clippy::cast_possible_truncation, reason = "below the largest whole number")]
            let whole = duration as i64;
            let bucket = latency_bucket(whole);
            assert!(bucket >= before, "{whole}");
            before = bucket;
            if whole > 100 {
                #[expect(clippy::cast_precision_loss, reason = "a ratio is asked for")]
                let ratio = latency_of_bucket(bucket) / whole as f64;
                assert!((0.909..1.1).contains(&ratio), "{whole} {ratio}");
            }
            duration *= 1.013;
        }
    }
}
