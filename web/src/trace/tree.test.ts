import { expect, test } from "vitest";
import { spanRow } from "./fixture";
import { buildTree, collapseAll, findRows, nextFailure, reveal, visibleRows } from "./tree";

//  a ─ b ─ c(failed)
//    └ d
//  e
const small = buildTree([
  spanRow("a", 0),
  spanRow("b", 1),
  spanRow("c", 2, { status_code: "ERROR", tool_name: "get_filing" }),
  spanRow("d", 1),
  spanRow("e", 0),
]);

test("parents, ends and failures below are known", () => {
  expect([...small.parent]).toEqual([-1, 0, 1, 0, -1]);
  expect([...small.end]).toEqual([4, 3, 3, 4, 5]);
  expect([...small.failedBelow]).toEqual([1, 1, 0, 0, 0]);
});

test("collapsing hides the subtree, revealing opens only what is above", () => {
  expect(visibleRows(small, new Set())).toEqual([0, 1, 2, 3, 4]);
  expect(visibleRows(small, new Set(["b"]))).toEqual([0, 1, 3, 4]);
  expect(visibleRows(small, new Set(["a", "b"]))).toEqual([0, 4]);
  expect(collapseAll(small)).toEqual(new Set(["a", "b"]));
  expect(reveal(small, new Set(["a", "b", "e"]), 2)).toEqual(new Set(["e"]));
  const same = new Set(["e"]);
  expect(reveal(small, same, 2)).toBe(same);
});

test("finding keeps the ancestors of hits", () => {
  expect(findRows(small, "FILING")).toEqual({ rows: [0, 1, 2], hits: [2] });
  expect(findRows(small, "nothing")).toEqual({ rows: [], hits: [] });
});

test("the next failure wraps round and is -1 without failures", () => {
  expect(nextFailure(small, -1)).toBe(2);
  expect(nextFailure(small, 2)).toBe(2);
  expect(nextFailure(buildTree([spanRow("a", 0)]), 0)).toBe(-1);
  expect(nextFailure(buildTree([]), -1)).toBe(-1);
});

test("10,000 spans and a chain 5,000 deep are walked without recursion and fast", () => {
  const wide = buildTree([
    spanRow("root", 0),
    ...Array.from({ length: 9_999 }, (_, i) => spanRow(`s${i}`, 1 + (i % 3), { name: `step ${i}` })),
  ]);
  const deep = buildTree(Array.from({ length: 5_000 }, (_, i) => spanRow(`d${i}`, i)));
  const before = performance.now();
  expect(visibleRows(wide, new Set())).toHaveLength(10_000);
  expect(visibleRows(wide, collapseAll(wide))).toHaveLength(1);
  expect(findRows(wide, "step 9998").hits).toHaveLength(1);
  expect(visibleRows(deep, new Set(["d100"]))).toHaveLength(101);
  expect(findRows(deep, "d4999").rows).toHaveLength(5_000);
  expect(reveal(deep, collapseAll(deep), 4_999).size).toBe(0);
  expect(performance.now() - before).toBeLessThan(500);
});
