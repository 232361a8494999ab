"""What scenarios are made of: agents and teams of the fake model, and ways to run them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from agno.team import Team
from opentelemetry.sdk.trace import ReadableSpan

ALL_MODES = ("sync", "stream", "async", "async_stream")
STREAMS = ("stream", "async_stream")
IDENTITY: dict[str, Any] = {"session_id": "sess", "user_id": "ann"}
SECRET = "ann@example.com"
OPENAI_URL = ""

SCENARIOS: dict[str, tuple[tuple[str, ...], Callable[[str], Any]]] = {}


def scenario(*modes: str) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    """Registers a scenario, by default for all modes."""

    def register(function: Callable[[str], Any]) -> Callable[[str], Any]:
        SCENARIOS[function.__name__] = (modes or ALL_MODES, function)
        return function

    return register


def model(**settings: Any) -> OpenAIChat:
    return OpenAIChat(**connection(), **settings)


def connection() -> dict[str, Any]:
    """Returns how the fake model is reached."""
    return {"id": "gpt-4o-mini", "api_key": "none", "base_url": OPENAI_URL, "max_retries": 0}


def agent(name: str, **settings: Any) -> Agent:
    settings.setdefault("model", model())
    return Agent(name=name, id=name.lower().replace(" ", "-"), telemetry=False, **settings)


def run(owner: Any, prompt: Any, mode: str, **settings: Any) -> dict[str, Any]:
    """Runs an agent, a team or a workflow; returns what its caller sees, without what differs from run to run."""
    settings = {**IDENTITY, **settings}
    if mode == "sync":
        return said(owner.run(prompt, **settings))
    if mode == "async":
        return said(wait_for(owner.arun(prompt, **settings)))
    if mode == "stream":
        return said_of_stream(list(owner.run(prompt, stream=True, stream_events=True, **settings)))

    async def collect() -> list[Any]:
        return [event async for event in owner.arun(prompt, stream=True, stream_events=True, **settings)]

    return said_of_stream(wait_for(collect()))


# One loop for all, since Agno keeps one client for the whole process, and that its connections.
LOOP = asyncio.new_event_loop()


def wait_for(awaitable: Any) -> Any:
    """Runs a coroutine, and then what it left behind: the ends of streams that nobody read to their end."""

    async def rest() -> None:
        for _ in range(20):
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await (asyncio.wait(others) if others else asyncio.sleep(0))

    result = LOOP.run_until_complete(awaitable)
    LOOP.run_until_complete(rest())
    return result


def said(output: Any) -> dict[str, Any]:
    told = getattr(output, "input", None)
    return {
        "content": str(output.content),
        "status": output.status.value,
        "input": _texts(getattr(told, "input_content", told)),
        "tools": [
            [t.tool_name, t.result, bool(t.tool_call_error)] for t in getattr(output, "tools", None) or []
        ],
    }


def _texts(told: Any) -> Any:
    """Leaves away the ids and times of messages."""
    return [message.content for message in told] if isinstance(told, list) else str(told)


def said_of_stream(events: list[Any]) -> dict[str, Any]:
    return {
        # In which order and in how many pieces is a matter of threads and of the network.
        "events": sorted({event.event for event in events}),
        "content": [
            str(e.content)
            for e in events
            if e.event.endswith(("RunCompleted", "RunError", "WorkflowCompleted"))
        ],
    }


def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return {"Paris": "sunny, 24C", "Oslo": "cold, 3C"}[city]


def explode(fuse: int) -> str:
    """Always fails."""
    raise ValueError(f"boom: {fuse}")


def team(name: str, **settings: Any) -> Team:
    settings.setdefault("members", [agent("Researcher", role="research facts")])
    settings.setdefault("model", model())
    return Team(name=name, id=name.lower().replace(" ", "-"), telemetry=False, **settings)


def described(span: ReadableSpan) -> dict[str, Any]:
    """Returns a span as tests are told of it."""
    return {
        "id": f"{span.context.span_id:016x}",
        "trace": f"{span.context.trace_id:032x}",
        "parent": f"{span.parent.span_id:016x}" if span.parent else None,
        "name": span.name,
        "scope": span.instrumentation_scope.name,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "attributes": {key: list(v) if isinstance(v, tuple) else v for key, v in span.attributes.items()},
        "events": [{"name": event.name, "attributes": dict(event.attributes)} for event in span.events],
        "links": [f"{link.context.span_id:016x}" for link in span.links],
        "status": span.status.status_code.name,
        "status_message": span.status.description,
    }
