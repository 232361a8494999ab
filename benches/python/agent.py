"""What a span costs the thread of an agent in Python: the bare SDK, tracestead, Agno's own tracing in both of its ways.

    python benches/python/agent.py [RESULT.json]

with a Python that has the wheel of tracestead (a release build: `maturin build --release`) and Agno. Each way to trace is a
process of its own, for a process has one provider; all are asked in turns, and the median of the turns counts. A turn is 400
spans of a run, fewer than a batch and than any queue, so that nothing is dropped, which would be cheap; between two turns
everything is exported. A span is started, given its attributes, and ended: *whole* is all of that, *end* its end alone.

Then each way traces while another thread counts in pure Python: what it counts less than beside the bare SDK is what the
thread that exports takes of the interpreter.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

WAYS = {
    "sdk": "bare SDK, batch, no-op exporter",
    "tracestead": "tracestead, SQLite",
    "agno_batch": "Agno, batch, SQLite",
    "agno_simple": "Agno, simple (its default), SQLite",
}
TURNS = 25
SPANS = 400
# Agno's default takes so long that a turn has fewer.
SLOW = {"agno_simple": 40}
COUNTING_SECONDS = 2.0

CALL: dict[str, Any] = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o-mini",
    "llm.token_count.prompt": 1200,
    "llm.token_count.completion": 80,
}
for message in range(10):
    CALL[f"llm.input_messages.{message}.message.role"] = "user"
    CALL[f"llm.input_messages.{message}.message.content"] = "x" * 400
KINDS: dict[str, dict[str, Any]] = {"bare": {}, "model call, 24 attributes, 4 KB": CALL}


def provider_of(way: str, directory: str) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        SimpleSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    class Nothing(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    if way == "sdk":
        provider.add_span_processor(BatchSpanProcessor(Nothing()))
    elif way == "tracestead":
        from tracestead import TracesteadSpanProcessor

        provider.add_span_processor(TracesteadSpanProcessor(f"sqlite:{directory}/traces.db"))
    else:
        from agno.db.sqlite import SqliteDb
        from agno.tracing.exporter import DatabaseSpanExporter

        exporter = DatabaseSpanExporter(db=SqliteDb(db_file=f"{directory}/traces.db"))
        kind = SimpleSpanProcessor if way == "agno_simple" else BatchSpanProcessor
        provider.add_span_processor(kind(exporter))
    return provider


def turn(tracer: Any, attributes: dict[str, Any], spans: int) -> tuple[float, float]:
    """Returns what a span costs, and its end alone, in nanoseconds."""
    clock = time.perf_counter_ns
    ends = 0
    with tracer.start_as_current_span("run"):
        began = clock()
        for _ in range(spans):
            span = tracer.start_span("step")
            if attributes:
                span.set_attributes(attributes)
            ending = clock()
            span.end()
            ends += clock() - ending
        whole = clock() - began
    return whole / spans, ends / spans


def counted(work: Callable[[], None]) -> float:
    """Returns how often a second another thread counts meanwhile."""
    stop = threading.Event()
    count = 0

    def counting() -> None:
        nonlocal count
        while not stop.is_set():
            count += 1

    thread = threading.Thread(target=counting)
    thread.start()
    until = time.monotonic() + COUNTING_SECONDS
    while time.monotonic() < until:
        work()
    stop.set()
    thread.join()
    return count / COUNTING_SECONDS


def serve(way: str) -> None:
    """Does what it is told, line by line."""
    with tempfile.TemporaryDirectory() as directory:
        provider = provider_of(way, directory)
        tracer = provider.get_tracer("bench")
        spans = SLOW.get(way, SPANS)
        for line in sys.stdin:
            answer: Any
            if line.strip() == "count":

                def paced() -> None:
                    turn(tracer, CALL, 20)
                    time.sleep(0.02)

                answer = counted(paced)
            else:
                answer = turn(tracer, KINDS[line.strip()], spans)
            provider.force_flush(60_000)
            print(json.dumps(answer), flush=True)
        provider.shutdown()


def ask(process: subprocess.Popen[str], order: str) -> Any:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(order + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def main() -> None:
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("agno", "opentelemetry-sdk", "tracestead")},
    }
    print("machine:", machine)
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    processes = {way: subprocess.Popen([sys.executable, __file__, "--way", way], **pipes) for way in WAYS}
    results: dict[str, Any] = {}
    for kind in KINDS:
        turns: dict[str, list[Any]] = {way: [] for way in WAYS}
        for way, process in processes.items():
            ask(process, kind)  # what is made once is made now
        for _ in range(TURNS):
            for way, process in processes.items():
                turns[way].append(ask(process, kind))
        print(f"\n{kind}: microseconds, medians of {TURNS} turns")
        print(f"  {'':<36} {'whole':>9} {'end':>9} {'whole, ratio':>13}")
        medians = {way: [statistics.median(values) for values in zip(*turns[way])] for way in WAYS}
        for way, name in WAYS.items():
            whole, end = (value / 1000 for value in medians[way])
            print(f"  {name:<36} {whole:>9.2f} {end:>9.2f} {medians[way][0] / medians['sdk'][0]:>13.2f}")
        results[kind] = {"turns_ns": turns, "medians_ns": medians}
    counts = {way: ask(process, "count") for way, process in processes.items()}
    print("\nanother thread counts while 20 spans come every 20 ms (fewer if they take longer), against beside the bare SDK")
    for way, name in WAYS.items():
        print(f"  {name:<36} {counts[way] / counts['sdk']:>9.2f}")
    for process in processes.values():
        process.communicate(timeout=120)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps({"machine": machine, "results": results, "counts": counts}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        serve(sys.argv[2])
    else:
        main()
