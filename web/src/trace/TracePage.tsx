/** One trace: header, outline with waterfall, and what the selected span holds. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { ApiError, getTrace, type TraceTree } from "../api";
import { nsToMs } from "../format";
import { useKeys } from "../keys";
import { lastListSearch } from "../list/lastSearch";
import type { TraceSearch } from "../search";
import { isRunning } from "../state";
import controls from "../ui/controls.module.css";
import { ErrorLine, ErrorNotice, Notice } from "../ui/Notice";
import { useTitle } from "../useTitle";
import { Outline } from "./Outline";
import { Resizer, useOutlineWidth } from "./Resizer";
import { SpanPane } from "./SpanPane";
import { TraceHeader } from "./TraceHeader";
import styles from "./TracePage.module.css";
import {
  buildTree,
  collapseAll,
  findRows,
  hasChildren,
  isFailed,
  nextFailure,
  reveal,
  visibleRows,
} from "./tree";
import { buildWaterfall } from "./waterfall";

const YOUNG_MS = 60_000;
const POLL_MS = 2000;

interface Props {
  traceId: string;
  search: TraceSearch;
}

export function TracePage({ traceId, search }: Props) {
  const trace = useQuery({
    queryKey: ["trace", traceId],
    queryFn: ({ signal }) => getTrace(traceId, signal),
    refetchInterval: (query) => pollEvery(query.state.data),
  });
  useTitle(trace.data?.trace.name ?? "Trace");

  if (trace.data === undefined) {
    if (trace.error instanceof ApiError && trace.error.status === 404)
      return <NoSuchTrace traceId={traceId} />;
    if (trace.error !== null) {
      return <ErrorNotice error={trace.error} what="this trace" onRetry={() => trace.refetch()} />;
    }
    return <div className={controls.progress} role="progressbar" aria-label="Loading the trace" />;
  }
  return (
    <>
      {trace.error !== null && <ErrorLine error={trace.error} what="this trace" />}
      <Loaded traceId={traceId} search={search} data={trace.data} />
    </>
  );
}

function Loaded({ traceId, search, data }: Props & { data: TraceTree }) {
  const navigate = useNavigate();
  const findField = useRef<HTMLInputElement>(null);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [find, setFind] = useState("");
  const [width, setWidth] = useOutlineWidth();

  const tree = useMemo(() => buildTree(data.spans), [data.spans]);
  const waterfall = useMemo(() => buildWaterfall(data.spans), [data.spans]);
  const found = useMemo(() => (find.trim() === "" ? null : findRows(tree, find)), [tree, find]);
  const rows = useMemo(() => found?.rows ?? visibleRows(tree, collapsed), [found, tree, collapsed]);

  const wanted = search.span ?? data.trace.root_span_id;
  const selected = Math.max(0, (wanted === null ? undefined : tree.indexById.get(wanted)) ?? 0);
  const span = tree.spans[selected];
  const missing = search.span !== undefined && !tree.indexById.has(search.span) ? search.span : null;

  function select(index: number) {
    const target = tree.spans[index];
    if (target === undefined) return;
    setCollapsed((old) => reveal(tree, old, index));
    navigate({
      to: "/ui/traces/$traceId",
      params: { traceId },
      search: (old) => ({ ...old, span: target.span_id }),
      replace: true,
    });
  }

  function toggle(index: number) {
    const target = tree.spans[index];
    if (target === undefined || !hasChildren(tree, index)) return;
    setCollapsed((old) => {
      const next = new Set(old);
      if (!next.delete(target.span_id)) next.add(target.span_id);
      return next;
    });
  }

  function step(by: number) {
    const at = rows.indexOf(selected);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
    if (next !== undefined) select(next);
  }

  function sideways(direction: "open" | "close") {
    const isCollapsed = span !== undefined && collapsed.has(span.span_id);
    if (direction === "open") {
      if (isCollapsed) toggle(selected);
      else if (hasChildren(tree, selected)) select(selected + 1);
    } else if (found === null && hasChildren(tree, selected) && !isCollapsed) toggle(selected);
    else if ((tree.parent[selected] ?? -1) >= 0) select(tree.parent[selected] as number);
  }

  /** Tabs and panes that scroll keep the arrow keys for themselves. */
  const own = (act: () => void) => (event: KeyboardEvent) => {
    if (event.target instanceof HTMLElement && event.target.closest("[data-own-arrows]") !== null)
      return false;
    act();
  };

  function closeAll() {
    setCollapsed(collapseAll(tree));
    // The selection stays in sight: it moves to the root above it.
    let root = selected;
    while ((tree.parent[root] ?? -1) >= 0) root = tree.parent[root] as number;
    const top = tree.spans[root];
    if (top !== undefined && root !== selected) {
      navigate({
        to: "/ui/traces/$traceId",
        params: { traceId },
        search: (old) => ({ ...old, span: top.span_id }),
        replace: true,
      });
    }
  }

  useKeys({
    ArrowDown: own(() => step(1)),
    ArrowUp: own(() => step(-1)),
    ArrowRight: own(() => sideways("open")),
    ArrowLeft: own(() => sideways("close")),
    Home: own(() => select(rows[0] ?? 0)),
    End: own(() => select(rows.at(-1) ?? 0)),
    "[": closeAll,
    "]": () => setCollapsed(new Set()),
    ".": () => {
      const next = nextFailure(tree, selected);
      if (next >= 0) select(next);
    },
    "/": () => findField.current?.focus(),
    u: () => navigate({ to: "/ui/traces", search: lastListSearch() }),
  });

  return (
    <>
      <TraceHeader trace={data.trace} spans={data.spans} rootFailed={rootFailed(data)} />
      <div className={styles.panes} style={{ "--outline": `${width}px` } as React.CSSProperties}>
        <Outline
          tree={tree}
          waterfall={waterfall}
          rows={rows}
          found={found}
          selected={selected}
          collapsed={collapsed}
          find={find}
          setFind={setFind}
          findField={findField}
          select={select}
          toggle={toggle}
          step={step}
        />
        <Resizer width={width} setWidth={setWidth} />
        {missing !== null && (
          <section className={styles.rest}>
            <Notice title="This span is not in the trace">
              <p>
                The address asks for span <span className="mono">{missing}</span>, which is not stored. It may
                not have arrived yet. Choose another span on the left.
              </p>
            </Notice>
          </section>
        )}
        {missing === null && span !== undefined && (
          <SpanPane traceId={traceId} trace={data.trace} row={span} tab={search.tab ?? "content"} />
        )}
        {span === undefined && (
          <section className={styles.rest}>
            <Notice title="This trace has no spans" />
          </section>
        )}
      </div>
    </>
  );
}

/** A trace counts as failed when any span did; the run itself may still have completed. */
function rootFailed(data: TraceTree): boolean {
  return data.spans.some((span) => span.depth === 0 && isFailed(span));
}

function NoSuchTrace({ traceId }: { traceId: string }) {
  return (
    <Notice
      title="There is no such trace"
      action={
        <Link to="/ui/traces" search={{}} className={controls.btn}>
          All traces
        </Link>
      }
    >
      <p>
        No span of trace <span className="mono">{traceId}</span> is in this database. The id may be wrong, the
        trace may not have arrived yet, or it was deleted.
      </p>
    </Notice>
  );
}

function pollEvery(data: TraceTree | undefined): number | false {
  if (data === undefined) return false;
  const { trace } = data;
  const quietMs = Date.now() - nsToMs(trace.end_time_ns ?? trace.start_time_ns);
  return quietMs < YOUNG_MS || isRunning(trace) ? POLL_MS : false;
}
