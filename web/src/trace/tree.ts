/**
 * The outline of a trace as flat arrays. Spans arrive in the order of the tree, so a subtree is the stretch
 * `index..end[index]` and nothing here recurses: a chain of 5,000 spans is as cheap as 5,000 siblings.
 */
import type { SpanRow } from "../api";

export interface SpanTree {
  spans: SpanRow[];
  /** Index of the parent row, or -1. */
  parent: Int32Array;
  /** Index after the last descendant. */
  end: Int32Array;
  /** 1 where a descendant (not the span itself) failed. */
  failedBelow: Uint8Array;
  indexById: Map<string, number>;
}

export function buildTree(spans: SpanRow[]): SpanTree {
  const parent = new Int32Array(spans.length).fill(-1);
  const end = new Int32Array(spans.length).fill(spans.length);
  const failedBelow = new Uint8Array(spans.length);
  const indexById = new Map<string, number>();
  const open: number[] = [];
  for (const [index, span] of spans.entries()) {
    indexById.set(span.span_id, index);
    while (open.length > 0 && depthOf(spans, open) >= span.depth) end[open.pop() as number] = index;
    parent[index] = open.at(-1) ?? -1;
    open.push(index);
  }
  for (let index = spans.length - 1; index >= 0; index--) {
    const above = parent[index] as number;
    if (above >= 0 && (isFailed(spans[index] as SpanRow) || failedBelow[index] === 1)) failedBelow[above] = 1;
  }
  return { spans, parent, end, failedBelow, indexById };
}

export function isFailed(span: { status_code: string }): boolean {
  return span.status_code === "ERROR";
}

export function hasChildren(tree: SpanTree, index: number): boolean {
  return (tree.end[index] as number) > index + 1;
}

/** The rows to show: all but those below a collapsed one. */
export function visibleRows(tree: SpanTree, collapsed: ReadonlySet<string>): number[] {
  const rows: number[] = [];
  let index = 0;
  while (index < tree.spans.length) {
    rows.push(index);
    index = collapsed.has((tree.spans[index] as SpanRow).span_id) ? (tree.end[index] as number) : index + 1;
  }
  return rows;
}

export interface Found {
  rows: number[];
  hits: number[];
}

/** The rows whose name, tool, model, agent or type holds `text`, and their ancestors. Collapsing does not hide hits. */
export function findRows(tree: SpanTree, text: string): Found {
  const needle = text.trim().toLowerCase();
  const keep = new Uint8Array(tree.spans.length);
  const hits: number[] = [];
  for (const [index, span] of tree.spans.entries()) {
    if (!matches(span, needle)) continue;
    hits.push(index);
    let up = index;
    while (up >= 0 && keep[up] === 0) {
      keep[up] = 1;
      up = tree.parent[up] as number;
    }
  }
  const rows: number[] = [];
  for (let index = 0; index < keep.length; index++) if (keep[index] === 1) rows.push(index);
  return { rows, hits };
}

/** The next failed span after `from`, wrapping round; -1 when nothing failed. */
export function nextFailure(tree: SpanTree, from: number): number {
  const total = tree.spans.length;
  for (let step = 1; step <= total; step++) {
    const index = (from + step + total) % total;
    if (isFailed(tree.spans[index] as SpanRow)) return index;
  }
  return -1;
}

/** Without the ancestors of `index`, so that it can be seen. The same set when nothing hid it. */
export function reveal(tree: SpanTree, collapsed: ReadonlySet<string>, index: number): ReadonlySet<string> {
  let opened: Set<string> | null = null;
  for (let up = tree.parent[index] as number; up >= 0; up = tree.parent[up] as number) {
    const id = (tree.spans[up] as SpanRow).span_id;
    if (!collapsed.has(id)) continue;
    opened ??= new Set(collapsed);
    opened.delete(id);
  }
  return opened ?? collapsed;
}

export function collapseAll(tree: SpanTree): Set<string> {
  const collapsed = new Set<string>();
  for (const [index, span] of tree.spans.entries()) if (hasChildren(tree, index)) collapsed.add(span.span_id);
  return collapsed;
}

function depthOf(spans: SpanRow[], open: number[]): number {
  return (spans[open.at(-1) as number] as SpanRow).depth;
}

function matches(span: SpanRow, needle: string): boolean {
  for (const field of [span.name, span.tool_name, span.model, span.agent_id, span.span_type, span.span_id]) {
    if (field?.toLowerCase().includes(needle)) return true;
  }
  return false;
}
