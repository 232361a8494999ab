import { expect, test } from "vitest";
import { age, bytes, cost, count, duration, figure, logShare, plural, shortId, tokens } from "./format";

test.each([
  [null, "–"],
  [0, "0 s"],
  [840, "840 ns"],
  [12_345, "12 µs"],
  [212_000_000, "212 ms"],
  [9_340_000, "9.3 ms"],
  [30_000_000, "30 ms"],
  [999_600_000, "1.00 s"],
  [1_920_000_000, "1.92 s"],
  [14_820_000_000, "14.8 s"],
  [59_999_000_000, "1 m 00 s"],
  [125_000_000_000, "2 m 05 s"],
  [3_720_000_000_000, "1 h 02 m"],
  [200_000_000_000_000, "2 d 8 h"],
  [-5_000_000, "-5 ms"],
])("duration(%j) reads %s", (ns, text) => expect(duration(ns)).toBe(text));

test.each([
  [null, "–"],
  [0, "0"],
  [999, "999"],
  [4_100, "4.1k"],
  [999_960, "1.0M"],
  [120_000_000, "120M"],
])("tokens(%j) reads %s", (value, text) => expect(tokens(value)).toBe(text));

test.each([
  [null, "–"],
  [0, "$0"],
  [43_100_000, "$0.0431"],
  [550_000, "$0.00055"],
  [120, "$0.00000012"],
  [1, "$0.000000001"],
  [12_340_000_000, "$12.34"],
  [1_234_000_000_000, "$1,234"],
])("cost(%j) reads %s", (value, text) => expect(cost(value)).toBe(text));

test("age uses one unit and never goes below zero", () => {
  const ns = (ms: number) => `${ms}000000`;
  const now = 1_795_221_481_000;
  expect(age(ns(now + 5_000), now)).toBe("0 s");
  expect(age(ns(now - 2_000), now)).toBe("2 s");
  expect(age(ns(now - 31 * 60_000), now)).toBe("31 min");
  expect(age(ns(now - 5 * 3_600_000), now)).toBe("5 h");
  expect(age(ns(now - 3 * 86_400_000), now)).toBe("3 d");
  expect(age(ns(now - 40 * 86_400_000), now)).toMatch(/^\d+ \w{3} \d{4}$/);
});

test("sizes, counts and ids", () => {
  expect(bytes(12)).toBe("12 B");
  expect(bytes(4_400)).toBe("4.4 kB");
  expect(bytes(20_480_000)).toBe("20.5 MB");
  expect(count(18_204)).toBe("18,204");
  expect(plural(1, "span")).toBe("1 span");
  expect(plural(2, "span")).toBe("2 spans");
  expect(shortId("3a983d02c7f74f006864ce78c9bd58e4")).toBe("3a983d…58e4");
  expect(shortId("run-1")).toBe("run-1");
});

test("the duration bar is a share between a sliver and full", () => {
  expect(logShare(null)).toBe(0.02);
  expect(logShare(1e15)).toBe(1);
  expect(logShare(30e9)).toBeGreaterThan(logShare(1e9));
});

test.each([
  [null, "–"],
  [0.91342, "0.913"],
  [1, "1"],
  [-0.5, "-0.5"],
  [42.0491, "42"],
  [12_345.6, "12,346"],
  [0.0000000123, "1.2e-8"],
])("figure(%j) reads %s", (value, text) => expect(figure(value)).toBe(text));
