import { expect, test } from "vitest";
import { hasFilters, parseSearch, readListSearch, readTraceSearch, toQuery, writeSearch } from "./search";

test("unknown and malformed values are dropped, known ones kept", () => {
  expect(
    readListSearch({
      status: "error",
      range: "3y",
      name: "  refund ",
      live: "on",
      from: "not a date",
      x: "1",
    }),
  ).toEqual({ status: "ERROR", name: "refund" });
});

test("ids that look like numbers stay text through the address bar", () => {
  const search = readListSearch(parseSearch("?user_id=1e3&session_id=007&agent_only=true&live=off"));
  expect(search).toEqual({ user_id: "1e3", session_id: "007", agent_only: "true", live: "off" });
  expect(writeSearch({ ...search })).toBe("?user_id=1e3&session_id=007&agent_only=true&live=off");
  expect(readListSearch(parseSearch(writeSearch({ ...search })))).toEqual(search);
});

test("an absolute range wins over a relative one", () => {
  const search = readListSearch({ range: "1h", from: "2026-11-01T00:00:00Z" });
  expect(search).toEqual({ from: "2026-11-01T00:00:00.000Z" });
});

test("a relative range counts back from now", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(toQuery({ range: "24h", status: "OK", live: "off" }, now)).toEqual({
    status: "OK",
    start_time: "2026-11-20T12:00:00.000Z",
  });
});

test("live alone is no filter", () => {
  expect(hasFilters({ live: "off" })).toBe(false);
  expect(hasFilters({ agent_only: "true" })).toBe(true);
});

test("the trace page takes a span and a known tab", () => {
  expect(readTraceSearch({ span: "e2d1", tab: "raw" })).toEqual({ span: "e2d1", tab: "raw" });
  expect(readTraceSearch({ span: "", tab: "sql" })).toEqual({});
});
