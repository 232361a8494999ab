import { expect, test } from "vitest";
import { costMissing, costSource, traceCost, whyUnpriced } from "./costs";
import { spanRow } from "./trace/fixture";

const call = (cost_missing: string | null, more = {}) => spanRow("a", 0, { cost_missing, ...more });

test.each([
  ["unknown_model", "no price for this model: add it under [[prices]]"],
  ["unknown_provider", "no price for this provider: add one under [[prices]]"],
  ["no_usage", "the call reports no tokens"],
  ["no_model", "the call names no model"],
  ["invalid_usage", "its counts of tokens contradict each other"],
  ["a new reason", "a new reason"],
])("without a cost for %s: %s", (missing, text) => expect(costMissing(call(missing))?.text).toBe(text));

test("nothing is said of what is no call, and of a call that failed before it used tokens", () => {
  expect(costMissing(call(null))).toBeNull();
  expect(costMissing(call("no_usage", { status_code: "ERROR" }))).toBeNull();
  expect(costMissing(call("unknown_model", { status_code: "ERROR" }))).not.toBeNull();
});

test("the advice names the model that answered and the provider", () => {
  const named = { model: "house", response_model: "house-7b", provider: "acme" };
  expect(costMissing(call("unknown_model", named))?.title).toContain("house-7b is in no price list");
  expect(costMissing(call("unknown_provider", named))?.title).toContain("No price list knows acme");
});

test("a cost says where it comes from", () => {
  expect(costSource(null)).toBeNull();
  expect(costSource("reported")?.text).toBe("as the span reports it");
  expect(costSource("config")?.text).toBe("by your own prices");
  expect(costSource("genai-prices")?.text).toBe("by list price");
  expect(costSource("elsewhere")?.text).toBe("elsewhere");
});

test("the cost of a trace says when it is only a part", () => {
  const of = (cost_nano_usd: number | null, unpriced_call_count: number) =>
    traceCost({ cost_nano_usd, unpriced_call_count });
  expect(of(null, 0)).toBeNull();
  expect(of(43_100_000, 0)).toEqual({ text: "$0.0431", title: undefined });
  expect(of(43_100_000, 1)).toEqual({
    text: "≥ $0.0431",
    title: "At least this much: what 1 model call more cost is not known.",
  });
  expect(of(null, 2)).toEqual({ text: "?", title: "Not known: what 2 model calls cost." });
});

test("the reasons of a trace are counted by model", () => {
  const house = { model: "house-7b" };
  expect(
    whyUnpriced([
      call("unknown_model", house),
      call("unknown_model", house),
      call(null),
      call("no_usage", { status_code: "ERROR" }),
      call("no_model"),
    ]),
  ).toBe(
    "2 calls, house-7b: no price for this model: add it under [[prices]]\n1 call, the call names no model",
  );
});
