"""An agent that does what it is told, line by line, and is traced meanwhile.

    python agent.py TARGET|none [option=value ...]

With `none` nothing is traced: how fast it is then is how fast it must be. Each line of standard input is an order; each answer
is one JSON object. ``crates/tracestead/examples/agent_under_test.rs`` is its twin, so that one test of a fault holds for both
languages.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
import time
from typing import Any

from opentelemetry import trace
from tracestead import setup_tracing


# How long a tool works: what a run takes then depends on what tracing adds, and not on how fast the machine can count.
WORK_SECONDS = 0.001


class Refused(Exception):
    """The tool does not do it."""


def tool(number: int, fails: bool) -> int:
    with tracer.start_as_current_span("double", attributes={"openinference.span.kind": "TOOL", "tool.name": "double"}):
        time.sleep(WORK_SECONDS)
        if fails:
            raise Refused(f"no {number}")
        return 2 * number


def run(number: int, fails: bool = False) -> int:
    """One run: an agent, a model call with two kilobytes of prompt, a tool."""
    attributes = {"openinference.span.kind": "AGENT", "agno.agent.id": "under-test", "agno.run.id": f"run-{number}"}
    with tracer.start_as_current_span("agent.run", attributes=attributes):
        call = {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o-mini",
            "llm.token_count.prompt": 100,
            "llm.token_count.completion": 10,
            "input.value": "x" * 2048,
        }
        with tracer.start_as_current_span("chat", attributes=call):
            pass
        try:
            return tool(number, fails)
        except Refused:
            return -1


def runs(count: int, fails: bool = False) -> dict[str, Any]:
    began = time.perf_counter()
    slowest = 0.0
    result = 0
    for number in range(count):
        before = time.perf_counter()
        result += run(number, fails)
        slowest = max(slowest, time.perf_counter() - before)
    seconds = time.perf_counter() - began
    return {"result": result, "seconds": seconds, "slowest_run_ms": slowest * 1000}


def burst(count: int) -> dict[str, Any]:
    """Ends spans as fast as it can, on four threads."""
    began = time.perf_counter()

    def end_spans() -> None:
        for _ in range(count // 4):
            tracer.start_span("burst").end()

    threads = [threading.Thread(target=end_spans) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - began}


def fork() -> dict[str, Any]:
    """Runs in a child and in the parent at once."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        result = run(1000)
        stored = tracing.flush(20.0)
        os._exit(0 if result == 2000 and stored else 1)
    result = run(2000)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"result": result, "child": status, "seconds": time.perf_counter() - began}


def answer(order: list[str]) -> dict[str, Any] | None:
    match order:
        case ["run", count]:
            return runs(int(count))
        case ["fail", count]:
            return runs(int(count), fails=True)
        case ["burst", count]:
            return burst(int(count))
        case ["fork"]:
            return fork()
        case ["flush", seconds]:
            return {"stored": tracing.flush(float(seconds))}
        case ["stats"]:
            return {}
        case ["vanish"]:
            os._exit(7)
    return None


if __name__ == "__main__":
    options = dict(option.split("=", 1) for option in sys.argv[2:])
    is_traced = sys.argv[1] != "none"
    if is_traced:
        tracing = setup_tracing(sys.argv[1], **{name: int(value) for name, value in options.items()})
    tracer = trace.get_tracer("agent-under-test")
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        answered = answer(line.split())
        if answered is None:
            break
        stats = dataclasses.asdict(tracing.stats()) if is_traced else {}
        print(json.dumps({**answered, "stats": stats}), flush=True)
