"""Every cell of the table "what gets captured", for agents, teams and workflows, in every way to run them.

| What            | Captured                                                              |
|-----------------|-----------------------------------------------------------------------|
| Run             | agent_id, user_id, session_id, model, latency, status                 |
| LLM call        | model, prompt tokens, completion tokens, temperature, tool calls      |
| Tool            | name, arguments, result, duration, exception                          |
| Pre/post hook   | name, duration, modified input or output                              |
| Retrieval       | query, vector store, k, returned documents, scores                    |
| Team delegation | member name, mode, trace of the member's run                          |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from captured import Span, Spans, documents

Cell = Callable[[Spans, str], Any]


def _run_of(spans: Spans, owner: str) -> Span:
    """Returns the span of the agent or the team whose row this is."""
    name = "Busy_Team." if owner == "team" else "Busy_Agent."
    return next(span for span in spans.runs() if span["name"].startswith(name))


def _beneath(spans: Spans, owner: str) -> list[Span]:
    run = _run_of(spans, owner)
    return [span for span in spans.all if run["name"] in spans.above(span)]


def _one(spans: Spans, owner: str, matches: Callable[[Span], bool]) -> Span:
    return next(span for span in _beneath(spans, owner) if matches(span))


def run(key: str) -> Cell:
    return lambda spans, owner: _run_of(spans, owner)["attributes"].get(key)


def llm(key: str) -> Cell:
    return lambda spans, owner: _one(spans, owner, lambda s: _kind(s) == "LLM")["attributes"].get(key)


def tool(name: str, key: str) -> Cell:
    return lambda spans, owner: _one(spans, owner, lambda s: s["name"] == name)["attributes"].get(key)


def named(name: str, key: str) -> Cell:
    return lambda spans, owner: _one(spans, owner, lambda s: s["name"] == name)["attributes"].get(key)


def search(read: Callable[[Span], Any]) -> Cell:
    return lambda spans, owner: read(_one(spans, owner, lambda s: _kind(s) == "RETRIEVER"))


def duration(find: Callable[[Spans, str], Span]) -> Cell:
    return lambda spans, owner: find(spans, owner)["end_ns"] - find(spans, owner)["start_ns"]


def _kind(span: Span) -> Any:
    return span["attributes"].get("openinference.span.kind")


def _tool_span(spans: Spans, owner: str) -> Span:
    return _one(spans, owner, lambda s: s["name"] == "explode")


def _hook_span(spans: Spans, owner: str) -> Span:
    return _one(spans, owner, lambda s: s["name"] == "pre_hook shout")


def _exception(spans: Spans, owner: str) -> Any:
    return [event["attributes"]["exception.type"] for event in _tool_span(spans, owner)["events"]]


def _member_runs(spans: Spans, owner: str) -> Any:
    (member,) = [span for span in _beneath(spans, owner) if span["name"].startswith("Researcher.")]
    return [spans.above(member)[0], member["attributes"]["agent.name"]]


def _positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


IDS = {"agent": "busy-agent", "team": "busy-team"}

# Row, cell, where it is, and what is there (a function if it is not always the same).
CELLS: list[tuple[str, str, Cell, Any]] = [
    ("Run", "agent_id", lambda spans, owner: run(f"agno.{owner}.id")(spans, owner) == IDS[owner], True),
    ("Run", "user_id", run("user.id"), "ann"),
    ("Run", "session_id", run("session.id"), "sess"),
    ("Run", "model", run("gen_ai.request.model"), "gpt-4o-mini"),
    ("Run", "latency", duration(_run_of), _positive),
    ("Run", "status", run("agno.run.status"), "COMPLETED"),
    ("LLM call", "model", llm("llm.model_name"), "gpt-4o-mini"),
    ("LLM call", "prompt tokens", llm("llm.token_count.prompt"), 30),
    ("LLM call", "completion tokens", llm("llm.token_count.completion"), 12),
    ("LLM call", "temperature", llm("llm.invocation_parameters"), '{"temperature": 0.2}'),
    (
        "LLM call",
        "tool calls returned",
        llm("llm.output_messages.0.message.tool_calls.0.tool_call.function.name"),
        "get_weather",
    ),
    ("Tool", "name", tool("get_weather", "tool.name"), "get_weather"),
    (
        "Tool",
        "arguments",
        tool("get_weather", "input.value"),
        lambda v: v in ('{"city": "Paris"}', '{"city": "Oslo"}'),
    ),
    ("Tool", "result", tool("get_weather", "output.value"), lambda v: v in ("sunny, 24C", "cold, 3C")),
    ("Tool", "duration", duration(_tool_span), _positive),
    ("Tool", "exception", _exception, ["ValueError"]),
    ("Pre hook", "name", named("pre_hook shout", "hook.name"), "shout"),
    ("Pre hook", "duration", duration(_hook_span), _positive),
    ("Pre hook", "modified", named("pre_hook shout", "hook.modified"), True),
    ("Pre hook", "modified input", named("pre_hook shout", "output.value"), lambda v: v.endswith("!")),
    ("Post hook", "name", named("post_hook sign_off", "hook.name"), "sign_off"),
    (
        "Post hook",
        "modified output",
        named("post_hook sign_off", "output.value"),
        lambda v: v.endswith(" Bye."),
    ),
    ("Guardrail", "name", named("LengthGuardrail", "guardrail.name"), "LengthGuardrail"),
    ("Guardrail", "triggered", named("LengthGuardrail", "guardrail.triggered"), False),
    ("Retrieval", "query", search(lambda s: s["attributes"]["input.value"]), "boiling water"),
    ("Retrieval", "vector store", search(lambda s: s["attributes"]["db.system.name"]), "lancedb"),
    ("Retrieval", "k", search(lambda s: s["attributes"]["gen_ai.request.top_k"]), 2.0),
    ("Retrieval", "documents", search(lambda s: [d["id"] for d in documents(s)]), ["boiling", "ice"]),
    (
        "Retrieval",
        "scores",
        search(lambda s: [d["score"] for d in documents(s)]),
        lambda v: 1 >= v[0] > v[1] > 0,
    ),
]
DELEGATION: list[tuple[str, str, Cell, Any]] = [
    (
        "Team delegation",
        "member",
        named("delegate_task_to_member", "agno.delegation.member_id"),
        "researcher",
    ),
    ("Team delegation", "mode", named("delegate_task_to_member", "agno.team.mode"), "coordinate"),
    ("Team delegation", "sub-run", _member_runs, ["delegate_task_to_member", "Researcher"]),
]

WHERE = [
    ("table_of_agent", "agent"),
    ("table_of_team", "team"),
    ("table_of_workflow", "agent"),
    ("table_of_workflow", "team"),
]
CASES = [
    pytest.param(scenario, owner, cell, expected, id=f"{scenario}-{owner}-{row}-{column}")
    for scenario, owner in WHERE
    for row, column, cell, expected in CELLS + (DELEGATION if owner == "team" else [])
]


@pytest.mark.parametrize("mode", ["sync", "stream", "async", "async_stream"])
@pytest.mark.parametrize(("scenario", "owner", "cell", "expected"), CASES)
def test_cell(
    instrumented: dict[str, Any], scenario: str, owner: str, cell: Cell, expected: Any, mode: str
) -> None:
    value = cell(Spans(instrumented[f"{scenario}:{mode}"]), owner)
    if callable(expected):
        assert expected(value), value
    else:
        assert value == expected


@pytest.mark.parametrize("mode", ["sync", "stream", "async", "async_stream"])
def test_the_run_of_a_workflow(instrumented: dict[str, Any], mode: str) -> None:
    assert_workflow(Spans(instrumented[f"table_of_workflow:{mode}"]))


def assert_workflow(spans: Spans) -> None:
    """The row "Run" of a workflow, around all that its steps did."""
    workflow = spans.all[0]
    told = workflow["attributes"]
    assert workflow["parent"] is None
    assert told["agno.workflow.id"] == "busy-workflow"
    assert (told["user.id"], told["session.id"]) == ("ann", "sess")
    assert workflow["status"] == "OK"
    assert workflow["end_ns"] > workflow["start_ns"]
    assert {span["trace"] for span in spans.all} == {workflow["trace"]}
    # Of which model it is is said by the runs of its steps.
    assert {span["attributes"]["gen_ai.request.model"] for span in spans.runs()} == {"gpt-4o-mini"}
