"""Runs real Agno agents against the fake model and exports their spans.

A process of its own, because a tracer provider can be set once in a process:

    python agno_scenarios.py --export http|grpc|agno --to URL [--schema NAME] --openai URL --result FILE [scenario ...]

With `agno`, Agno's own exporter writes them into the database at a URL of SQLAlchemy's.

The result is one JSON object: for each scenario what Agno said of the run. Every scenario runs in its own copy of the
context variables, since the instrumentor leaves an ended team span current on the thread (`Team.run`, version 1.0.15).
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from agno.run.agent import RunOutput
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.team import Team
from agno.tracing import setup_tracing
from agno.workflow import Step, Workflow
from agno_db import open_agno
from openinference.instrumentation.agno import AgnoInstrumentor
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

SERVICE = "e2e-agno"
OPENAI_URL = ""


def model() -> OpenAIChat:
    return OpenAIChat(id="gpt-4o-mini", api_key="none", base_url=OPENAI_URL, max_retries=0)


def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return {"Paris": "sunny, 24C", "Oslo": "cold, 3C"}[city]


def explode(fuse: int) -> str:
    """Always fails."""
    raise ValueError(f"boom: {fuse}")


def weather_agent(name: str) -> Agent:
    return Agent(name=name, id=name.lower().replace(" ", "-"), model=model(), tools=[get_weather])


def agent_tools() -> RunOutput:
    return weather_agent("Weather Agent").run(
        "weather in Paris", session_id="sess-tools", user_id="ann"
    )


def agent_parallel_tools() -> RunOutput:
    return weather_agent("Parallel Agent").run(
        "compare Paris and Oslo", session_id="sess-tools", user_id="ann"
    )


def agent_failing_tool() -> RunOutput:
    agent = Agent(name="Broken Agent", id="broken-agent", model=model(), tools=[explode])
    return agent.run("break the tool", session_id="sess-broken", user_id="bob")


def model_error() -> RunOutput:
    agent = Agent(name="Unlucky Agent", id="unlucky-agent", model=model())
    return agent.run("the provider is down", session_id="sess-down", user_id="bob")


def team() -> TeamRunOutput:
    researcher = Agent(name="Researcher", id="researcher", role="research facts", model=model())
    lead = Team(name="Content Team", id="content-team", model=model(), members=[researcher])
    return lead.run("write about water", session_id="sess-team", user_id="cat")


def workflow() -> WorkflowRunOutput:
    researcher = Agent(name="Researcher", id="researcher", model=model())
    writer = Agent(name="Writer", id="writer", model=model())
    article = Workflow(
        name="Article Workflow",
        id="article-workflow",
        description="Facts, then text",
        steps=[Step(name="Research", agent=researcher), Step(name="Write", agent=writer)],
    )
    return article.run("find a fact", session_id="sess-workflow", user_id="dan")


def streaming() -> RunOutput:
    events = weather_agent("Streaming Agent").run(
        "weather in Paris",
        stream=True,
        yield_run_output=True,
        session_id="sess-stream",
        user_id="eve",
    )
    return [event for event in events if isinstance(event, RunOutput)][-1]


def async_streaming() -> RunOutput:
    async def run() -> RunOutput:
        last = None
        events = weather_agent("Async Streaming Agent").arun(
            "weather in Paris",
            stream=True,
            yield_run_output=True,
            session_id="sess-astream",
            user_id="eve",
        )
        async for event in events:
            if isinstance(event, RunOutput):
                last = event
        return last

    return asyncio.run(run())


def embedded_in_app() -> RunOutput:
    """An agent that runs within a span of the application around it."""
    with trace.get_tracer("my-app").start_as_current_span("POST /chat"):
        return weather_agent("App Agent").run("weather in Paris", session_id="sess-app", user_id="fay")


SCENARIOS: dict[str, Callable[[], Any]] = {
    scenario.__name__: scenario
    for scenario in (
        agent_tools,
        agent_parallel_tools,
        agent_failing_tool,
        model_error,
        team,
        workflow,
        streaming,
        async_streaming,
        embedded_in_app,
    )
}


def export_over_otlp(protocol: str, endpoint: str) -> TracerProvider:
    """Instruments Agno as its users do; a batch a time over HTTP, and over gRPC a span a time, children first."""
    # The same limit as Agno's own setup_tracing sets: flattened messages pass OpenTelemetry's default of 128.
    provider = TracerProvider(
        resource=Resource.create({"service.name": SERVICE}),
        span_limits=SpanLimits(max_span_attributes=1024),
    )
    if protocol == "http":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    else:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=True)))
    trace.set_tracer_provider(provider)
    AgnoInstrumentor().instrument(tracer_provider=provider)
    return provider


def main() -> None:
    global OPENAI_URL
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--export", choices=["http", "grpc", "agno"], required=True)
    arguments.add_argument("--to", required=True)
    arguments.add_argument("--schema")
    arguments.add_argument("--openai", required=True)
    arguments.add_argument("--result", type=Path, required=True)
    arguments.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    args = arguments.parse_args()
    OPENAI_URL = args.openai

    if args.export == "agno":
        setup_tracing(db=open_agno(args.to, args.schema))
        provider = trace.get_tracer_provider()
    else:
        provider = export_over_otlp(args.export, args.to)

    runs = {}
    for name in args.scenarios:
        run = contextvars.copy_context().run(SCENARIOS[name])
        runs[name] = {"run_id": run.run_id, "output": run.content, "status": run.status.value}
    if not provider.force_flush(30_000):
        sys.exit("the spans could not be exported in 30 seconds")
    provider.shutdown()
    args.result.write_text(json.dumps(runs))


if __name__ == "__main__":
    main()
