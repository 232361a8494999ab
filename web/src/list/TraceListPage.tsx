/** The list of traces: filters left, newest first, live. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { listTraces } from "../api";
import { useKeys } from "../keys";
import { hasFilters, type ListSearch } from "../search";
import controls from "../ui/controls.module.css";
import { ErrorLine, ErrorNotice, Notice } from "../ui/Notice";
import { useTitle } from "../useTitle";
import { EmptyDatabase } from "./EmptyDatabase";
import { Facets } from "./Facets";
import { rememberListSearch } from "./lastSearch";
import { TopBar } from "./TopBar";
import styles from "./TraceListPage.module.css";
import { TraceTable, type TraceTableHandle } from "./TraceTable";
import { useTraceList } from "./useTraceList";

export function TraceListPage({ search }: { search: ListSearch }) {
  const navigate = useNavigate();
  const table = useRef<TraceTableHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const { list, rows, settled, pollError, held, release } = useTraceList(
    search,
    () => table.current?.mayMove() ?? true,
  );
  useTitle("Traces");
  rememberListSearch(search);

  const isEmpty = settled && rows.length === 0;
  const any = useQuery({
    queryKey: ["any-trace"],
    queryFn: ({ signal }) => listTraces({ limit: 1 }, signal),
    enabled: isEmpty && hasFilters(search),
    staleTime: 5000,
  });
  const databaseIsEmpty = isEmpty && (!hasFilters(search) || any.data?.data.length === 0);

  const change = useCallback(
    (patch: Partial<ListSearch>) => {
      navigate({ to: "/ui/traces", search: (old) => ({ ...old, ...patch }) as ListSearch });
    },
    [navigate],
  );

  useKeys({
    "/": () => searchField.current?.focus(),
    l: () => change({ live: search.live === "off" ? undefined : "off" }),
  });

  return (
    <>
      {list.isFetching && (
        <div className={controls.progress} role="progressbar" aria-label="Loading traces" />
      )}
      <TopBar search={search} change={change} searchField={searchField} pollFailed={pollError !== null} />
      {settled && (pollError ?? list.error) !== null && (
        <ErrorLine error={pollError ?? list.error} what="the traces" />
      )}
      <div className={styles.body}>
        <Facets search={search} change={change} rows={rows} />
        <section className={styles.rows} aria-label="Traces">
          {list.data === undefined && list.error !== null && (
            <ErrorNotice error={list.error} what="the traces" onRetry={() => list.refetch()} />
          )}
          {databaseIsEmpty && <EmptyDatabase live={search.live !== "off"} />}
          {isEmpty && !databaseIsEmpty && any.data !== undefined && (
            <Notice
              title="No trace matches these filters"
              action={
                <button
                  type="button"
                  className={`${controls.btn} ${controls.primary}`}
                  onClick={() => navigate({ to: "/ui/traces", search: { live: search.live } })}
                >
                  Clear filters
                </button>
              }
            >
              <p className="muted">There are traces in the database, but none for: {inWords(search)}.</p>
            </Notice>
          )}
          {rows.length > 0 && (
            <TraceTable
              handle={table}
              key={JSON.stringify({ ...search, live: undefined })}
              rows={rows}
              stale={!settled}
              hasMore={list.hasNextPage}
              loadMore={() => {
                if (!list.isFetchingNextPage && !list.isFetchNextPageError) list.fetchNextPage();
              }}
              held={held}
              release={release}
              change={change}
            />
          )}
        </section>
      </div>
    </>
  );
}

function inWords(search: ListSearch): string {
  const words: string[] = [];
  for (const [key, value] of Object.entries(search)) {
    if (key === "live") continue;
    words.push(key === "agent_only" ? "agent runs only" : `${key.replace("_id", "")} ${value}`);
  }
  return words.join(", ");
}
