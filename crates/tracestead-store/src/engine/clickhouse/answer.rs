//! What the server answers: rows as `JSONCompactEachRow`, or an error.
//!
//! JSON says every type that a statement may come to select, and its whole numbers have all their digits. A text column may
//! hold bytes that are no text, which a parser of JSON refuses, so a row is cut into cells here.

use clickhouse::error::Error;
use clickhouse::query::Query;

use crate::error::{DatabaseError, ErrorKind};
use crate::sql::{Cell, Row};

const FORMAT: &str = "JSONCompactEachRow";

/// An answer that came whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: Vec<u8>,
    /// How many rows were written.
    pub(super) written: u64,
}

pub(super) async fn collect(query: Query) -> Result<Answer, Error> {
    let mut cursor = query.fetch_bytes(FORMAT)?;
    let text = cursor.collect().await?.to_vec();
    let written = cursor.summary().and_then(clickhouse::QuerySummary::written_rows).unwrap_or(0);
    Ok(Answer { text, written })
}

/// Reads the rows.
pub(super) fn rows(text: &[u8]) -> Result<Vec<Row>, DatabaseError> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &[u8]) -> Result<Row, DatabaseError> {
    let wrong = || DatabaseError::new(ErrorKind::Other, "cannot read the answer: a row is no JSON array");
    let mut rest = line.strip_prefix(b"[").and_then(|line| line.strip_suffix(b"]")).ok_or_else(wrong)?;
    let mut cells = Vec::new();
    while !rest.is_empty() {
        let (text, after) = rest.split_at(length(rest));
        cells.push(cell(text.trim_ascii()).ok_or_else(wrong)?);
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(Row(cells))
}

/// Returns how many bytes the first cell has: it ends at a comma that is not within a string or a list.
fn length(text: &[u8]) -> usize {
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn cell(json: &[u8]) -> Option<Cell> {
    Some(match json.first()? {
        b'n' => Cell::Null,
        b't' => Cell::Int(1),
        b'f' => Cell::Int(0),
        b'"' => string(json)?,
        // Lists and the like.
        b'[' | b'{' => Cell::Text(String::from_utf8_lossy(json).into_owned()),
        _ => number(std::str::from_utf8(json).ok()?)?,
    })
}

fn string(json: &[u8]) -> Option<Cell> {
    match std::str::from_utf8(json) {
        Ok(json) => serde_json::from_str(json).ok().map(Cell::Text),
        Err(_) => unescaped(json).map(Cell::Bytes),
    }
}

/// Returns the bytes of a string that is no text; what is escaped in it is ASCII.
fn unescaped(json: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let length = if rest.first() == Some(&b'u') { 5 } else { 1 };
        let (escape, after) = rest.split_at_checked(length)?;
        let escape = format!("\"\\{}\"", std::str::from_utf8(escape).ok()?);
        bytes.extend(serde_json::from_str::<String>(&escape).ok()?.bytes());
        rest = after;
    }
    Some(bytes)
}

/// Whole numbers are exact; one that is too large stays text.
fn number(text: &str) -> Option<Cell> {
    if let Ok(number) = text.parse() {
        return Some(Cell::Int(number));
    }
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole { Some(Cell::Text(text.to_owned())) } else { text.parse().ok().map(Cell::Real) }
}

/// What a try a little later may not meet: too much at once, another replica or a merge at work.
const BUSY: [u32; 6] = [202, 252, 286, 319, 388, 473];

/// Gone, going, or cut off from what it needs: timeouts, the network, Keeper, read-only tables, replicas that are not there.
const AWAY: [u32; 13] = [159, 209, 210, 225, 236, 242, 279, 285, 289, 394, 425, 439, 999];

/// About values: they cannot be read, are out of range, too long, absent, against a constraint.
const VALUES: [u32; 10] = [6, 26, 27, 33, 69, 117, 131, 321, 349, 469];

/// Reads what went wrong.
pub(super) fn error(error: &Error) -> DatabaseError {
    let kind = match error {
        Error::Network(_) | Error::TimedOut => ErrorKind::Connection,
        Error::BadResponse(said) => of_server(said),
        _ => ErrorKind::Other,
    };
    DatabaseError::new(kind, says(error))
}

fn of_server(said: &str) -> ErrorKind {
    match code(said) {
        // One message for two things: a row too far away from the others can be tried alone.
        Some(252) if said.contains("Too many partitions") => ErrorKind::Rows,
        Some(code) if BUSY.contains(&code) => ErrorKind::Conflict,
        Some(code) if AWAY.contains(&code) => ErrorKind::Connection,
        Some(code) if VALUES.contains(&code) => ErrorKind::Rows,
        // Something between us and the server answered.
        None if ["502", "503", "504"].iter().any(|status| said.starts_with(status)) => ErrorKind::Connection,
        Some(_) | None => ErrorKind::Other,
    }
}

fn code(said: &str) -> Option<u32> {
    let (_, after) = said.split_once("Code: ")?;
    let digits = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// Of what the server says no more than this.
const MOST_CHARS: usize = 300;

/// Returns what the server says in one line, without its version, and without the statement in which it was found: the
/// server repeats that with its values, which are not for a log.
fn says(error: &Error) -> String {
    match error {
        Error::BadResponse(said) => {
            let mut line = said.lines().next().unwrap_or_default();
            line = line.split_once("DB::Exception: ").map_or(line, |(_, after)| after);
            for tail in [" (version ", ": In scope ", ". In scope ", ": While ", ": while "] {
                line = line.split_once(tail).map_or(line, |(before, _)| before);
            }
            line.chars().take(MOST_CHARS).collect()
        }
        Error::Network(source) => {
            let mut cause: &dyn std::error::Error = source.as_ref();
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            cause.to_string()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &[u8]) -> Vec<Cell> {
        rows(line).unwrap().pop().unwrap().0
    }

    #[test]
    fn cells_are_what_the_server_said() {
        let line = br#"[9223372036854775807, -1, 18446744073709551615, 1e300, 0.1, true, false, null, "a, \"b\"", [1,"]"], ""]"#;
        let text = |text: &str| Cell::Text(text.to_owned());
        let expected = vec![
            Cell::Int(i64::MAX),
            Cell::Int(-1),
            text("18446744073709551615"),
            Cell::Real(1e300),
            Cell::Real(0.1),
            Cell::Int(1),
            Cell::Int(0),
            Cell::Null,
            text("a, \"b\""),
            text(r#"[1,"]"]"#),
            text(""),
        ];
        assert_eq!(one(line), expected);
    }

    #[test]
    fn bytes_that_are_no_text_come_through() {
        assert_eq!(one(b"[\"\xff\\\"\\u0000\\n,\"]"), vec![Cell::Bytes(b"\xff\"\0\n,".to_vec())]);
    }

    #[test]
    fn an_answer_that_is_no_row_is_an_error() {
        for line in [&b"Code: 1"[..], b"[1,\"a]", b"[nothing", b"[,]", b"[1 2]"] {
            assert!(rows(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        let kind = |said: &str| error(&Error::BadResponse(said.to_owned())).kind;
        assert_eq!(
            kind("Code: 252. DB::Exception: Too many parts (3000). (TOO_MANY_PARTS)"),
            ErrorKind::Conflict
        );
        assert_eq!(
            kind("Code: 252. DB::Exception: Too many partitions for single INSERT block. (TOO_MANY_PARTS)"),
            ErrorKind::Rows
        );
        assert_eq!(kind("Code: 242. DB::Exception: Table is in readonly mode"), ErrorKind::Connection);
        assert_eq!(kind("503 Service Unavailable"), ErrorKind::Connection);
        assert_eq!(kind("Code: 60. DB::Exception: Unknown table"), ErrorKind::Other);
    }
}
