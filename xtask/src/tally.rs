//! Counting tests by what the test runners say at their end.

use std::fmt;

/// Tests by their result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Counts in all lines that are summaries in the eyes of `is_summary`: "3 passed", "1 failed, 2 skipped" and so on.
    pub(crate) fn of(lines: &[String], is_summary: fn(&str) -> bool) -> Self {
        let mut tally = Self::default();
        for line in lines {
            let plain = without_colours(line);
            if is_summary(plain.trim()) {
                tally.add_summary(&plain);
            }
        }
        tally
    }

    fn add_summary(&mut self, line: &str) {
        let words: Vec<&str> =
            line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" | "error" | "errors" | "flaky" => self.failed += number,
                "skipped" | "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// `     Summary [  12.3s] 150 tests run: 150 passed, 0 skipped`
pub(crate) fn nextest(line: &str) -> bool {
    line.starts_with("Summary [")
}

/// `test result: ok. 5 passed; 0 failed; 0 ignored; ...`, once for every test binary.
pub(crate) fn cargo_test(line: &str) -> bool {
    line.starts_with("test result:")
}

/// `=== 1 failed, 169 passed in 34.42s ===`
pub(crate) fn pytest(line: &str) -> bool {
    let line = line.trim_matches(['=', ' ']);
    line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" in ") && line.contains('s')
}

/// `      Tests  12 passed (12)`
pub(crate) fn vitest(line: &str) -> bool {
    line.starts_with("Tests ")
}

/// `  8 passed (12.1s)`, `  1 failed`, each on a line of its own.
pub(crate) fn playwright(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|word| word.parse::<u64>().is_ok())
        && words.next().is_some_and(|word| matches!(word, "passed" | "failed" | "flaky" | "skipped"))
}

/// Returns the line without ANSI escape sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // `ESC [ parameters letter`
            for skipped in characters.by_ref() {
                if skipped.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, is_summary: fn(&str) -> bool, passed: u64, failed: u64, skipped: u64) {
        let lines: Vec<String> = said.lines().map(str::to_owned).collect();
        assert_eq!(Tally::of(&lines, is_summary), Tally { passed, failed, skipped });
    }

    #[test]
    fn every_runner_is_understood() {
        check("     Summary [  12.3s] 150 tests run: 149 passed, 1 failed, 2 skipped", nextest, 149, 1, 2);
        check(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured\n...\ntest result: ok. 2 passed; 3 failed;",
            cargo_test,
            7,
            3,
            1,
        );
        check(
            "3 items in a list\n== 1 failed, 169 passed, 2 errors in 34.42s (0:00:34) ==",
            pytest,
            169,
            3,
            0,
        );
        check(
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m12 passed\u{1b}[39m\u{1b}[22m (12)",
            vitest,
            12,
            0,
            0,
        );
        check("  1 failed\n    [chromium] list.spec.ts\n  8 passed (12.1s)", playwright, 8, 1, 0);
    }
}
