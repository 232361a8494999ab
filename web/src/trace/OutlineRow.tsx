import { memo } from "react";
import { duration, plural, tokens } from "../format";
import { ChevronIcon } from "../ui/icons";
import { TypeChip, typeColor } from "../ui/TypeChip";
import styles from "./Outline.module.css";
import { hasChildren, isFailed, type SpanTree } from "./tree";
import { bar as barOf, type Waterfall } from "./waterfall";

/** Deeper levels are not indented further, but say how deep they are. */
const DEEPEST_INDENT = 24;

interface Props {
  id: string;
  tree: SpanTree;
  index: number;
  top: number;
  waterfall: Waterfall;
  indent: number;
  selected: boolean;
  collapsed: boolean;
  dimmed: boolean;
  select: (index: number) => void;
  toggle: (index: number) => void;
}

export const OutlineRow = memo(function OutlineRow(props: Props) {
  const { id, tree, index, top, waterfall, indent, selected, collapsed, dimmed, select, toggle } = props;
  const span = tree.spans[index];
  if (span === undefined) return null;
  const bar = barOf(waterfall, index);
  const failed = isFailed(span);
  const opens = hasChildren(tree, index);
  const below = (tree.end[index] ?? index + 1) - index - 1;
  const levels = Math.min(span.depth, DEEPEST_INDENT);
  const color = failed ? "var(--error)" : typeColor(span.span_type);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page's arrow keys move the selection.
    <div
      id={id}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={selected}
      aria-expanded={opens ? !collapsed : undefined}
      className={`${styles.row} ${selected ? styles.selected : ""} ${dimmed ? styles.dimmed : ""} ${failed ? styles.bad : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => select(index)}
      onDoubleClick={() => toggle(index)}
    >
      <span className={styles.name}>
        {levels > 0 && (
          <span
            className={styles.guides}
            style={{ width: levels * indent - 5, backgroundSize: `${indent}px 100%` }}
          />
        )}
        {opens ? (
          <span
            className={`${styles.caret} ${collapsed ? "" : styles.opened}`}
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              toggle(index);
            }}
          >
            <ChevronIcon />
          </span>
        ) : (
          <span className={styles.caret} />
        )}
        {span.depth > DEEPEST_INDENT && (
          <span className={styles.depth} title={`${span.depth} levels below the root`}>
            {span.depth}
          </span>
        )}
        <TypeChip type={span.span_type} />
        <b className="cut" title={span.name}>
          {span.name}
        </b>
        {failed && <span className="sr-only">, failed</span>}
        {collapsed && (
          <span className={styles.depth} title={`${plural(below, "span")} below`}>
            +{below}
          </span>
        )}
        {span.orphan && (
          <small
            className={styles.aside}
            title="Its parent span is not stored: not arrived yet, or not recorded."
          >
            parent missing
          </small>
        )}
        <Tokens own={span.total_tokens} agg={sum(span.agg_input_tokens, span.agg_output_tokens)} />
        {!failed && tree.failedBelow[index] === 1 && (
          <span className={styles.tick} title="A span below failed">
            <span className="sr-only">a span below failed</span>
          </span>
        )}
      </span>
      <span className={styles.track} aria-hidden="true">
        <i
          className={bar.running ? styles.running : undefined}
          style={{
            left: `min(${bar.left}%, 100% - 2px)`,
            width: `max(2px, ${bar.width}%)`,
            background: color,
          }}
        />
      </span>
      <span className={styles.duration}>{bar.running ? "running" : duration(span.duration_ns)}</span>
    </div>
  );
});

function Tokens({ own, agg }: { own: number | null; agg: number | null }) {
  if (own !== null) return <small title="tokens">{tokens(own)}</small>;
  if (agg !== null && agg > 0) return <small title="tokens of all spans below">∑ {tokens(agg)}</small>;
  return null;
}

function sum(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}
