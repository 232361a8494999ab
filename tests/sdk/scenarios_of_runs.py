"""Agents, teams and workflows that run, fail, are left and are cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

from agno.agent import Agent
from agno.team.mode import TeamMode
from agno.tools import tool
from agno.workflow import Parallel, Step, StepOutput, Workflow
from scenario_kit import (
    IDENTITY,
    STREAMS,
    agent,
    explode,
    get_weather,
    model,
    run,
    said,
    scenario,
    team,
    wait_for,
)
from scenarios_of_knowledge import knowledge


@scenario()
def simple_agent(mode: str) -> Any:
    return run(agent("Simple Agent", model=model(temperature=0.2)), "say hello", mode)


@scenario()
def agent_tools_ok(mode: str) -> Any:
    return run(agent("Weather Agent", tools=[get_weather]), "weather in Paris", mode)


@scenario()
def agent_tool_exception(mode: str) -> Any:
    return run(agent("Broken Agent", tools=[explode]), "break the tool", mode)


@scenario()
def model_error(mode: str) -> Any:
    return run(agent("Unlucky Agent"), "the provider is down", mode)


@scenario()
def team_model_error(mode: str) -> Any:
    return run(team("Unlucky Team"), "the provider is down", mode)


@scenario("async")
def concurrent_async(_mode: str) -> Any:
    async def all_at_once() -> list[Any]:
        names = [f"Agent {at}" for at in range(5)]
        runs = [
            agent(name, tools=[get_weather]).arun("weather in Paris", session_id=f"sess-{name}", user_id=name)
            for name in names
        ]
        return await asyncio.gather(*runs)

    return [said(output) for output in wait_for(all_at_once())]


@scenario()
def team_coordinate(mode: str) -> Any:
    return run(team("Content Team", mode=TeamMode.coordinate), "write about water", mode)


@scenario()
def team_route(mode: str) -> Any:
    return run(team("Routing Team", mode=TeamMode.route), "who knows", mode)


@scenario()
def team_broadcast(mode: str) -> Any:
    members = [agent("Researcher"), agent("Writer")]
    return run(team("Asking Team", mode=TeamMode.broadcast, members=members), "ask everybody", mode)


@scenario()
def team_context_leak(mode: str) -> Any:
    """After a team has run, an agent runs on the same thread."""
    first = run(team("Content Team"), "write about water", mode)
    return [first, run(agent("Later Agent"), "say hello", "sync")]


@scenario(*STREAMS)
def team_early_break(mode: str) -> Any:
    """The reader leaves while a member is talking."""
    return leave_at(team("Content Team", stream_member_events=True), "write about water", mode, "RunContent")


@scenario(*STREAMS)
def agent_early_break(mode: str) -> Any:
    return leave_at(agent("Talking Agent"), "say hello", mode, "RunContent")


def leave_at(owner: Any, prompt: str, mode: str, event_name: str) -> Any:
    """Reads the first event of that name and no further."""
    if mode == "stream":
        events = owner.run(prompt, stream=True, stream_events=True, **IDENTITY)
        return next(str(event.content) for event in events if event.event == event_name)

    async def read() -> str:
        async for event in owner.arun(prompt, stream=True, stream_events=True, **IDENTITY):
            if event.event == event_name:
                return str(event.content)
        raise AssertionError(f"no {event_name}")

    return wait_for(read())


@scenario("async")
def agent_cancelled(_mode: str) -> Any:
    """The task of a run is cancelled while its tool waits."""

    async def wait_long(city: str) -> str:
        """Waits."""
        waiting.set()
        await asyncio.sleep(60)
        return city

    async def cancelled() -> str:
        nonlocal waiting
        waiting = asyncio.Event()
        patient = Agent(name="Patient Agent", model=model(), tools=[tool(name="get_weather")(wait_long)])
        task = asyncio.create_task(patient.arun("weather in Paris", **IDENTITY))
        await waiting.wait()
        task.cancel()
        try:
            output = await task
        except asyncio.CancelledError:
            return "cancelled"
        return str(output.status.value)

    waiting = asyncio.Event()
    return wait_for(cancelled())


def upper_case(step_input: Any) -> StepOutput:
    """A step that is a plain function."""
    return StepOutput(content=str(step_input.previous_step_content).upper())


@scenario()
def workflow_full(mode: str) -> Any:
    article = Workflow(
        name="Article Workflow",
        id="article-workflow",
        steps=[
            Step(name="Research", agent=agent("Researcher")),
            Parallel(
                Step(name="Left", agent=agent("Left")), Step(name="Right", agent=agent("Right")), name="Both"
            ),
            Step(name="Shout", executor=upper_case),
        ],
        telemetry=False,
    )
    return run(article, "find a fact", mode)


@scenario()
def workflow_of_team(mode: str) -> Any:
    steps = [
        Step(name="Research", team=team("Content Team", members=[agent("Researcher", knowledge=knowledge())]))
    ]
    return run(
        Workflow(name="Team Workflow", id="team-workflow", steps=steps, telemetry=False),
        "write about water",
        mode,
    )


@scenario()
def workflow_step_error(mode: str) -> Any:
    def fail(step_input: Any) -> StepOutput:
        raise ValueError("the step is broken")

    broken = Workflow(
        name="Broken Workflow",
        id="broken-workflow",
        steps=[Step(name="Fail", executor=fail)],
        telemetry=False,
    )
    try:
        return run(broken, "find a fact", mode)
    except Exception as error:
        return repr(error)
