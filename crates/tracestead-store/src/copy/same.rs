//! When two values of two databases are the same.

use std::borrow::Cow;

use serde_json::{Number, Value as Json};

use super::columns::{Columns, Holds, integer, text};
use crate::sql::{Cell, Dialect, for_jsonb};

/// What cannot be told apart once one of two databases has held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// PostgreSQL holds no NUL, and no half of a surrogate pair.
    without_nul: bool,
    /// Only SQLite has fractions in columns of whole numbers.
    whole: bool,
}

impl Rules {
    pub(crate) fn between(from: Dialect, to: Dialect) -> Self {
        Self {
            without_nul: from == Dialect::Postgres || to == Dialect::Postgres,
            whole: from != Dialect::Sqlite || to != Dialect::Sqlite,
        }
    }
}

impl Columns {
    /// Returns where two rows differ first, one of the database that is read and one of the database that is written.
    /// Columns that the first does not have are not looked at.
    pub(crate) fn first_difference(&self, there: &[Cell], here: &[Cell], rules: Rules) -> Option<usize> {
        (0..self.all.len()).find(|at| {
            let column = &self.all[*at];
            let Some(from) = &column.from else { return false };
            match (there.get(*at), here.get(*at)) {
                (Some(there), Some(here)) => !are_same((from, there), (&column.to, here), rules),
                _ => true,
            }
        })
    }
}

fn are_same((from, there): (&Holds, &Cell), (to, here): (&Holds, &Cell), rules: Rules) -> bool {
    if there == here {
        return true;
    }
    if *there == Cell::Null || *here == Cell::Null {
        return false;
    }
    if *from == Holds::Json {
        return is_same_json(there, here, rules);
    }
    match to {
        Holds::Json => is_same_json(there, here, rules),
        Holds::Flag => integer(there).map(|flag| flag != 0) == integer(here).map(|flag| flag != 0),
        Holds::Integer => rules.whole && integer(there) == integer(here),
        Holds::Real => match (real(there), real(here)) {
            (Some(there), Some(here)) => there.to_bits() == here.to_bits(),
            _ => false,
        },
        Holds::Text | Holds::Bytes | Holds::Other(_) => {
            let text = |cell: &Cell| text(cell.clone()).unwrap_or_default();
            let (there, here) = (text(there), text(here));
            there == here || rules.without_nul && there.replace('\0', "") == here.replace('\0', "")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a column of floats holds them as floats")]
fn real(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Real(number) => Some(*number),
        Cell::Int(number) => Some(*number as f64),
        _ => None,
    }
}

/// The order of keys, the way a text or a number is written and, of a repeated key, all values but the last say nothing.
fn is_same_json(there: &Cell, here: &Cell, rules: Rules) -> bool {
    let read = |cell: &Cell| {
        let text = text(cell.clone()).unwrap_or_default();
        let text = if rules.without_nul { for_jsonb(&text) } else { Cow::Borrowed(text.as_str()) };
        match serde_json::from_str::<Json>(&text) {
            Ok(json) => Ok(normal(json)),
            Err(_) => Err(text.into_owned()),
        }
    };
    read(there) == read(here)
}

/// A whole number is one only if it has 64 bits; of zeros there is one.
fn normal(json: Json) -> Json {
    match json {
        Json::Number(number) if number.as_i64().is_none() => {
            let float = number.as_f64().map(|float| if float == 0.0 { 0.0 } else { float });
            float.and_then(Number::from_f64).map_or(Json::Number(number), Json::Number)
        }
        Json::Array(items) => Json::Array(items.into_iter().map(normal).collect()),
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, normal(value))).collect()),
        json => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(holds: &Holds, there: &Cell, here: &Cell, rules: Rules) -> bool {
        are_same((holds, there), (holds, here), rules)
    }

    fn json(there: &str, here: &str, rules: Rules) -> bool {
        same(&Holds::Json, &Cell::Text(there.to_owned()), &Cell::Text(here.to_owned()), rules)
    }

    const FILES: (Dialect, Dialect) = (Dialect::Sqlite, Dialect::Sqlite);

    #[test]
    fn json_is_what_it_says() {
        let rules = Rules::between(FILES.0, FILES.1);
        assert!(json(r#"{"a": 1, "b": [2.0]}"#, r#"{"b":[2.0],"a":1}"#, rules));
        assert!(json("1e+16", "10000000000000000.0", rules));
        assert!(json("-0.0", "0.0", rules));
        assert!(json(r#""\u00e9""#, "\"é\"", rules));
        assert!(json(r#"{"a": 1, "a": 2}"#, r#"{"a": 2}"#, rules));
        assert!(json("{", "{", rules));
        assert!(!json("1", "1.0", rules));
        assert!(!json("[1, 2]", "[2, 1]", rules));
        assert!(!json("{", "{}", rules));
        assert!(!json(r#""a\u0000""#, r#""a""#, rules));
        assert!(json(r#""a\u0000""#, r#""a""#, Rules::between(Dialect::Sqlite, Dialect::Postgres)));
    }

    #[test]
    fn numbers_and_texts_are_what_both_can_hold() {
        let (files, servers) =
            (Rules::between(FILES.0, FILES.1), Rules::between(Dialect::Sqlite, Dialect::Postgres));
        assert!(!same(&Holds::Integer, &Cell::Real(1.5), &Cell::Int(1), files));
        assert!(same(&Holds::Integer, &Cell::Real(1.5), &Cell::Int(1), servers));
        assert!(!same(&Holds::Integer, &Cell::Null, &Cell::Int(0), servers));
        let text = |text: &str| Cell::Text(text.to_owned());
        assert!(!same(&Holds::Text, &text("a\0"), &text("a"), files));
        assert!(same(&Holds::Text, &text("a\0"), &text("a"), servers));
        assert!(same(&Holds::Flag, &Cell::Int(1), &Cell::Int(1), files));
    }
}
