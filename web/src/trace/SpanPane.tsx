/** The selected span: its content, attributes, events and raw form, and a summary beside them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { KeyboardEvent } from "react";
import { getSpan, type SpanDetail, type SpanRow, type TraceRow } from "../api";
import { Content } from "../content/Content";
import { duration, tokens } from "../format";
import { TABS, type Tab } from "../search";
import controls from "../ui/controls.module.css";
import { ErrorNotice } from "../ui/Notice";
import { StatusDot } from "../ui/StatusDot";
import { TypeChip, typeWord } from "../ui/TypeChip";
import { AttributesTab } from "./AttributesTab";
import { EventsTab } from "./EventsTab";
import { RawTab } from "./RawTab";
import styles from "./SpanPane.module.css";
import { Summary } from "./Summary";

const WORDS: Record<Tab, string> = {
  content: "Content",
  attributes: "Attributes",
  events: "Events",
  raw: "Raw",
};

interface Props {
  traceId: string;
  trace: TraceRow;
  row: SpanRow;
  tab: Tab;
}

export function SpanPane({ traceId, trace, row, tab }: Props) {
  const span = useQuery({
    // What was received later for the same span shows in its end and status, and so asks again.
    queryKey: ["span", traceId, row.span_id, row.end_time_ns, row.status_code],
    queryFn: ({ signal }) => getSpan(traceId, row.span_id, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  const isStale = span.data !== undefined && span.data.span_id !== row.span_id;

  return (
    <section className={styles.pane} aria-label="Selected span">
      {span.isFetching && (
        <div className={controls.progress} role="progressbar" aria-label="Loading the span" />
      )}
      <div className={styles.title}>
        <TypeChip type={row.span_type} />
        <h2 className="cut" title={row.name}>
          {row.name}
        </h2>
        <span className={`${styles.brief} faint`}>{brief(row)}</span>
        {row.status_code === "ERROR" && (
          <span className={styles.bad}>
            <StatusDot state="failed" label="" /> Failed
          </span>
        )}
      </div>
      <Tabs tab={tab} traceId={traceId} row={row} detail={isStale ? undefined : span.data} />
      <div className={styles.body}>
        <div
          className={`${styles.main} ${isStale ? styles.stale : ""}`}
          role="tabpanel"
          id="span-panel"
          aria-labelledby={`tab-${tab}`}
          tabIndex={0}
          data-own-arrows
          key={`${row.span_id} ${tab}`}
        >
          {span.data === undefined && span.error !== null && (
            <ErrorNotice error={span.error} what="this span" onRetry={() => span.refetch()} />
          )}
          {span.data !== undefined && <Panel tab={tab} detail={span.data} />}
        </div>
        <aside className={styles.summary} aria-label="Summary" tabIndex={0} data-own-arrows>
          <Summary trace={trace} row={row} detail={isStale ? undefined : span.data} />
        </aside>
      </div>
    </section>
  );
}

function Panel({ tab, detail }: { tab: Tab; detail: SpanDetail }) {
  switch (tab) {
    case "content":
      return <Content key={detail.span_id} detail={detail} />;
    case "attributes":
      return <AttributesTab key={detail.span_id} detail={detail} />;
    case "events":
      return <EventsTab detail={detail} />;
    case "raw":
      return <RawTab key={detail.span_id} detail={detail} />;
  }
}

interface TabsProps {
  tab: Tab;
  traceId: string;
  row: SpanRow;
  detail: SpanDetail | undefined;
}

function Tabs({ tab, traceId, row, detail }: TabsProps) {
  const navigate = useNavigate();
  const open = (next: Tab) =>
    navigate({
      to: "/ui/traces/$traceId",
      params: { traceId },
      search: { span: row.span_id, tab: next === "content" ? undefined : next },
      replace: true,
    });
  function onKey(event: KeyboardEvent) {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length] as Tab;
    open(next);
    document.getElementById(`tab-${next}`)?.focus();
  }
  return (
    <div className={styles.tabs} role="tablist" aria-label="Views of the span" data-own-arrows>
      {TABS.map((each) => (
        <button
          key={each}
          id={`tab-${each}`}
          type="button"
          role="tab"
          aria-selected={each === tab}
          aria-controls="span-panel"
          tabIndex={each === tab ? 0 : -1}
          onClick={() => open(each)}
          onKeyDown={onKey}
        >
          {WORDS[each]}
          {each === "events" && detail !== undefined && detail.events.length > 0 && (
            <span className="faint"> {detail.events.length}</span>
          )}
        </button>
      ))}
    </div>
  );
}

function brief(row: SpanRow): string {
  const parts = [
    row.model ?? row.response_model ?? (row.span_type === "OTHER" ? null : typeWord(row.span_type)),
  ];
  parts.push(row.duration_ns === null ? "running" : duration(row.duration_ns));
  if (row.input_tokens !== null || row.output_tokens !== null) {
    // An embedding has no tokens of output.
    const isOneWay = row.output_tokens === null;
    parts.push(
      isOneWay
        ? `${tokens(row.input_tokens)} tokens`
        : `${tokens(row.input_tokens)} → ${tokens(row.output_tokens)}`,
    );
  }
  return parts.filter((part) => part !== null).join(" · ");
}
