import { expect, test } from "vitest";
import { spanRow, traceRow } from "./trace/fixture";
import { isNamedIn, learnNames, noNames, runners, runnersOf } from "./who";

test("names come before ids, and the outermost before the inner", () => {
  const row = traceRow({
    agent_id: "a-1",
    team_id: "t-1",
    team_name: "Content Team",
    workflow_name: "Daily",
  });
  expect(runners(row).map(({ kind, id, name }) => [kind, id, name])).toEqual([
    ["workflow", null, "Daily"],
    ["team", "t-1", "Content Team"],
    ["agent", "a-1", "a-1"],
  ]);
  expect(runners(traceRow())).toEqual([]);
});

test("a span's own agent stands before that of its trace, and never with the other's id", () => {
  const span = spanRow("a", 0, { agent_name: "Writer" });
  const trace = traceRow({ agent_id: "a-1", agent_name: "Lead", team_id: "t-1" });
  expect(runnersOf(span, trace).map(({ kind, id, name }) => [kind, id, name])).toEqual([
    ["team", "t-1", "t-1"],
    ["agent", null, "Writer"],
  ]);
});

test("the name of a run often tells who ran", () => {
  expect(isNamedIn("Research Agent", "Research_Agent.run")).toBe(true);
  expect(isNamedIn("Research Agent", "POST /chat")).toBe(false);
});

test("names are learnt from rows and stay", () => {
  const names = noNames();
  learnNames(names, [traceRow({ agent_id: "a-1", agent_name: "Lead" }), traceRow({ agent_id: "a-2" })]);
  learnNames(names, [traceRow({ agent_id: "a-1", agent_name: "Other" })]);
  expect([...names.agent]).toEqual([["a-1", "Lead"]]);
});
