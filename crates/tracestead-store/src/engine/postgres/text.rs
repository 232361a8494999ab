//! What PostgreSQL wants of texts: numbered values, and no NUL anywhere. JSON is [`crate::sql::for_jsonb`].

use std::fmt::Write as _;

use crate::sql::Value;

/// Numbers the `?` of a statement, and says of JSON that it is.
pub(super) fn numbered(sql: &str, values: &[Value<'_>]) -> String {
    let mut numbered = String::with_capacity(sql.len() + values.len() * 4);
    let mut values = values.iter().enumerate();
    for part in sql.split_inclusive('?') {
        let Some(text) = part.strip_suffix('?') else {
            numbered.push_str(part);
            break;
        };
        numbered.push_str(text);
        match values.next() {
            Some((at, Value::Json(_))) => {
                let _ = write!(numbered, "${}::JSONB", at + 1);
            }
            Some((at, _)) => {
                let _ = write!(numbered, "${}", at + 1);
            }
            None => numbered.push('?'),
        }
    }
    numbered
}

/// Returns a text without what no text of PostgreSQL can hold.
pub(super) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered() {
        let values = [Value::int(1), Value::json(Some("{}")), Value::text("x")];
        assert_eq!(numbered("a = ? AND b = ? AND c = ?", &values), "a = $1 AND b = $2::JSONB AND c = $3");
        assert_eq!(numbered("SELECT 1", &[]), "SELECT 1");
    }
}
