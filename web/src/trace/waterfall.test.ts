import { expect, test } from "vitest";
import { spanRow } from "./fixture";
import { bar, buildWaterfall } from "./waterfall";

const T = 1_795_221_481_206_258_163n;
const at = (start: bigint, end: bigint | null) =>
  spanRow("s", 0, { start_time_ns: String(T + start), end_time_ns: end === null ? null : String(T + end) });

test("bars are shares of the whole, exact to the nanosecond", () => {
  const waterfall = buildWaterfall([at(0n, 1000n), at(250n, 500n), at(999n, 1000n)]);
  expect(waterfall.total_ns).toBe(1000);
  expect(bar(waterfall, 1)).toEqual({ left: 25, width: 25, running: false });
  expect(bar(waterfall, 2).left).toBeCloseTo(99.9);
});

test("a child that starts before its parent moves the start of the clock", () => {
  const waterfall = buildWaterfall([at(500n, 1000n), at(0n, 250n)]);
  expect(waterfall.base).toBe(T);
  expect(bar(waterfall, 0)).toEqual({ left: 50, width: 50, running: false });
});

test("a span without an end runs to the end of the clock", () => {
  const waterfall = buildWaterfall([at(0n, null), at(0n, 400n)]);
  expect(bar(waterfall, 0)).toEqual({ left: 0, width: 100, running: true });
});

test("an end before the start is an empty bar, no time at all a full one", () => {
  expect(bar(buildWaterfall([at(100n, 50n), at(0n, 200n)]), 0).width).toBe(0);
  expect(bar(buildWaterfall([at(0n, 0n)]), 0).width).toBe(100);
  expect(buildWaterfall([]).total_ns).toBe(0);
});
