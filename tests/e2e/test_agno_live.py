"""Real Agno agents, exported over OTLP as they run, appear whole: over REST in both families, and in SQL.

On every engine, and on SQLite in both protocols: what is asked does not depend on how spans came in, nor where they are.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from agno.client import AgentOSClient
from agno.utils.http import aclose_default_clients
from agno_scenarios import SERVICE
from conftest import NewDatabase, RunAgno
from databases import parsed
from tracestead import Tracestead

MODEL = "gpt-4o-mini"
DURATION = re.compile(r"^(\d+ms|\d+\.\d\ds)$")

# Agno's routes know fewer types than we do.
AGNO_TYPES = {"STEP": "WORKFLOW", "OTHER": "UNKNOWN"}


@dataclass(frozen=True)
class Node:
    """A span as it must appear, with the spans under it in the order of their start."""

    span_type: str
    name: str
    children: tuple[Node, ...] = ()
    status: str = "OK"
    status_message: str | None = None
    input: str | None = None
    output: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True)
class Expected:
    """A trace as it must appear."""

    tree: Node
    # What the entry run span says of itself.
    context: dict[str, str]
    input: str
    status: str = "OK"

    @property
    def nodes(self) -> list[Node]:
        return [node for _, node in self.tree.walk()]

    @property
    def name(self) -> str:
        """A trace is named after its entry run."""
        return self.entry_run.name

    @property
    def entry_run(self) -> Node:
        return next(node for node in self.nodes if node.span_type in ("AGENT", "TEAM", "WORKFLOW"))

    @property
    def root_is_a_run(self) -> bool:
        """Agno's routes tell the root's texts; a root that is no run has none."""
        return self.tree.span_type in ("AGENT", "TEAM", "WORKFLOW")

    @property
    def input_tokens(self) -> int:
        return sum(node.input_tokens or 0 for node in self.nodes)

    @property
    def output_tokens(self) -> int:
        return sum(node.output_tokens or 0 for node in self.nodes)

    @property
    def failed_spans(self) -> int:
        return sum(node.status == "ERROR" for node in self.nodes)


def llm(input_tokens: int, output_tokens: int, method: str = "invoke") -> Node:
    return Node("LLM", f"OpenAIChat.{method}", input_tokens=input_tokens, output_tokens=output_tokens)


def weather(city: str, answer: str) -> Node:
    return Node("TOOL", "get_weather", input=json.dumps({"city": city}), output=answer)


PARIS = weather("Paris", "sunny, 24C")

EXPECTED: dict[str, Expected] = {
    "agent_tools": Expected(
        Node("AGENT", "Weather_Agent.run", (llm(30, 12), PARIS, llm(40, 9))),
        {"session_id": "sess-tools", "user_id": "ann", "agent_id": "weather-agent"},
        input="weather in Paris",
    ),
    "agent_parallel_tools": Expected(
        Node(
            "AGENT",
            "Parallel_Agent.run",
            (llm(30, 12), PARIS, weather("Oslo", "cold, 3C"), llm(55, 11)),
        ),
        {"session_id": "sess-tools", "user_id": "ann", "agent_id": "parallel-agent"},
        input="compare Paris and Oslo",
    ),
    # The run goes on after its tool failed and ends well; the trace still says that something in it failed.
    "agent_failing_tool": Expected(
        Node(
            "AGENT",
            "Broken_Agent.run",
            (
                llm(30, 12),
                Node("TOOL", "explode", status="ERROR", status_message="boom: 7", input='{"fuse": 7}'),
                llm(40, 9),
            ),
        ),
        {"session_id": "sess-broken", "user_id": "bob", "agent_id": "broken-agent"},
        input="break the tool",
        status="ERROR",
    ),
    "model_error": Expected(
        Node(
            "AGENT",
            "Unlucky_Agent.run",
            (
                Node(
                    "LLM",
                    "OpenAIChat.invoke",
                    status="ERROR",
                    status_message="ModelProviderError: the model is overloaded",
                ),
            ),
            status="ERROR",
            status_message="run status: error",
        ),
        {"session_id": "sess-down", "user_id": "bob", "agent_id": "unlucky-agent"},
        input="the provider is down",
        status="ERROR",
    ),
    # The member's run is a sibling of the call that asked for it: so the instrumentor sends it.
    "team": Expected(
        Node(
            "TEAM",
            "Content_Team.run",
            (
                llm(30, 12),
                Node("TOOL", "delegate_task_to_member", output="Fact: water boils at 100C."),
                Node(
                    "AGENT",
                    "Researcher.run",
                    (llm(21, 8),),
                    input="find a fact",
                    output="Fact: water boils at 100C.",
                ),
                llm(40, 9),
            ),
        ),
        {"session_id": "sess-team", "user_id": "cat", "team_id": "content-team"},
        input="write about water",
    ),
    "workflow": Expected(
        Node(
            "WORKFLOW",
            "Article_Workflow.run",
            (
                Node(
                    "STEP",
                    "Research.execute",
                    (Node("AGENT", "Researcher.run", (llm(21, 8),)),),
                    input="find a fact",
                    output="Fact: water boils at 100C.",
                ),
                Node(
                    "STEP",
                    "Write.execute",
                    (Node("AGENT", "Writer.run", (llm(33, 14),)),),
                    input="Fact: water boils at 100C.",
                    output="Article: water boils at 100C.",
                ),
            ),
        ),
        {"session_id": "sess-workflow", "user_id": "dan", "workflow_id": "article-workflow"},
        input="find a fact",
    ),
    "streaming": Expected(
        Node(
            "AGENT",
            "Streaming_Agent.run",
            (llm(30, 12, "invoke_stream"), PARIS, llm(40, 9, "invoke_stream")),
        ),
        {"session_id": "sess-stream", "user_id": "eve", "agent_id": "streaming-agent"},
        input="weather in Paris",
    ),
    "async_streaming": Expected(
        Node(
            "AGENT",
            "Async_Streaming_Agent.arun",
            (llm(30, 12, "ainvoke_stream"), PARIS, llm(40, 9, "ainvoke_stream")),
        ),
        {"session_id": "sess-astream", "user_id": "eve", "agent_id": "async-streaming-agent"},
        input="weather in Paris",
    ),
    # The application's span is the root, and the context is still the agent's.
    "embedded_in_app": Expected(
        Node(
            "OTHER",
            "POST /chat",
            (Node("AGENT", "App_Agent.run", (llm(30, 12), PARIS, llm(40, 9)), input="weather in Paris"),),
            status="UNSET",
        ),
        {"session_id": "sess-app", "user_id": "fay", "agent_id": "app-agent"},
        input="weather in Paris",
    ),
}
CONTEXT_IDS = ("session_id", "user_id", "agent_id", "team_id", "workflow_id")


@dataclass(frozen=True)
class Recording:
    """A server that was sent every scenario, and what Agno said of the runs."""

    server: Tracestead
    runs: dict[str, dict]

    def context_of(self, scenario: str) -> dict[str, str]:
        return {"run_id": self.runs[scenario]["run_id"], **EXPECTED[scenario].context}

    def summary_of(self, scenario: str) -> dict:
        """The trace in Agno's list, found by the id that Agno gave the run."""
        page = self.server.get("/traces", run_id=self.runs[scenario]["run_id"])
        assert page["meta"]["total_count"] == 1
        return page["data"][0]

    def trace_id_of(self, scenario: str) -> str:
        return self.summary_of(scenario)["trace_id"]


