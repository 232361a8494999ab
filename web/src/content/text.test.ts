import { expect, test } from "vitest";
import { cutText } from "./cut";
import { jsonTokens } from "./jsonTokens";

test("text is cut by lines or by characters, and not for the sake of a few", () => {
  expect(cutText("a\nb\nc\nd", 2, 100)).toBe("a\nb");
  expect(cutText("x".repeat(110), 10, 100)).toHaveLength(110);
  expect(cutText("x".repeat(300), 10, 100)).toHaveLength(100);
  expect(cutText("", 2, 100)).toBe("");
});

test("a cut never halves a character", () => {
  expect(cutText("🎈".repeat(100), 10, 51)).toBe("🎈".repeat(25));
});

test("the pieces of JSON are the whole text again, also when cut short", () => {
  const text = JSON.stringify({ a: [1, true, null, 'b\\"c'], d: { e: -1.5e3 } }, null, 2);
  for (const part of [text, text.slice(0, 31)]) {
    expect(
      jsonTokens(part)
        .map((token) => token.text)
        .join(""),
    ).toBe(part);
  }
  expect(jsonTokens('{"a":"b"}').map((token) => token.kind)).toEqual([
    "plain",
    "key",
    "plain",
    "string",
    "plain",
  ]);
});
