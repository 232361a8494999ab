//! A trace as lines of a tree. Nothing here recurses: traces may be thousands of spans deep.

use std::collections::HashSet;

use tracestead_model::query::SpanRecord;
use tracestead_model::tree::{Node, assemble};

/// How many levels are indented; what is deeper says how much.
const MAX_INDENT: usize = 16;

/// Where a span stands.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its index in what was given.
    pub(crate) index: usize,
    /// How many spans it is below a root.
    pub(crate) depth: usize,
    /// It names a parent that is not stored.
    pub(crate) orphan: bool,
    /// The guides before its name.
    pub(crate) guides: String,
    /// The guides before what is said below it.
    pub(crate) guides_below: String,
}

/// Returns every span once, in reading order.
pub(crate) fn lay_out(spans: &[SpanRecord]) -> Vec<Line> {
    let nodes: Vec<Node> = spans.iter().enumerate().map(|(at, span)| span.node(at)).collect();
    let placed = assemble(&nodes);
    // Seen from the end, the first of a parent's children is its last.
    let mut has_children = HashSet::new();
    let mut is_last: Vec<bool> = placed.iter().rev().map(|at| has_children.insert(at.parent)).collect();
    is_last.reverse();
    // For each level above the current span: whether more comes there.
    let mut goes_on: Vec<bool> = Vec::new();
    let mut lines = Vec::with_capacity(placed.len());
    for (at, is_last) in placed.iter().zip(is_last) {
        goes_on.truncate(at.depth);
        let shown = at.depth.min(MAX_INDENT);
        // Level 0 are the roots, which have no guides.
        let above: String =
            goes_on.iter().take(shown).skip(1).map(|more| if *more { "│  " } else { "   " }).collect();
        let mut guides = above.clone();
        let mut guides_below = above;
        if at.depth > 0 {
            guides.push_str(if is_last { "└─ " } else { "├─ " });
            guides_below.push_str(if is_last { "   " } else { "│  " });
        }
        if at.depth > MAX_INDENT {
            guides.extend(["(+", &(at.depth - MAX_INDENT).to_string(), ") "]);
        }
        guides_below.push_str(if has_children.contains(&Some(at.index)) { "│  " } else { "   " });
        goes_on.push(!is_last);
        lines.push(Line { index: at.index, depth: at.depth, orphan: at.orphan, guides, guides_below });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u64, parent: Option<u64>) -> SpanRecord {
        SpanRecord {
            span_id: format!("{id:016x}"),
            parent_span_id: parent.map(|parent| format!("{parent:016x}")),
            name: id.to_string(),
            start_time_ns: i64::try_from(id).unwrap(),
            ..SpanRecord::default()
        }
    }

    fn check(spans: &[SpanRecord], expected: &[&str]) {
        let lines: Vec<String> =
            lay_out(spans).iter().map(|line| format!("{}{}", line.guides, spans[line.index].name)).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn guides_end_with_the_last_child() {
        let spans = [
            span(1, None),
            span(2, Some(1)),
            span(3, Some(2)),
            span(4, Some(1)),
            span(5, Some(4)),
            span(6, Some(9)),
        ];
        check(&spans, &["1", "├─ 2", "│  └─ 3", "└─ 4", "   └─ 5", "6"]);
        let below: Vec<String> = lay_out(&spans).into_iter().map(|line| line.guides_below).collect();
        assert_eq!(below, ["│  ", "│  │  ", "│        ", "   │  ", "         ", "   "]);
    }

    #[test]
    fn deep_trees_say_how_deep() {
        let spans: Vec<SpanRecord> = (1..=5_000).map(|id| span(id, (id > 1).then(|| id - 1))).collect();
        let lines = lay_out(&spans);
        assert_eq!(lines.len(), 5_000);
        assert!(lines[4_999].guides.ends_with("└─ (+4983) "), "{}", lines[4_999].guides);
        assert!(lines.iter().all(|line| line.guides.chars().count() < 70));
    }
}
