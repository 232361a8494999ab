//! Values and tables for people.

use tracestead_model::{SpanType, UnixNanos};

use crate::printer::Style;

/// Returns `text` on one line, without what could steer a terminal.
pub(crate) fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the beginning of `text` that fits into `width` columns, with an ellipsis if something is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += columns_of(letter);
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

/// Returns how many columns of a terminal `text` takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// East Asian letters and emoji take two columns, marks that combine take none. Near enough for a table.
fn columns_of(letter: char) -> usize {
    match u32::from(letter) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// Returns a time as `2026-11-21 00:38:01`, in UTC.
pub(crate) fn clock_time(nanos: i64) -> String {
    let text = UnixNanos::from_i64(nanos).to_rest();
    text.replacen('T', " ", 1).chars().take(19).collect()
}

/// Returns times as [`clock_time`] does, without the day if all are of today, without the year if all are of this one.
pub(crate) fn clock_times(nanos: &[i64], now: UnixNanos) -> Vec<String> {
    let times: Vec<String> = nanos.iter().map(|nanos| clock_time(*nanos)).collect();
    let now = clock_time(now.as_i64());
    let shared = |count: usize| times.iter().all(|time| time.get(..count) == now.get(..count));
    // `2026-` and `2026-11-21 ` are said of all.
    let left_out = [11, 5].into_iter().find(|count| shared(*count)).unwrap_or(0);
    times.into_iter().map(|time| time.chars().skip(left_out).collect()).collect()
}

/// Returns how long something took, to three digits or so.
pub(crate) fn duration(nanos: i64) -> String {
    let millis = nanos.max(0) / 1_000_000;
    let seconds = millis / 1_000;
    match millis {
        0 => "<1 ms".to_owned(),
        1..=999 => format!("{millis} ms"),
        1_000..=59_999 => format!("{seconds}.{:02} s", millis % 1_000 / 10),
        60_000..=3_599_999 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Returns a number with its thousands apart.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns how many there are of what `noun` names.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// Returns the colour of a kind of step.
pub(crate) fn type_style(span_type: SpanType) -> Style {
    match span_type {
        SpanType::Agent | SpanType::Team | SpanType::Workflow => Style::Cyan,
        SpanType::Llm | SpanType::Embedding | SpanType::Reranker => Style::Magenta,
        SpanType::Tool => Style::Yellow,
        SpanType::Retriever => Style::Blue,
        SpanType::Guardrail | SpanType::Hook | SpanType::Evaluator => Style::Green,
        SpanType::Step | SpanType::Chain | SpanType::Other => Style::Dim,
    }
}

/// Rows whose columns are as wide as what stands in them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<(String, Style)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    /// Takes what the others leave.
    Rest,
}

impl Table {
    pub(crate) fn left(mut self, title: &'static str) -> Self {
        self.columns.push((title, Side::Left));
        self
    }

    pub(crate) fn right(mut self, title: &'static str) -> Self {
        self.columns.push((title, Side::Right));
        self
    }

    pub(crate) fn rest(mut self, title: &'static str) -> Self {
        self.columns.push((title, Side::Rest));
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<(String, Style)>) {
        self.rows.push(cells);
    }

    /// Returns the title and the rows as lines of at most `width` columns, if the fixed columns leave room.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let widest = |at: usize, title: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|(text, _)| columns(text));
            cells.chain([columns(title)]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(at, (title, _))| widest(at, title)).collect();
        let gaps = 2 * self.columns.len().saturating_sub(1);
        for at in 0..widths.len() {
            if self.columns[at].1 == Side::Rest {
                let others: usize = widths.iter().sum::<usize>() - widths[at];
                widths[at] = widths[at].min(width.saturating_sub(others + gaps).max(12));
            }
        }
        let title: Vec<_> = self.columns.iter().map(|(title, _)| ((*title).to_owned(), Style::Dim)).collect();
        [&title].into_iter().chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[(String, Style)], widths: &[usize]) -> String {
        let mut line = String::new();
        let last = row.len().saturating_sub(1);
        for (at, (text, style)) in row.iter().enumerate() {
            let text = cut(text, widths[at]);
            let blank = " ".repeat(widths[at].saturating_sub(columns(&text)));
            let painted = style.paint(&text);
            match self.columns[at].1 {
                Side::Right => line.extend([blank.as_str(), painted.as_str()]),
                Side::Left | Side::Rest if at == last => line.push_str(&painted),
                Side::Left | Side::Rest => line.extend([painted.as_str(), blank.as_str()]),
            }
            if at < last {
                line.push_str("  ");
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_well() {
        let nanos = [250_000, 41_000_000, 2_419_000_000, 125_000_000_000, 7_380_000_000_000, -1];
        assert_eq!(nanos.map(duration), ["<1 ms", "41 ms", "2.41 s", "2m 05s", "2h 03m", "<1 ms"]);
        assert_eq!(
            [0, 999, 1_000, 12_345_678, -1_000].map(thousands),
            ["0", "999", "1,000", "12,345,678", "-1,000"]
        );
        assert_eq!(
            [0, 1, 1_200].map(|count| counted(count, "trace")),
            ["0 traces", "1 trace", "1,200 traces"]
        );
        assert_eq!(clock_time(1_795_221_481_225_956_163), "2026-11-21 00:38:01");
    }

    #[test]
    fn what_all_times_share_with_now_is_left_out() {
        let nanos = |text: &str| UnixNanos::from_iso(text).unwrap().as_i64();
        let times = |texts: [&str; 2]| {
            clock_times(&texts.map(nanos), UnixNanos::from_iso("2026-11-21T09:00:00").unwrap())
        };
        assert_eq!(times(["2026-11-21T08:00:00", "2026-11-21T07:00:01"]), ["08:00:00", "07:00:01"]);
        assert_eq!(
            times(["2026-11-21T08:00:00", "2026-11-20T07:00:01"]),
            ["11-21 08:00:00", "11-20 07:00:01"]
        );
        assert_eq!(times(["2026-11-21T08:00:00", "2025-11-20T07:00:01"])[1], "2025-11-20 07:00:01");
    }

    #[test]
    fn what_could_steer_a_terminal_is_left_out() {
        assert_eq!(one_line("a\x1b[31m\n\tb \u{9b}2J c"), "a [31m b 2J c");
    }

    #[test]
    fn cuts_fit_and_count_wide_letters_twice() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("天気予報", 6), "天気…");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn tables_keep_to_the_width() {
        let mut table = Table::default().left("NAME").rest("INPUT").right("N");
        table.row(vec![
            ("a".to_owned(), Style::Plain),
            ("x".repeat(90), Style::Plain),
            ("7".to_owned(), Style::Plain),
        ]);
        let lines = table.lines(40);
        assert_eq!(lines[1], format!("a     {}…  7", "x".repeat(30)));
    }
}
