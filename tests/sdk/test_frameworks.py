"""Other frameworks than Agno with one line of ours: `setup_tracing(..., auto_instrument=True)`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from environments import REPOSITORY, python

FRAMEWORKS = REPOSITORY / "tests" / "frameworks"

# What every call of the fake model takes in and gives out.
CALL = 57 + 19

BEFORE = """
import json, runpy, sys, types
from tracestead import setup_tracing

tracing = setup_tracing("sqlite:traces.db", auto_instrument=True, service_name="frameworks")
# The apps begin with the lines that trace into a server, which are ours here.
sys.modules["connect"] = types.ModuleType("connect")
"""
AFTER = """
found = []
for trace in tracing.db.get_traces(limit=100):
    spans = [[span.span_type, span.name, span.status_code, span.model] for span in
             tracing.db.get_spans(trace.trace_id)]
    found.append({
        "input": trace.input_preview, "status": trace.status, "tokens": trace.total_tokens,
        "session": trace.session_id, "user": trace.user_id, "spans": spans,
    })
stats = tracing.stats()
assert (stats.dropped, stats.failed) == (0, 0), stats
with open("found.json", "w") as file:
    json.dump(found[::-1], file)
"""


@pytest.fixture(scope="module")
def openai() -> Iterator[str]:
    """The URL of the fake model of these programs, which has embeddings and responses as well."""
    command = [sys.executable, str(FRAMEWORKS / "fake_openai.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().strip()
        finally:
            running.terminate()


def play(app: str, directory: Path, openai: str, before: str = BEFORE) -> list[dict[str, Any]]:
    """Runs a program as its user would; returns its traces, oldest first."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "OPENAI_"))}
    variables = {
        "OPENAI_BASE_URL": openai,
        "OPENAI_API_KEY": "none",
        "PYTHONPATH": str(FRAMEWORKS / "scenarios"),
    }
    done = subprocess.run(
        [str(python("frameworks")), "-c", before + app + AFTER],
        cwd=directory,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads((directory / "found.json").read_text())
    return found


def types_of(trace: dict[str, Any]) -> Counter[str]:
    return Counter(span_type for span_type, *_ in trace["spans"])


def failed(trace: dict[str, Any]) -> list[str]:
    return [name for _, name, status, _ in trace["spans"] if status == "ERROR"]


def test_pydantic_ai(openai: str, tmp_path: Path) -> None:
    """It has no instrumentor: it makes spans itself, agents and embedders, if it is asked."""
    weather, again, streamed, typed, nested, broken, embedded = play(
        "import pydantic_ai_agent; pydantic_ai_agent.main()", tmp_path, openai
    )
    for trace in (weather, again, streamed):
        assert types_of(trace) == {"AGENT": 1, "LLM": 2, "TOOL": 1}
        assert (trace["status"], trace["tokens"]) == ("OK", 2 * CALL)
    assert (weather["session"], weather["user"], weather["input"]) == (
        "session-1",
        "ann",
        "What is the weather in Paris?",
    )
    assert types_of(typed) == {"AGENT": 1, "LLM": 1}
    # An agent that is a tool of another one: the calls of both, each once.
    assert types_of(nested) == {"AGENT": 2, "LLM": 4, "TOOL": 2} and nested["tokens"] == 4 * CALL
    assert failed(broken) == ["invoke_agent weather_agent", "execute_tool broken_forecast"]
    assert types_of(embedded) == {"EMBEDDING": 1}


def test_what_was_said_to_pydantic_ai_stands(openai: str, tmp_path: Path) -> None:
    silent = """
from pydantic_ai import Agent, InstrumentationSettings
Agent.instrument_all(InstrumentationSettings(include_content=False))
"""
    app = "agent = Agent('openai-chat:gpt-4o-mini', name='quiet'); agent.run_sync('say hello')"
    (trace,) = play(app, tmp_path, openai, silent + BEFORE)
    assert types_of(trace) == {"AGENT": 1, "LLM": 1} and trace["input"] is None


def test_langgraph(openai: str, tmp_path: Path) -> None:
    asked, streamed, broken, notes = play("import langgraph_agent; langgraph_agent.main()", tmp_path, openai)
    for trace, session in ((asked, "session-1"), (streamed, "session-2")):
        assert types_of(trace) == {"AGENT": 1, "CHAIN": 3, "LLM": 2, "TOOL": 1}
        assert (trace["status"], trace["tokens"], trace["session"]) == ("OK", 2 * CALL, session)
        models = [model for kind, _, _, model in trace["spans"] if kind == "LLM"]
        assert all(model.startswith("gpt-4o-mini") for model in models)
    assert failed(broken) == ["weather_agent", "tools", "broken_forecast"]
    assert types_of(notes)["RETRIEVER"] == 1 and notes["tokens"] == CALL


def test_openai_agents(openai: str, tmp_path: Path) -> None:
    app = FRAMEWORKS / "openai-agents" / "app.py"
    asked, streamed, handed, rude, broken = play(f"runpy.run_path({str(app)!r})", tmp_path, openai)
    for trace in (asked, streamed):
        assert trace["status"] == "OK" and trace["tokens"] == 2 * CALL
        assert types_of(trace)["TOOL"] == 1 and types_of(trace)["GUARDRAIL"] == 1
    assert (asked["session"], asked["user"]) == ("session-1", "user-1")
    names = [name for kind, name, *_ in handed["spans"] if kind in ("AGENT", "TOOL")]
    assert names[1:] == ["triage agent", "handoff to weather agent", "weather agent", "get_weather"]
    assert rude["status"] == broken["status"] == "ERROR"
    assert "broken_tool" in failed(broken)
