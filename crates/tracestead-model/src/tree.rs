//! Puts the spans of a trace in reading order.
//!
//! Spans come from many processes and not all of them arrive: parents are missing, and broken instrumentation even makes
//! circles. Every span is placed exactly once all the same: a span without a stored parent is an extra root, a circle is
//! cut at its earliest span. Nothing here recurses, so depth is limited by memory alone.

use std::collections::HashMap;

use crate::SpanId;

/// What the order depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The span.
    pub span_id: SpanId,
    /// Its parent, stored or not.
    pub parent_span_id: Option<SpanId>,
    /// When it began, in nanoseconds since 1970.
    pub start_time_ns: i64,
}

/// Where a span stands in the reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The span's index in what was given.
    pub index: usize,
    /// The index of the span it is placed under; `None` for a root.
    pub parent: Option<usize>,
    /// How many spans it is below a root.
    pub depth: usize,
    /// It names a parent that is not stored, or that the cut of a circle took from it.
    pub orphan: bool,
}

/// Returns every node once, parents before children, roots and siblings by start time, then by id.
///
/// Of nodes with the same span id, the first is the parent of that id's children.
#[must_use]
pub fn assemble(nodes: &[Node]) -> Vec<Placed> {
    let mut forest = Forest::of(nodes);
    let roots: Vec<usize> = (0..nodes.len()).filter(|at| forest.parent[*at].is_none()).collect();
    forest.place(&roots);
    // What no root reaches hangs from a circle.
    for at in forest.in_reading_order((0..nodes.len()).collect()) {
        if !forest.is_placed[at] {
            let cut = forest.earliest_of_circle_above(at);
            forest.parent[cut] = None;
            forest.place(&[cut]);
        }
    }
    forest.placed
}

struct Forest<'a> {
    nodes: &'a [Node],
    parent: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    is_placed: Vec<bool>,
    placed: Vec<Placed>,
}

impl<'a> Forest<'a> {
    fn of(nodes: &'a [Node]) -> Self {
        let mut by_id = HashMap::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            by_id.entry(node.span_id).or_insert(at);
        }
        let parent: Vec<Option<usize>> = nodes
            .iter()
            .enumerate()
            .map(|(at, node)| {
                node.parent_span_id.and_then(|id| by_id.get(&id).copied()).filter(|parent| *parent != at)
            })
            .collect();
        let mut children = vec![Vec::new(); nodes.len()];
        for (at, parent) in parent.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(at);
            }
        }
        let mut forest = Self {
            nodes,
            parent,
            children,
            is_placed: vec![false; nodes.len()],
            placed: Vec::with_capacity(nodes.len()),
        };
        for at in 0..nodes.len() {
            let children = std::mem::take(&mut forest.children[at]);
            forest.children[at] = forest.in_reading_order(children);
        }
        forest
    }

    fn in_reading_order(&self, mut indices: Vec<usize>) -> Vec<usize> {
        indices.sort_by_key(|at| (self.nodes[*at].start_time_ns, self.nodes[*at].span_id, *at));
        indices
    }

    fn place(&mut self, roots: &[usize]) {
        let mut waiting: Vec<(usize, usize)> =
            self.in_reading_order(roots.to_vec()).into_iter().rev().map(|root| (root, 0)).collect();
        while let Some((at, depth)) = waiting.pop() {
            if std::mem::replace(&mut self.is_placed[at], true) {
                continue;
            }
            let parent = self.parent[at];
            let orphan = parent.is_none() && self.nodes[at].parent_span_id.is_some();
            self.placed.push(Placed { index: at, parent, depth, orphan });
            waiting.extend(self.children[at].iter().rev().map(|child| (*child, depth + 1)));
        }
    }

    /// Climbs from `at` into its circle and returns the earliest node of that circle.
    fn earliest_of_circle_above(&self, at: usize) -> usize {
        let mut path = Vec::new();
        let mut position = HashMap::new();
        let mut here = at;
        while !position.contains_key(&here) {
            position.insert(here, path.len());
            path.push(here);
            match self.parent[here] {
                Some(parent) if !self.is_placed[parent] => here = parent,
                _ => return here,
            }
        }
        // `here` was reached twice: the circle is the path since it was first reached.
        path.split_off(position[&here])
            .into_iter()
            .min_by_key(|at| (self.nodes[*at].start_time_ns, self.nodes[*at].span_id))
            .unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> SpanId {
        SpanId::from_bytes(&[0, 0, 0, 0, 0, 0, 1, number]).unwrap()
    }

    fn node(span: u8, parent: Option<u8>, start_time_ns: i64) -> Node {
        Node { span_id: id(span), parent_span_id: parent.map(id), start_time_ns }
    }

    fn outline(nodes: &[Node]) -> Vec<(u8, usize, bool)> {
        assemble(nodes)
            .iter()
            .map(|at| (nodes[at.index].span_id.as_bytes()[7], at.depth, at.orphan))
            .collect()
    }

    #[test]
    fn siblings_are_read_by_start_then_id() {
        let nodes = [node(4, Some(1), 30), node(3, Some(1), 20), node(2, Some(1), 20), node(1, None, 10)];
        assert_eq!(outline(&nodes), [(1, 0, false), (2, 1, false), (3, 1, false), (4, 1, false)]);
    }

    #[test]
    fn orphans_are_extra_roots() {
        let nodes = [node(1, None, 10), node(2, Some(9), 5), node(3, Some(2), 6)];
        assert_eq!(outline(&nodes), [(2, 0, true), (3, 1, false), (1, 0, false)]);
    }

    #[test]
    fn circles_are_cut_at_their_earliest_span() {
        let nodes = [
            node(1, None, 1),
            node(2, Some(3), 20),
            node(3, Some(2), 10),
            node(4, Some(2), 5),
            node(5, Some(5), 2),
        ];
        assert_eq!(
            outline(&nodes),
            [(1, 0, false), (5, 0, true), (3, 0, true), (2, 1, false), (4, 2, false)]
        );
    }

    #[test]
    fn depth_is_no_matter() {
        let count = 200_000_u64;
        let id = |number: u64| SpanId::from_bytes(&(number + 1).to_be_bytes()).unwrap();
        let chain: Vec<Node> = (0..count)
            .map(|at| Node { span_id: id(at), parent_span_id: at.checked_sub(1).map(id), start_time_ns: 0 })
            .collect();
        assert_eq!(assemble(&chain).last().unwrap().depth, 199_999);
    }

    proptest! {
        #[test]
        fn every_span_is_placed_once_after_its_parent_in_any_order(
            parents in prop::collection::vec(prop::option::of(0_u8..24), 1..24),
            starts in prop::collection::vec(0_i64..9, 24),
            seed in any::<u64>(),
        ) {
            let mut nodes: Vec<Node> = parents.iter().zip(&starts).enumerate()
                .map(|(at, (parent, start))| node(u8::try_from(at).unwrap(), *parent, *start)).collect();
            let first = outline(&nodes);
            let mut placed: Vec<usize> = Vec::new();
            for at in assemble(&nodes) {
                if let Some(parent) = at.parent { prop_assert!(placed.contains(&parent)); }
                prop_assert!(!placed.contains(&at.index));
                placed.push(at.index);
            }
            prop_assert_eq!(placed.len(), nodes.len());
            let rotate = usize::try_from(seed % 24).unwrap() % nodes.len();
            nodes.rotate_left(rotate);
            prop_assert_eq!(outline(&nodes), first);
        }
    }
}
