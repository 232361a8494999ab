//! Ages and sizes as people type them: `30d`, `10GB`.

use std::time::Duration;

const AGES: [(&str, u64); 4] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)];

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Reads an age. There is no unit for months, as these differ, nor a default one, as everybody would guess another.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let seconds = AGES.iter().find_map(|(unit, seconds)| {
        let count = text.strip_suffix(unit)?.parse::<u32>().ok()?;
        Some(u64::from(count) * seconds)
    });
    seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "expected an age such as 30d, 12h or 8w".to_owned())
}

/// Returns an age in the largest unit that fits.
pub(crate) fn shown_age(age: Duration) -> String {
    // Whoever says 14d does not mean weeks.
    let units = AGES.iter().skip(1).filter(|(_, seconds)| age.as_secs().is_multiple_of(*seconds));
    let unit = units.max_by_key(|(_, seconds)| seconds);
    unit.map_or_else(
        || format!("{}s", age.as_secs()),
        |(unit, seconds)| format!("{}{unit}", age.as_secs() / seconds),
    )
}

/// Reads a size; a number alone is bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let bytes = SIZES.iter().find_map(|(unit, bytes)| {
        let at = text.len().checked_sub(unit.len())?;
        let (count, written) = text.split_at_checked(at)?;
        // `k` and `K` are the same to most people, and so are `Gb` and `GB`.
        let count = written.eq_ignore_ascii_case(unit).then(|| count.trim())?;
        scaled(count, *bytes)
    });
    bytes
        .or_else(|| text.parse().ok())
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected a size such as 10GB, 1.5TB or 512MiB".to_owned())
}

/// Returns `count`, which may have a fraction, in units of so many bytes.
fn scaled(count: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = u128::from(fraction.parse::<u64>().unwrap_or(0)) * u128::from(unit) / 10_u128.pow(digits);
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)
}

/// Returns a size with three digits or so.
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub(crate) fn shown_size(bytes: u64) -> String {
    let unit = SIZES[4..].iter().find(|(_, unit)| bytes >= *unit);
    match unit {
        Some((unit, size)) if *size > 1 => {
            let number = bytes as f64 / *size as f64;
            if number < 100.0 { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
        }
        _ => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_shown() {
        let again = |text: &str| age(text).map(shown_age);
        assert_eq!(again("30d").unwrap(), "30d");
        assert_eq!(again("14d").unwrap(), "14d");
        assert_eq!(again("2w").unwrap(), "14d");
        assert_eq!(again("48h").unwrap(), "2d");
        assert_eq!(again("36h").unwrap(), "36h");
        assert_eq!(again("90m").unwrap(), "90m");
        assert_eq!(age("4000000000w").unwrap().as_secs(), 4_000_000_000 * 604_800);
        for text in ["", "30", "d", "-1d", "0d", "1.5d", "5 d", "3months", "1y"] {
            assert!(age(text).unwrap_err().contains("30d"), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_and_shown() {
        assert_eq!(size("10GB").unwrap(), 10_000_000_000);
        assert_eq!(size("1.5 tb").unwrap(), 1_500_000_000_000);
        assert_eq!(size("512MiB").unwrap(), 512 << 20);
        assert_eq!(size("7 kb").unwrap(), 7_000);
        assert_eq!(size("123").unwrap(), 123);
        assert_eq!(size("123B").unwrap(), 123);
        for text in ["", "GB", "-1GB", "0", "1..5GB", "1.GBs", "ten", "99999999TB", "ä", "1,5GB"] {
            assert!(size(text).unwrap_err().contains("10GB"), "{text}");
        }
        let shown = [0, 999, 1_500, 12_345_678, 234_567_890_123, 4_000_000_000_000].map(shown_size);
        assert_eq!(shown, ["0 B", "999 B", "1.5 KB", "12.3 MB", "235 GB", "4.0 TB"]);
    }
}