@pytest.fixture(scope="module", params=["sqlite-http", "sqlite-grpc", "postgres-http", "mysql-grpc", "clickhouse-http"])
def recording(
    request: pytest.FixtureRequest,
    binary: Path,
    run_agno: RunAgno,
    make_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Recording]:
    engine, protocol = request.param.split("-")
    directory = tmp_path_factory.mktemp(engine)
    with make_database(engine, directory) as database, Tracestead(binary, directory, database) as server:
        runs = run_agno(protocol, server.otlp_http if protocol == "http" else server.otlp_grpc)
        assert set(runs) == set(EXPECTED)
        yield Recording(server, runs)


# The tables that Agno has; ClickHouse's are others.
on_relational = pytest.mark.parametrize(
    "recording", ["sqlite-http", "sqlite-grpc", "postgres-http", "mysql-grpc"], indirect=True
)


each_scenario = pytest.mark.parametrize("scenario", EXPECTED)


@each_scenario
def test_agno_list(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    summary = recording.summary_of(scenario)

    assert summary["name"] == expected.name
    assert summary["status"] == expected.status
    assert summary["total_spans"] == len(expected.nodes)
    assert summary["error_count"] == expected.failed_spans
    if expected.root_is_a_run:
        assert summary["input"] == expected.input
    assert DURATION.match(summary["duration"])
    assert datetime.fromisoformat(summary["start_time"]) <= datetime.fromisoformat(summary["end_time"])
    # What is absent is left out, not null.
    context = recording.context_of(scenario)
    assert {key: summary[key] for key in ("run_id", *CONTEXT_IDS) if key in summary} == context


@each_scenario
def test_agno_detail(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    summary = recording.summary_of(scenario)
    detail = recording.server.get(f"/traces/{summary['trace_id']}")

    assert {key: detail.get(key) for key in summary} == summary
    if expected.tree.status == "ERROR":
        assert detail["error"] == expected.tree.status_message
        assert "output" not in detail
    if expected.status == "OK" and expected.root_is_a_run:
        assert detail["output"] == recording.runs[scenario]["output"]
        assert "error" not in detail

    assert len(detail["tree"]) == 1
    root = detail["tree"][0]
    check_agno_tree(root, expected.tree, is_root=True)
    totals = {
        "total_input_tokens": expected.input_tokens,
        "total_output_tokens": expected.output_tokens,
    }
    assert {k: v for k, v in root.get("metadata", {}).items() if k in totals} == {k: v for k, v in totals.items() if v}


def check_agno_tree(actual: dict, expected: Node, is_root: bool = False) -> None:
    assert actual["name"] == expected.name
    assert actual["type"] == AGNO_TYPES.get(expected.span_type, expected.span_type)
    assert actual["status"] == expected.status
    assert DURATION.match(actual["duration"])
    # Agno tells the root's texts on the trace, not on the node.
    if not is_root:
        check_agno_texts(actual, expected)
        check_agno_metadata(actual.get("metadata", {}), expected)
    children = actual.get("spans") or []
    assert [child["name"] for child in children] == [child.name for child in expected.children]
    for child, expected_child in zip(children, expected.children, strict=True):
        check_agno_tree(child, expected_child)


def check_agno_texts(actual: dict, expected: Node) -> None:
    if expected.input is not None:
        assert actual["input"] == expected.input
    if expected.output is not None:
        assert actual["output"] == expected.output
    if expected.status == "ERROR":
        assert actual["error"] == expected.status_message
        assert "output" not in actual
    else:
        assert "error" not in actual


def check_agno_metadata(metadata: dict, expected: Node) -> None:
    if expected.span_type == "LLM" and expected.status == "OK":
        assert metadata["model"] == MODEL
        assert metadata["input_tokens"] == expected.input_tokens
        assert metadata["output_tokens"] == expected.output_tokens
    if expected.span_type == "TOOL":
        assert metadata["tool_name"] == expected.name
        assert isinstance(json.loads(metadata["parameters"]), dict)
    if expected.span_type == "AGENT":
        assert metadata["run_id"]


def test_agno_step_types(recording: Recording) -> None:
    detail = recording.server.get(f"/traces/{recording.trace_id_of('workflow')}")
    root = detail["tree"][0]
    assert root["metadata"]["steps"] == ["Research", "Write"]
    assert root["metadata"]["steps_count"] == 2
    assert root["metadata"]["description"] == "Facts, then text"
    assert [step["step_type"] for step in root["spans"]] == ["Step", "Step"]


@each_scenario
def test_agno_single_span(recording: Recording, scenario: str) -> None:
    trace_id = recording.trace_id_of(scenario)
    root = recording.server.get(f"/traces/{trace_id}")["tree"][0]

    def check(node: dict, expected: Node) -> None:
        alone = recording.server.get(f"/traces/{trace_id}", span_id=node["id"])
        assert "spans" not in alone
        assert (alone["id"], alone["name"], alone["type"]) == (node["id"], node["name"], node["type"])
        check_agno_texts(alone, expected)
        check_agno_metadata(alone.get("metadata", {}), expected)
        for child, expected_child in zip(node.get("spans") or [], expected.children, strict=True):
            check(child, expected_child)

    check(root, EXPECTED[scenario].tree)


@each_scenario
def test_agno_search(recording: Recording, scenario: str) -> None:
    context = recording.context_of(scenario)
    same = {
        "op": "AND",
        "conditions": [{"op": "EQ", "key": key, "value": value} for key, value in context.items()],
    }
    found = recording.server.search(same)
    trace_id = recording.trace_id_of(scenario)
    assert found["data"] == [recording.server.get(f"/traces/{trace_id}")]
    assert found["meta"]["total_count"] == 1

    other = {"op": "AND", "conditions": [same, {"op": "EQ", "key": "session_id", "value": "another"}]}
    assert recording.server.search(other)["data"] == []


def test_agno_filters(recording: Recording) -> None:
    def names(**params: Any) -> set[str]:
        return {trace["name"] for trace in recording.server.get("/traces", limit=100, **params)["data"]}

    def searched(op: str, key: str, **operand: Any) -> set[str]:
        found = recording.server.search({"op": op, "key": key, **operand}, limit=100)
        return {trace["name"] for trace in found["data"]}

    failed = {e.name for e in EXPECTED.values() if e.status == "ERROR"}
    everything = {e.name for e in EXPECTED.values()}
    assert names() == everything
    assert names(status="ERROR") == failed == searched("EQ", "status", value="ERROR")
    assert names(status="OK") == everything - failed
    assert names(user_id="eve") == {"Streaming_Agent.run", "Async_Streaming_Agent.arun"}
    assert names(session_id="sess-tools") == {"Weather_Agent.run", "Parallel_Agent.run"}
    assert names(team_id="content-team") == {"Content_Team.run"}
    assert names(workflow_id="article-workflow") == {"Article_Workflow.run"}
    assert searched("STARTSWITH", "session_id", value="SESS-A") == {"Async_Streaming_Agent.arun", "App_Agent.run"}
    assert searched("IN", "user_id", values=["cat", "dan"]) == {"Content_Team.run", "Article_Workflow.run"}


def test_agno_pages(recording: Recording) -> None:
    whole = recording.server.get("/traces", limit=100)["data"]
    assert [t["start_time"] for t in whole] == sorted((t["start_time"] for t in whole), reverse=True)

    pages = [recording.server.get("/traces", limit=4, page=page) for page in (1, 2, 3)]
    assert [t for page in pages for t in page["data"]] == whole
    meta = {k: v for k, v in pages[1]["meta"].items() if k != "search_time_ms"}
    assert meta == {"page": 2, "limit": 4, "total_pages": 3, "total_count": len(EXPECTED)}


def test_agno_session_stats(recording: Recording) -> None:
    stats = recording.server.get("/trace_session_stats", limit=100)["data"]
    expected: dict[str, int] = {}
    for e in EXPECTED.values():
        expected[e.context["session_id"]] = expected.get(e.context["session_id"], 0) + 1
    assert {row["session_id"]: row["total_traces"] for row in stats} == expected
    assert stats == recording.server.search(group_by="session", limit=100)["data"]

    (team,) = recording.server.get("/trace_session_stats", team_id="content-team")["data"]
    assert (team["user_id"], team["team_id"]) == ("cat", "content-team")
    assert "agent_id" not in team and "workflow_id" not in team
    assert datetime.fromisoformat(team["first_trace_at"]) <= datetime.fromisoformat(team["last_trace_at"])


def test_agno_own_client(recording: Recording) -> None:
    """AgentOS's own client parses every answer into its own schemas."""

    async def ask() -> None:
        client = AgentOSClient(base_url=recording.server.page)
        listed = await client.get_traces(limit=100)
        assert len(listed.data) == listed.meta.total_count == len(EXPECTED)
        for summary in listed.data:
            detail = await client.get_trace(summary.trace_id)
            assert detail.total_spans == summary.total_spans
            node = await client.get_trace(summary.trace_id, span_id=detail.tree[0].id)
            assert node.id == detail.tree[0].id
        sessions = await client.get_trace_session_stats(limit=100)
        assert sum(session.total_traces for session in sessions.data) == len(EXPECTED)
        failed = await client.search_traces({"op": "EQ", "key": "status", "value": "ERROR"})
        assert {trace.status for trace in failed.data} == {"ERROR"}
        # Agno keeps its connections in a global, and they do not outlive this event loop.
        await aclose_default_clients()

    asyncio.run(ask())


@each_scenario
def test_own_list(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    context = recording.context_of(scenario)
    page = recording.server.get("/api/v1/traces", run_id=context["run_id"])
    assert page["next_cursor"] is None
    (trace,) = page["data"]

    assert trace["trace_id"] == recording.trace_id_of(scenario)
    assert trace["name"] == expected.name
    assert trace["status"] == expected.status
    assert (trace["span_count"], trace["error_span_count"]) == (len(expected.nodes), expected.failed_spans)
    assert trace["root_type"] == expected.entry_run.span_type
    assert trace["has_agent_spans"] is True
    assert trace["service_name"] == SERVICE
    assert trace["models"] == [MODEL]
    assert trace["input_preview"] == expected.input
    if expected.status == "OK":
        assert trace["output_preview"] == recording.runs[scenario]["output"]
    # Without any reported usage it is unknown, not zero.
    tokens = (expected.input_tokens or None, expected.output_tokens or None)
    assert (trace["input_tokens"], trace["output_tokens"]) == tokens
    if expected.input_tokens:
        assert trace["total_tokens"] == expected.input_tokens + expected.output_tokens
    assert int(trace["end_time_ns"]) - int(trace["start_time_ns"]) == trace["duration_ns"] > 0
    # Here what is absent is null.
    assert {key: trace[key] for key in ("run_id", *CONTEXT_IDS)} == {**dict.fromkeys(CONTEXT_IDS), **context}


@each_scenario
def test_own_tree(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    answer = recording.server.get(f"/api/v1/traces/{recording.trace_id_of(scenario)}")
    (listed,) = recording.server.get("/api/v1/traces", run_id=recording.context_of(scenario)["run_id"])["data"]
    assert answer["trace"] == listed
    assert answer["spans"][0]["span_id"] == listed["root_span_id"]

    parents: dict[int, str | None] = {-1: None}
    for span, (depth, node) in zip(answer["spans"], expected.tree.walk(), strict=True):
        assert (span["depth"], span["name"], span["span_type"]) == (depth, node.name, node.span_type)
        assert span["orphan"] is False
        assert span["parent_span_id"] == parents[depth - 1]
        parents[depth] = span["span_id"]
        assert (span["status_code"], span["status_message"]) == (node.status, node.status_message)
        assert (span["input_tokens"], span["output_tokens"]) == (node.input_tokens, node.output_tokens)
        assert span["duration_ns"] == int(span["end_time_ns"]) - int(span["start_time_ns"]) >= 0
        if node.span_type == "LLM":
            assert span["model"] == MODEL
            assert span["provider"].lower() == "openai"
        if node.span_type == "TOOL":
            assert span["tool_name"] == node.name


def span_named(recording: Recording, scenario: str, name: str) -> dict:
    """Everything known of the first span of that name."""
    trace_id = recording.trace_id_of(scenario)
    spans = recording.server.get(f"/api/v1/traces/{trace_id}")["spans"]
    span_id = next(span["span_id"] for span in spans if span["name"] == name)
    return recording.server.get(f"/api/v1/traces/{trace_id}/spans/{span_id}")


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("agent_tools", "OpenAIChat.invoke"),
        ("streaming", "OpenAIChat.invoke_stream"),
        ("async_streaming", "OpenAIChat.ainvoke_stream"),
    ],
)
def test_own_llm_span(recording: Recording, scenario: str, name: str) -> None:
    span = span_named(recording, scenario, name)
    assert span["attributes"]["llm.model_name"] == MODEL
    assert span["scope"]["name"] == "openinference.instrumentation.agno"
    assert span["resource"]["attributes"]["service.name"] == SERVICE

    facts = span["facts"]
    user = facts["input_messages"][-1]
    assert user["role"] == "user"
    assert user["parts"] == [{"type": "text", "content": "weather in Paris"}]
    calls = [part for message in facts["output_messages"] for part in message["parts"] if part["type"] == "tool_call"]
    assert [(call["name"], call["arguments"]) for call in calls] == [("get_weather", {"city": "Paris"})]
    assert [tool["name"] for tool in facts["tools"]] == ["get_weather"]


def test_own_tool_span(recording: Recording) -> None:
    tool = span_named(recording, "agent_tools", "get_weather")["facts"]["tool"]
    assert tool["name"] == "get_weather"
    assert tool["description"] == "Tells the weather of a city."
    assert tool["arguments"] == {"city": "Paris"}
    assert tool["result"] == "sunny, 24C"


def test_own_failed_llm_span(recording: Recording) -> None:
    """The exception event, which Agno's own store throws away, is kept and understood."""
    span = span_named(recording, "model_error", "OpenAIChat.invoke")
    assert "exception" in [event["name"] for event in span["events"]]
    exception = span["facts"]["exception"]
    assert exception["type"].endswith("ModelProviderError")
    assert exception["message"] == "the model is overloaded"
    assert exception["stacktrace"].startswith("Traceback")


def test_own_filters(recording: Recording) -> None:
    def names(**params: Any) -> list[str]:
        return [trace["name"] for trace in recording.server.get("/api/v1/traces", **params)["data"]]

    assert set(names(status="ERROR")) == {"Broken_Agent.run", "Unlucky_Agent.run"}
    assert names(team_id="content-team") == ["Content_Team.run"]
    assert names(name="article") == ["Article_Workflow.run"]
    assert sorted(names(agent_only="true")) == sorted(e.name for e in EXPECTED.values())

    walked, cursor = [], None
    while True:
        page = recording.server.get("/api/v1/traces", limit=2, **({"cursor": cursor} if cursor else {}))
        walked += [trace["name"] for trace in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == names()


def test_own_facets(recording: Recording) -> None:
    facets = recording.server.get("/api/v1/facets")
    expected = [e.context for e in EXPECTED.values()]
    assert {c["agent_id"] for c in expected if "agent_id" in c} <= set(facets["agents"])
    assert facets["teams"] == ["content-team"]
    assert facets["workflows"] == ["article-workflow"]


@on_relational
@each_scenario
def test_sql_trace(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    context = recording.context_of(scenario)
    (row,) = recording.server.sql("SELECT * FROM agno_traces WHERE run_id = ?", context["run_id"])
    assert (row["name"], row["status"]) == (expected.name, expected.status)
    assert {key: row[key] for key in context} == context
    assert isinstance(row["duration_ms"], int)
    check_sql_times(row)


@on_relational
@each_scenario
def test_sql_spans(recording: Recording, scenario: str) -> None:
    expected = EXPECTED[scenario]
    rows = recording.server.sql(
        "SELECT * FROM agno_spans WHERE trace_id = ? ORDER BY start_time_ns, span_id", recording.trace_id_of(scenario)
    )
    as_set = sorted((row["name"], row["status_code"], row["span_type"]) for row in rows)
    assert as_set == sorted((node.name, node.status, node.span_type) for node in expected.nodes)
    by_id = {row["span_id"]: row for row in rows}
    for row in rows:
        assert re.fullmatch(r"[0-9a-f]{16}", row["span_id"])
        assert row["span_kind"] == "INTERNAL"
        assert isinstance(row["duration_ms"], int)
        assert row["parent_span_id"] is None or row["parent_span_id"] in by_id
        assert isinstance(parsed(row["attributes"]), dict)
        check_sql_times(row)


def check_sql_times(row: dict) -> None:
    for column in ("start_time", "end_time"):
        moment = datetime.fromisoformat(row[column])
        assert moment.isoformat() == row[column], "times are written as Python's isoformat() writes them"
        microseconds = int(moment.timestamp()) * 1_000_000 + moment.microsecond
        # Agno counts in floating point; a microsecond either way is not a difference.
        assert abs(microseconds - row[f"{column}_ns"] // 1000) <= 1


SPAN_KIND = {
    "sqlite": """json_extract(attributes, '$."openinference.span.kind"')""",
    "postgres": "attributes->>'openinference.span.kind'",
    "mysql": """json_unquote(json_extract(attributes, '$."openinference.span.kind"'))""",
}


@on_relational
def test_sql_as_the_documentation_asks(recording: Recording) -> None:
    """The question of Agno's own documentation, with the columns that really exist."""
    kind = SPAN_KIND[recording.server.database.engine]
    rows = recording.server.sql(
        f"SELECT name, status_message FROM agno_spans WHERE {kind} = 'TOOL' AND status_code = 'ERROR'"
    )
    assert rows == [{"name": "explode", "status_message": "boom: 7"}]
