"""Runs that pause, sessions of several turns, what is large, unnamed, hidden or within an application; everything at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

from agno.agent import Agent
from agno.approval import approval
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.team.mode import TeamMode
from agno.tools import tool
from agno.tools.reasoning import ReasoningTools
from agno.workflow import Step, Workflow
from opentelemetry import trace
from scenario_kit import (
    IDENTITY,
    agent,
    explode,
    get_weather,
    model,
    run,
    said,
    said_of_stream,
    scenario,
    team,
    wait_for,
)
from scenarios_of_hooks import LengthGuardrail, sign_off
from scenarios_of_knowledge import knowledge


@scenario()
def reasoning_tools_agent(mode: str) -> Any:
    return run(agent("Thinking Agent", tools=[ReasoningTools()]), "think about it", mode)


@scenario()
def hitl_confirmation(mode: str) -> Any:
    """A run pauses for a confirmation and goes on."""

    @tool(requires_confirmation=True)
    def delete_file(path: str) -> str:
        """Deletes a file."""
        return f"deleted {path}"

    deleter = agent("Deleting Agent", tools=[delete_file], db=InMemoryDb())
    prompt = "delete the report"

    def confirm(paused: Any) -> None:
        for requirement in paused.requirements:
            requirement.confirm()

    if mode == "sync":
        paused = deleter.run(prompt, **IDENTITY)
        confirm(paused)
        done = deleter.continue_run(run_id=paused.run_id, requirements=paused.requirements, session_id="sess")
        return [said(paused), said(done)]
    if mode == "stream":
        events = list(deleter.run(prompt, stream=True, stream_events=True, **IDENTITY))
        paused = events[-1]
        confirm(paused)
        more = deleter.continue_run(
            run_id=paused.run_id,
            requirements=paused.requirements,
            session_id="sess",
            stream=True,
            stream_events=True,
        )
        return [said_of_stream(events), said_of_stream(list(more))]

    async def both() -> Any:
        if mode == "async":
            paused = await deleter.arun(prompt, **IDENTITY)
            confirm(paused)
            done = await deleter.acontinue_run(
                run_id=paused.run_id, requirements=paused.requirements, session_id="sess"
            )
            return [said(paused), said(done)]
        events = [event async for event in deleter.arun(prompt, stream=True, stream_events=True, **IDENTITY)]
        paused = events[-1]
        confirm(paused)
        more = deleter.acontinue_run(
            run_id=paused.run_id,
            requirements=paused.requirements,
            session_id="sess",
            stream=True,
            stream_events=True,
        )
        return [said_of_stream(events), said_of_stream([event async for event in more])]

    return wait_for(both())


@scenario("sync", "async")
def approval_flow(mode: str) -> Any:
    """A run pauses until somebody approves of it."""

    @approval
    @tool(requires_confirmation=True)
    def delete_file(path: str) -> str:
        """Deletes a file."""
        return f"deleted {path}"

    db = SqliteDb(db_file=f"{tempfile.mkdtemp(prefix='agno-')}/agno.db")
    deleter = agent("Approved Agent", tools=[delete_file], db=db)
    if mode == "sync":
        paused = deleter.run("delete the report", **IDENTITY)
    else:
        paused = wait_for(deleter.arun("delete the report", **IDENTITY))
    approvals, _ = db.get_approvals(run_id=paused.run_id)
    for asked in approvals:
        db.update_approval(asked["id"], expected_status="pending", status="approved", resolved_by="boss")
    for requirement in paused.requirements:
        requirement.confirm()
    settings = {"run_id": paused.run_id, "requirements": paused.requirements, "session_id": "sess"}
    done = deleter.continue_run(**settings) if mode == "sync" else wait_for(deleter.acontinue_run(**settings))
    return [said(paused), said(done), [asked["tool_name"] for asked in approvals]]


@scenario("sync", "async")
def multi_turn_session(mode: str) -> Any:
    talker = agent("Talking Agent", db=InMemoryDb(), add_history_to_context=True)
    return [run(talker, prompt, mode) for prompt in ("say hello", "how cold is ice", "say hello again")]


@scenario("sync", "stream")
def large_inputs(mode: str) -> Any:
    return run(agent("Patient Agent"), "say hello " + "word " * 20_000, mode)


@scenario("sync")
def long_history_attribute_limit(mode: str) -> Any:
    talker = agent("Remembering Agent", db=InMemoryDb(), add_history_to_context=True, num_history_runs=20)
    return [run(talker, "say hello", mode)["content"] for _ in range(12)]


@scenario("sync", "async")
def unnamed_agent(mode: str) -> Any:
    return run(Agent(model=model(), telemetry=False), "say hello", mode)


@scenario()
def embedded_in_app_trace(mode: str) -> Any:
    with trace.get_tracer("my-app").start_as_current_span("POST /chat"):
        return run(agent("App Agent", tools=[get_weather]), "weather in Paris", mode)


@scenario()
def suppressed(mode: str) -> Any:
    """The program wants no spans of this run."""
    from openinference.instrumentation import suppress_tracing

    with suppress_tracing():
        return run(agent("Secret Agent", tools=[get_weather]), "weather in Paris", mode)


def shout(run_input: Any) -> None:
    run_input.input_content = f"{run_input.input_content}!"


def everything(name: str, make: Callable[..., Any], **settings: Any) -> Any:
    """Makes an agent or a team that does all that can be seen of one."""
    return make(
        name,
        tools=[get_weather, explode],
        knowledge=knowledge(),
        search_knowledge=True,
        pre_hooks=[shout, LengthGuardrail()],
        post_hooks=[sign_off],
        **settings,
    )


@scenario()
def table_of_agent(mode: str) -> Any:
    return run(everything("Busy Agent", agent, model=model(temperature=0.2)), "do everything", mode)


@scenario()
def table_of_team(mode: str) -> Any:
    busy = everything("Busy Team", team, mode=TeamMode.coordinate, model=model(temperature=0.2))
    return run(busy, "do everything together", mode)


@scenario()
def table_of_workflow(mode: str) -> Any:
    steps = [
        Step(name="First", agent=everything("Busy Agent", agent, model=model(temperature=0.2))),
        Step(
            name="Then",
            team=everything("Busy Team", team, mode=TeamMode.coordinate, model=model(temperature=0.2)),
        ),
    ]
    busy = Workflow(name="Busy Workflow", id="busy-workflow", steps=steps, telemetry=False)
    return run(busy, "do everything", mode)
