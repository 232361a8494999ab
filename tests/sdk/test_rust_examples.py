"""The examples of the Rust SDK, as a user runs them: then `tracestead traces show` has the tree, with tokens, cost and errors."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
from environments import REPOSITORY

# Of the crate with its default features, itself included: what a user compiles.
MOST_CRATES = 130


def run(*command: str | Path, directory: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=directory, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def example(name: str, directory: Path) -> str:
    examples = os.environ.get("TRACESTEAD_EXAMPLES")
    assert examples, "TRACESTEAD_EXAMPLES must name the examples of the Rust SDK (`cargo xtask test sdk` sets it)"
    return run(Path(examples) / name, directory / "traces.db", directory=directory)


def traces(directory: Path) -> list[dict[str, Any]]:
    """Returns the traces, oldest first."""
    lines = run(binary(), "traces", "--db", "sqlite:traces.db", "--json", directory=directory).splitlines()
    return sorted(map(json.loads, lines), key=lambda trace: int(trace["start_time_ns"]))


def binary() -> str:
    named = os.environ.get("TRACESTEAD_BIN")
    assert named, "TRACESTEAD_BIN must name the tracestead binary (`cargo xtask test sdk` sets it)"
    return named


def shown(directory: Path, trace: dict[str, Any]) -> list[str]:
    """Returns the lines of a trace, with one space where there are many."""
    tree = run(binary(), "traces", "show", trace["trace_id"], "--db", "sqlite:traces.db", directory=directory)
    return [" ".join(line.split()) for line in tree.splitlines()]


def assert_lines(lines: list[str], *expected: str) -> None:
    """Asserts that lines begin so, in that order."""
    left = iter(lines)
    for beginning in expected:
        assert any(line.startswith(beginning) for line in left), beginning + "\n" + "\n".join(lines)


def test_quickstart(tmp_path: Path) -> None:
    example("quickstart", tmp_path)
    (trace,) = traces(tmp_path)
    lines = shown(tmp_path, trace)
    assert_lines(lines, "✓ invoke_agent weather OK", "tokens 57 in, 19 out, 76 in all", "cost $0.000019")
    assert_lines(lines, "session session-1", "user ann")
    assert_lines(lines, "AGENT", "├─ LLM chat gpt-4o-mini", "└─ TOOL execute_tool get_weather")
    (call,) = [line for line in lines if "LLM" in line]
    assert "76 tokens $0.000019" in call


def test_rig_agent(tmp_path: Path) -> None:
    example("rig_agent", tmp_path)
    asked, streamed, failed = [shown(tmp_path, trace) for trace in traces(tmp_path)]
    for lines, city in ((asked, "Paris"), (streamed, "Oslo")):
        assert_lines(lines, "✓ invoke_agent OK", "tokens 114 in, 38 out, 152 in all", "cost $0.000039")
        assert_lines(lines, f"output I was told: sunny in {city}, 24C", "AGENT", "├─ LLM", "├─ TOOL", "└─ LLM")
        assert sum("76 tokens" in line and "gpt-4o-mini" in line for line in lines) == 2
        assert any("TOOL execute_tool" in line and line.endswith("get_weather") for line in lines)
    assert_lines(failed, "✗ answer ERROR", "spans 4, 1 failed", "tokens 114 in", "session session-1", "user ann")
    assert_lines(failed, "AGENT answer", "├─ LLM", "├─ TOOL execute_tool", "│ ✗ other", "└─ LLM")


def test_team_and_workflow(tmp_path: Path) -> None:
    example("team_and_workflow", tmp_path)
    team, workflow = [shown(tmp_path, trace) for trace in traces(tmp_path)]
    assert_lines(team, "✗ invoke_agent newsroom ERROR", "spans 6, 1 failed", "tokens 500 in, 55 out", "cost $0.001560")
    assert_lines(
        team,
        "TEAM invoke_agent newsroom",
        "├─ LLM chat gpt-4o",
        "├─ TOOL delegate_task_to_member reporter",
        "│ └─ AGENT invoke_agent reporter",
        "│ └─ TOOL execute_tool get_weather",
        "│ ✗ team_and_workflow::NoWeather: the weather service does not answer",
        "└─ LLM chat gpt-4o",
    )
    assert team[-1].endswith("314 tokens $0.000725 gpt-4o, first token after 8 ms")
    assert_lines(workflow, "✓ invoke_workflow refund OK", "tokens 174 in, 19 out, 193 in all", "session s-2")
    assert_lines(
        workflow,
        "WORKFLOW invoke_workflow refund",
        "├─ HOOK pre_hook hide_cards",
        "├─ GUARDRAIL guardrail no_threats",
        "├─ STEP look_up",
        "│ ├─ EMBEDDING embeddings text-embeddi",
        "│ └─ RETRIEVER retrieval handbook",
        "├─ STEP answer",
        "│ └─ AGENT invoke_agent clerk",
        "│ └─ LLM chat claude-sonnet-4-5",
        "└─ HOOK post_hook audit",
    )


def test_a_crate_outside_of_the_workspace(tmp_path: Path) -> None:
    """What the documentation tells a user to write, compiled with default features, and run."""
    path = REPOSITORY / "crates" / "tracestead"
    (tmp_path / "Cargo.toml").write_text(
        textwrap.dedent(f"""
            [package]
            name = "outside"
            version = "0.0.0"
            edition = "2024"

            [dependencies]
            tracestead = {{ path = {str(path)!r} }}

            [workspace]
        """)
    )
    (tmp_path / "src").mkdir()
    source = (path / "examples" / "quickstart.rs").read_text()
    (tmp_path / "src" / "main.rs").write_text(source)
    # Versions that are known to work, which may be compiled already.
    (tmp_path / "Cargo.lock").write_bytes((REPOSITORY / "Cargo.lock").read_bytes())
    tree = run("cargo", "tree", "--edges", "normal", "--prefix", "none", "--package", "tracestead", directory=tmp_path)
    crates = {" ".join(line.split()[:2]) for line in tree.splitlines()}
    print(f"{len(crates)} crates")
    assert len(crates) <= MOST_CRATES
    assert not [crate for crate in crates if crate.startswith(("sqlx", "reqwest", "clickhouse", "hyper", "ureq"))]
    assert run("cargo", "run", "--quiet", directory=tmp_path).splitlines()[-1].endswith("3 spans, OK")


def ordered(target: str | Path, orders: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(os.environ["TRACESTEAD_EXAMPLES"]) / "agent_under_test"), str(target)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        command, input=orders, env={**environment, **variables}, capture_output=True, text=True, timeout=60
    )


def test_variables_of_opentelemetry_are_honoured(tmp_path: Path) -> None:
    told = {"OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_SERVICE_NAME": "shop", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1"}
    # A directory is no database, so what is recorded waits.
    waiting = json.loads(ordered(f"sqlite:{tmp_path}", "run 5\nend\n", **told).stdout.splitlines()[-1])["stats"]
    assert (waiting["queued"], waiting["dropped"]) == (4, 11)

    ordered(f"sqlite:{tmp_path / 'traces.db'}", "run 1\nend\n", **told)
    (trace,) = traces(tmp_path)
    assert trace["service_name"] == "shop"
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        rows = connection.execute("SELECT name, attributes FROM agno_spans WHERE name = 'chat'").fetchall()
    assert [(name, len(json.loads(attributes))) for name, attributes in rows] == [("chat", 1)]

    off = json.loads(ordered("sqlite:off.db", "run 5\nend\n", OTEL_SDK_DISABLED="true").stdout.splitlines()[-1])
    assert (off["result"], off["stats"]["recorded"]) == (20, 0)


def test_a_variable_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    done = ordered(f"sqlite:{tmp_path / 'traces.db'}", "end\n", OTEL_BSP_MAX_QUEUE_SIZE="many")
    assert done.returncode == 1
    assert "OTEL_BSP_MAX_QUEUE_SIZE" in done.stderr and "many" in done.stderr
