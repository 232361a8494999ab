/** Tree and waterfall in one virtual list. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useMemo, useRef } from "react";
import { duration, plural } from "../format";
import controls from "../ui/controls.module.css";
import { SearchIcon } from "../ui/icons";
import styles from "./Outline.module.css";
import { OutlineRow } from "./OutlineRow";
import type { Found, SpanTree } from "./tree";
import type { Waterfall } from "./waterfall";

const ROW_HEIGHT = 26;

interface Props {
  tree: SpanTree;
  waterfall: Waterfall;
  rows: number[];
  found: Found | null;
  selected: number;
  collapsed: ReadonlySet<string>;
  find: string;
  setFind: (text: string) => void;
  findField: RefObject<HTMLInputElement | null>;
  select: (index: number) => void;
  toggle: (index: number) => void;
  step: (by: number) => void;
}

export function Outline(props: Props) {
  const {
    tree,
    waterfall,
    rows,
    found,
    selected,
    collapsed,
    find,
    setFind,
    findField,
    select,
    toggle,
    step,
  } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    paddingStart: 4,
    paddingEnd: 12,
  });

  // Rows are drawn again only when they change, so what they call must stay the same from one drawing to the next.
  const acts = useRef({ select, toggle });
  acts.current = { select, toggle };
  const rowSelect = useCallback((index: number) => acts.current.select(index), []);
  const rowToggle = useCallback((index: number) => acts.current.toggle(index), []);

  const hits = useMemo(() => (found === null ? null : new Set(found.hits)), [found]);
  const deepest = useMemo(() => tree.spans.reduce((most, span) => Math.max(most, span.depth), 0), [tree]);
  const indent = deepest > 24 ? 5 : deepest > 10 ? 8 : 14;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new selection is scrolled to; new rows from a poll are not.
  useEffect(() => {
    const at = rows.indexOf(selected);
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [selected, found === null]);

  return (
    <section className={styles.pane} aria-label="Outline">
      <div className={styles.bar}>
        <label className={`${controls.field} ${styles.find}`}>
          <SearchIcon />
          <input
            ref={findField}
            value={find}
            placeholder="Find in trace"
            aria-label="Find spans by name, tool, model, agent or type"
            spellCheck={false}
            onChange={(event) => setFind(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                setFind("");
                event.currentTarget.blur();
              }
              if (event.key === "Enter") nextHit(found, selected, select);
              if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                event.preventDefault();
                step(event.key === "ArrowDown" ? 1 : -1);
              }
            }}
          />
          {found !== null ? (
            <span className="faint" aria-live="polite">
              {plural(found.hits.length, "hit")}
            </span>
          ) : (
            <kbd className={controls.kbd}>/</kbd>
          )}
        </label>
      </div>
      <div className={styles.axis} aria-hidden="true">
        <span />
        <span className={styles.ticks}>
          <span>0</span>
          <span>{duration(waterfall.total_ns / 2)}</span>
          <span>{duration(waterfall.total_ns)}</span>
        </span>
        <span />
      </div>
      {found !== null && found.hits.length === 0 && (
        <p className={styles.none}>No span matches “{find.trim()}”.</p>
      )}
      <div
        ref={scroller}
        className={styles.scroller}
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={rows.includes(selected) ? `span-row-${selected}` : undefined}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const index = rows[item.index] as number;
            const span = tree.spans[index];
            if (span === undefined) return null;
            return (
              <OutlineRow
                key={span.span_id}
                id={`span-row-${index}`}
                tree={tree}
                index={index}
                top={item.start}
                waterfall={waterfall}
                indent={indent}
                selected={index === selected}
                collapsed={found === null && collapsed.has(span.span_id)}
                dimmed={hits !== null && !hits.has(index)}
                select={rowSelect}
                toggle={rowToggle}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

function nextHit(found: Found | null, selected: number, select: (index: number) => void): void {
  const next = found?.hits.find((index) => index > selected) ?? found?.hits[0];
  if (next !== undefined) select(next);
}
