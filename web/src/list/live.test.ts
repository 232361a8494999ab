import { expect, test } from "vitest";
import type { TraceRow } from "../api";
import { join, newestFirst, refresh } from "./live";

const row = (id: string, start: number, status = "OK") =>
  ({ trace_id: id, start_time_ns: String(start), status }) as TraceRow;
const ids = (rows: TraceRow[]) => rows.map((r) => r.trace_id).join("");

test("new rows go in above, in the order of the server", () => {
  const known = [row("c", 30), row("b", 20), row("a", 10)];
  const joined = join(known, [row("d", 40), row("c", 30)], false);
  expect(ids(joined.rows)).toBe("dcba");
  expect(joined).toMatchObject({ fresh: 1, joined: true });
});

test("a trace that arrives late lands at its time, one that left the filter goes", () => {
  const known = [row("c", 30), row("b", 20), row("a", 10)];
  expect(ids(join(known, [row("c", 30), row("x", 25), row("a", 10)], false).rows)).toBe("cxa");
});

test("a head that no longer reaches the known rows replaces them", () => {
  const joined = join([row("a", 10)], [row("z", 90), row("y", 80)], false);
  expect(ids(joined.rows)).toBe("zy");
  expect(joined).toMatchObject({ fresh: 2, joined: false });
});

test("a head that is the whole list is the list, also when it became empty", () => {
  expect(ids(join([row("a", 10)], [], true).rows)).toBe("");
  expect(ids(join([], [row("a", 10)], true).rows)).toBe("a");
});

test("refreshing changes facts and moves nothing", () => {
  const rows = refresh([row("b", 20), row("a", 10)], [row("c", 30), row("a", 10, "ERROR")]);
  expect(rows.map((r) => `${r.trace_id}${r.status}`)).toEqual(["bOK", "aERROR"]);
});

test("start times order as numbers, not as text", () => {
  expect([row("a", 9), row("b", 10), row("c", 10)].sort(newestFirst).map((r) => r.trace_id)).toEqual([
    "c",
    "b",
    "a",
  ]);
});
