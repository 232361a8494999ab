/** The rows of the list: pages by cursor below, the newest page polled above. */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { listTraces, type TracePage, type TraceRow } from "../api";
import { filtersOf, type ListSearch, toQuery } from "../search";
import { join, refresh } from "./live";

const PAGE_ROWS = 50;
const POLL_MS = 2000;

interface Pages {
  pages: TracePage[];
  pageParams: (string | undefined)[];
}

/** `mayMove` says whether rows may shift now, or the reader is pointing at one. */
export function useTraceList(search: ListSearch, mayMove: () => boolean) {
  const client = useQueryClient();
  const filters = filtersOf(search);
  const filtersKey = JSON.stringify(filters);
  const [held, setHeld] = useState(0);

  const list = useInfiniteQuery({
    queryKey: ["traces", filters],
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...toQuery(filters, Date.now()), limit: PAGE_ROWS, cursor: pageParam };
      const page = await listTraces(query, signal);
      if (pageParam === undefined) client.setQueryData(["traces-head", filters], page);
      return page;
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    // After a failed first load the server may come back while the page stays open.
    refetchInterval: (query) =>
      query.state.status === "error" && query.state.data === undefined ? 5000 : false,
  });

  const settled = list.data !== undefined && !list.isPlaceholderData;
  const head = useQuery({
    queryKey: ["traces-head", filters],
    queryFn: ({ signal }) => listTraces({ ...toQuery(filters, Date.now()), limit: PAGE_ROWS }, signal),
    enabled: settled,
    staleTime: POLL_MS / 2,
    retry: false,
    refetchInterval: search.live === "off" ? false : POLL_MS,
  });

  const place = useCallback(
    (move: boolean) => {
      const key = ["traces", JSON.parse(filtersKey) as ListSearch];
      const pages = client.getQueryData<Pages>(key);
      const newest = client.getQueryData<TracePage>(["traces-head", key[1]]);
      if (pages === undefined || newest === undefined) return;
      const known = pages.pages.flatMap((page) => page.data);
      const joined = join(known, newest.data, newest.next_cursor === null);
      const apply = move || joined.fresh === 0;
      setHeld(apply ? 0 : joined.fresh);
      const rows = apply ? joined.rows : refresh(known, newest.data);
      if (sameRows(rows, known)) return;
      const cursorOf = apply && (!joined.joined || newest.next_cursor === null) ? newest : pages.pages.at(-1);
      client.setQueryData<Pages>(key, {
        pages: [{ data: rows, next_cursor: cursorOf?.next_cursor ?? null }],
        pageParams: [undefined],
      });
    },
    [client, filtersKey],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer of the poll is one placement.
  useEffect(() => {
    if (settled) place(mayMove());
  }, [head.dataUpdatedAt, settled, place]);

  const rows: TraceRow[] = unique(list.data?.pages.flatMap((page) => page.data) ?? []);
  return { list, rows, settled, pollError: head.error, held, release: () => place(true) };
}

/** A trace that grew between two pages can be on both. */
function unique(rows: TraceRow[]): TraceRow[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(row.trace_id) && seen.add(row.trace_id));
}

function sameRows(a: TraceRow[], b: TraceRow[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index]);
}
