import { expect, test } from "vitest";
import { errorName } from "../state";
import { metadataLines, modelLine, parameterLines } from "./details";

test.each([
  [null, null, null],
  ["gpt-4o-mini", null, "gpt-4o-mini"],
  [null, "gpt-4o-mini", "gpt-4o-mini"],
  ["gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini"],
  ["gpt-4o-mini", "gpt-4o-mini-2024-07-18", "gpt-4o-mini → gpt-4o-mini-2024-07-18"],
])("the model asked for %j, answered by %j, reads %j", (model, response_model, line) =>
  expect(modelLine({ model, response_model })).toBe(line),
);

test("standard parameters come first, and those of the framework only if they are others", () => {
  expect(
    parameterLines({
      parameters: { temperature: 0.2, max_tokens: 800, stop_sequences: ["\n", "END"], seed: null },
      invocation_parameters: {
        model: "gpt-4o",
        temperature: 0.2,
        maxOutputTokens: 800,
        stop: "END",
        tool_choice: "auto",
        response_format: { type: "json" },
        user: "x".repeat(100),
      },
    }),
  ).toEqual([
    ["temperature", "0.2"],
    ["max_tokens", "800"],
    ["stop_sequences", '"\\n", "END"'],
    ["tool_choice", "auto"],
  ]);
  expect(parameterLines(undefined)).toEqual([]);
  expect(parameterLines({ parameters: {}, invocation_parameters: "temperature=1" })).toEqual([]);
});

test("metadata reads as text, nested values as JSON", () => {
  expect(metadataLines({ plan: "free", seats: 3, nested: { a: [1] }, none: null, empty: "" })).toEqual([
    ["plan", "free"],
    ["seats", "3"],
    ["nested", '{"a":[1]}'],
  ]);
  expect(metadataLines(undefined)).toEqual([]);
});

test("an error of which nobody said more has no name", () => {
  expect(errorName("ValueError")).toBe("ValueError");
  expect(errorName("_OTHER")).toBeNull();
  expect(errorName(null)).toBeNull();
});
