"""Runs the app of each named framework against tracestead and a fake model, and tells what arrived.

    python tests/frameworks/run.py agno pydantic-ai --binary target/debug/tracestead

A folder has `connect.py` (the lines that a user adds; they are shown in the documentation), `app.py` (a scenario that
begins by importing them) and `requirements.txt`; or `app.mjs` with a `package.json`; or a `Cargo.toml`. `env` may add
environment variables, KEY=VALUE a line. The folder `scenarios` has what several apps share.

Needs Python 3.11 or newer and nothing else; environments are made under $FRAMEWORK_ENVS, by default
~/.cache/tracestead-frameworks.
With --keep-captures the exported requests become the fixtures tests/fixtures/frameworks/NAME.otlp.pb.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environments import prepare
from fake_openai import FakeOpenAI
from recorder import Recorder

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "frameworks"
APP_SECONDS = 300
DRAIN_SECONDS = 20
OUTPUT_CHARACTERS = 4000
READY_LINE = re.compile(r"^listening on (http://\S+) \((.+)\)$")
FACES = {"page and REST", "OTLP/HTTP", "OTLP/gRPC"}
# Settings of whoever runs this must reach neither the server nor the apps.
FOREIGN = ("TRACESTEAD_", "OTEL_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGFUSE_", "TRACELOOP_", "LOGFIRE_")
COLUMNS = ("framework", "traces", "spans", "types", "tokens in/out", "cost USD", "errors", "result")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME", help="folders beside this file, or `all`")
    parser.add_argument("--binary", type=Path, default=os.environ.get("TRACESTEAD_BIN"))
    parser.add_argument("--keep-captures", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="show what the apps print")
    options = parser.parse_args()
    if not options.binary:
        parser.error("--binary or TRACESTEAD_BIN must name the tracestead binary")
    names = options.names
    if names == ["all"]:
        names = sorted(app.parent.name for app in [*HERE.glob("*/app.*"), *HERE.glob("*/Cargo.toml")])
    rows = [COLUMNS]
    for name in names:
        try:
            rows.append(run(name.strip("/"), options))
        except (subprocess.SubprocessError, OSError) as error:
            rows.append((name, "0", "0", "", "", "", "", f"{type(error).__name__}: {error}"))
        print(f"{name}: {rows[-1][-1]}", file=sys.stderr)
    print_table(rows)
    return 0 if all(row[-1] == "ok" for row in rows[1:]) else 1


def run(name: str, options: argparse.Namespace) -> tuple[str, ...]:
    """Runs one app; returns its row of the table."""
    folder = HERE / name
    app = prepare(folder)
    with (
        tempfile.TemporaryDirectory(prefix="tracestead-") as scratch,
        FakeOpenAI() as openai,
        tracestead(options.binary.resolve(), Path(scratch)) as faces,
        Recorder(faces["OTLP/HTTP"]) as recorder,
    ):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        environment |= {
            "OPENAI_BASE_URL": openai.base_url,
            "OPENAI_API_BASE": openai.base_url,
            "OPENAI_API_KEY": "test",
            "LANGFUSE_BASE_URL": recorder.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": recorder.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_SERVICE_NAME": name,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(HERE / "scenarios"),
            **app.variables,
            **settings(folder / "env"),
        }
        done = subprocess.run(
            app.command,
            cwd=app.directory or scratch,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=APP_SECONDS,
        )
        if options.verbose or done.returncode:
            print(done.stdout if options.verbose else done.stdout[-OUTPUT_CHARACTERS:], file=sys.stderr)
        # An export is answered after it is stored, so all that the app sent is there now.
        traces, spans = stored(faces["page and REST"])
        if options.keep_captures and traces and not done.returncode:
            for file in recorder.keep(FIXTURES, name):
                print(f"{name}: {file.relative_to(HERE.parent)}, {file.stat().st_size} bytes", file=sys.stderr)
        for refusal, times in Counter(recorder.refusals).items():
            print(f"{name}: refused {times} times: {refusal}", file=sys.stderr)
    result = f"exit code {done.returncode}" if done.returncode else "ok" if traces else "no trace"
    return row(name, traces, spans, result)


@contextmanager
def tracestead(binary: Path, directory: Path) -> Iterator[dict[str, str]]:
    """A server with an empty database on ports of its own; gives its addresses."""
    command = [str(binary), "serve", "--db", f"sqlite:{directory / 'traces.db'}"]
    for option in ("--listen", "--otlp-http", "--otlp-grpc"):
        command += [option, "127.0.0.1:0"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    with (directory / "tracestead.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        addresses: dict[str, str] = {}
        while set(addresses) != FACES:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"the server did not get ready\n{(directory / 'tracestead.log').read_text()}")
            if ready := READY_LINE.match(line.strip()):
                addresses[ready[2]] = ready[1]
        yield addresses
    finally:
        process.terminate()
        process.wait(DRAIN_SECONDS)


def settings(file: Path) -> dict[str, str]:
    """KEY=VALUE lines of a framework's `env`, if it has one."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def stored(page: str) -> tuple[list[dict], list[dict]]:
    """All traces that the server has, and their spans."""

    def get(path: str) -> dict:
        with urllib.request.urlopen(page + path, timeout=30) as answer:
            return json.load(answer)

    traces = get("/api/v1/traces?limit=200")["data"]
    return traces, [span for trace in traces for span in get(f"/api/v1/traces/{trace['trace_id']}")["spans"]]


def row(name: str, traces: list[dict], spans: list[dict], result: str) -> tuple[str, ...]:
    """Sums of all traces of one framework."""
    types = Counter(span["span_type"] for span in spans)
    tokens = "/".join(str(sum(t[key] or 0 for t in traces)) for key in ("input_tokens", "output_tokens"))
    cost = sum(t["cost_nano_usd"] or 0 for t in traces) / 1e9
    errors = sum(t["error_span_count"] for t in traces)
    typed = " ".join(f"{kind}:{count}" for kind, count in sorted(types.items()))
    return (name, str(len(traces)), str(len(spans)), typed, tokens, f"{cost:.6f}" if cost else "-", str(errors), result)


def print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
