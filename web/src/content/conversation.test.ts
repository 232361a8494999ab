import { expect, test } from "vitest";
import type { Message } from "../api";
import { splitMessages } from "./conversation";

const say = (role: string, content: string): Message => ({
  role,
  name: null,
  parts: [{ type: "text", content }],
  finish_reason: null,
});

test("the system prompt and what came before the last question are apart", () => {
  const split = splitMessages(
    [
      say("system", "s"),
      say("user", "1"),
      say("assistant", "2"),
      say("user", "3"),
      say("assistant", "4"),
      say("user", "5"),
      say("assistant", "6"),
    ],
    [],
  );
  expect(split.system).toHaveLength(1);
  expect(split.earlier.map((m) => m.parts[0]?.content)).toEqual(["1", "2", "3", "4"]);
  expect(split.recent.map((m) => m.parts[0]?.content)).toEqual(["5", "6"]);
});

test("a short conversation is not folded, and calls give results their names", () => {
  const call: Message = {
    role: "assistant",
    name: null,
    parts: [{ type: "tool_call", id: "c1", name: "get_weather" }],
    finish_reason: null,
  };
  const split = splitMessages([say("user", "1"), call, say("user", "2")], []);
  expect(split.earlier).toHaveLength(0);
  expect(split.toolNames.get("c1")).toBe("get_weather");
});
