/** The rows, virtualised: the page holds some thirty of them however long the list is. */
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { TraceRow as Row } from "../api";
import { isOnControl, useKeys } from "../keys";
import type { ListSearch } from "../search";
import { useMediaQuery } from "../useMediaQuery";
import { offsetOf, rememberOffset } from "./lastSearch";
import { TraceRow } from "./TraceRow";
import styles from "./TraceTable.module.css";

export interface TraceTableHandle {
  /** False while the reader points at a row or has scrolled away from the top. */
  mayMove: () => boolean;
}

interface Props {
  handle: RefObject<TraceTableHandle | null>;
  rows: Row[];
  stale: boolean;
  hasMore: boolean;
  loadMore: () => void;
  held: number;
  release: () => void;
  change: (patch: Partial<ListSearch>) => void;
}

const HEADINGS = ["", "Run", "Output", "Model", "Tokens", "Cost", "Duration", "User", "Session", "Age"];

export function TraceTable({ handle, rows, stale, hasMore, loadMore, held, release, change }: Props) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const hovered = useRef(false);
  const [activeId, setActiveId] = useState<string | null>(null);
  const narrow = useMediaQuery("(max-width: 640px)");
  const rowHeight = narrow ? 62 : 44;
  const headHeight = narrow ? 0 : 30;
  const place = window.location.search;

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.trace_id ?? index,
    overscan: 8,
    initialOffset: () => offsetOf(place),
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the height makes old measures wrong.
  useEffect(() => virtual.measure(), [rowHeight]);

  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asking for more depends on what is in sight alone.
  useEffect(() => {
    if (hasMore && !stale && lastShown >= rows.length - 15) loadMore();
  }, [hasMore, stale, lastShown, rows.length]);

  useImperativeHandle(handle, () => ({
    mayMove: () => !hovered.current && (scroller.current?.scrollTop ?? 0) < 4,
  }));

  function move(by: number) {
    const at = rows.findIndex((row) => row.trace_id === activeId);
    const next = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by));
    setActiveId(rows[next]?.trace_id ?? null);
    virtual.scrollToIndex(next, { align: "auto" });
  }

  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Enter: (event) => {
      if (isOnControl(event)) return false;
      if (activeId === null) return false;
      navigate({ to: "/ui/traces/$traceId", params: { traceId: activeId }, search: {} });
    },
  });

  return (
    <div className={styles.wrap}>
      {held > 0 && (
        <button
          type="button"
          className={styles.pill}
          onClick={() => {
            release();
            scroller.current?.scrollTo({ top: 0 });
          }}
        >
          {held >= 50 ? "50+" : held} new
        </button>
      )}
      <section
        ref={scroller}
        className={`${styles.scroller} ${stale ? styles.stale : ""}`}
        aria-label="Rows, newest first"
        tabIndex={0}
        onScroll={(event) => rememberOffset(place, event.currentTarget.scrollTop)}
      >
        <div role="table" aria-label="Traces" aria-rowcount={hasMore ? -1 : rows.length + 1}>
          <div className={`${styles.row} ${styles.head}`} role="row">
            {HEADINGS.map((heading) => (
              <span key={heading} role="columnheader" className={styles[heading.toLowerCase()]}>
                {heading || <span className="sr-only">Status</span>}
              </span>
            ))}
          </div>
          <div
            role="rowgroup"
            style={{ height: rows.length * rowHeight, position: "relative" }}
            onPointerEnter={(event) => {
              hovered.current = event.pointerType === "mouse";
            }}
            onPointerLeave={() => {
              hovered.current = false;
            }}
          >
            {items.map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              return (
                <TraceRow
                  key={item.key}
                  row={row}
                  index={item.index}
                  top={item.start - headHeight}
                  active={row.trace_id === activeId}
                  change={change}
                />
              );
            })}
          </div>
        </div>
        <div className={styles.foot} aria-live="polite">
          {hasMore ? "loading more…" : rows.length > 20 ? "no older trace" : ""}
        </div>
      </section>
    </div>
  );
}
