"""Hooks of runs and of tools, guardrails, and tools that are generators."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from agno.exceptions import CheckTrigger, InputCheckError
from agno.guardrails import BaseGuardrail
from agno.hooks import hook
from agno.models.message import Message
from agno.tools import tool
from agno.workflow import Step, Workflow
from fastapi import BackgroundTasks
from scenario_kit import (
    SECRET,
    agent,
    get_weather,
    run,
    scenario,
    team,
    wait_for,
)


def hide_address(run_input: Any) -> None:
    run_input.input_content = run_input.input_content.replace(SECRET, "[hidden]")


async def ahide_address(run_input: Any) -> None:
    await asyncio.sleep(0)
    hide_address(run_input)


def look_at_input(run_input: Any) -> None:
    assert run_input.input_content


def sign_off(run_output: Any) -> None:
    run_output.content = f"{run_output.content} Bye."


class Redactor:
    """A hook that is an object."""

    def __call__(self, run_input: Any) -> None:
        run_input.input_content = run_input.input_content.replace("[hidden]", "[redacted]")


class LengthGuardrail(BaseGuardrail):
    """Blocks what is long."""

    def check(self, run_input: Any) -> None:
        if len(str(run_input.input_content)) > 100:
            raise InputCheckError("too long", check_trigger=CheckTrigger.INPUT_NOT_ALLOWED)

    async def async_check(self, run_input: Any) -> None:
        self.check(run_input)


def hooks_of(mode: str) -> dict[str, Any]:
    hide = ahide_address if mode.startswith("async") else hide_address
    return {"pre_hooks": [look_at_input, LengthGuardrail(), hide, Redactor()], "post_hooks": [sign_off]}


@scenario()
def hooks_guardrails(mode: str) -> Any:
    return run(agent("Careful Agent", **hooks_of(mode)), f"my address is {SECRET}", mode)


@scenario()
def hooks_of_team(mode: str) -> Any:
    return run(team("Careful Team", **hooks_of(mode)), f"my address is {SECRET}", mode)


@scenario()
def hooks_in_workflow(mode: str) -> Any:
    steps = [Step(name="Careful Step", agent=agent("Careful Agent", **hooks_of(mode)))]
    careful = Workflow(name="Careful Workflow", id="careful-workflow", steps=steps, telemetry=False)
    return run(careful, f"my address is {SECRET}", mode)


@scenario()
def hooks_with_messages(mode: str) -> Any:
    """The input is a list of messages, and the hook changes them in place."""

    def hide(run_input: Any) -> None:
        for message in run_input.input_content:
            message.content = message.content.replace(SECRET, "[hidden]")

    messages = [Message(role="user", content=f"my address is {SECRET}")]
    return run(agent("Listening Agent", pre_hooks=[look_at_input, hide]), messages, mode)


@scenario()
def hook_fails(mode: str) -> Any:
    def broken_hook(run_input: Any) -> None:
        raise KeyError("nobody")

    return run(agent("Lucky Agent", pre_hooks=[broken_hook]), "say hello", mode)


@scenario()
def guardrail_blocked(mode: str) -> Any:
    return run(agent("Guarded Agent", pre_hooks=[LengthGuardrail()]), "say hello " * 20, mode)


@scenario()
def guardrail_blocked_team(mode: str) -> Any:
    return run(team("Guarded Team", pre_hooks=[LengthGuardrail()]), "say hello " * 20, mode)


@scenario()
def background_hook(mode: str) -> Any:
    """Hooks that run after the response, as AgentOS has them run: one sees the raw input, one fails, one runs an agent."""
    seen = []

    @hook(run_in_background=True)
    def log_input(run_input: Any) -> None:
        seen.append(run_input.input_content)

    @hook(run_in_background=True)
    def broken_log(run_output: Any) -> None:
        raise OSError("the disk is full")

    @hook(run_in_background=True)
    def comment(run_output: Any) -> None:
        seen.append(agent("Commenting Agent").run("say hello").content)

    @hook(run_in_background=True)
    async def acomment(run_output: Any) -> None:
        seen.append((await agent("Commenting Agent").arun("say hello")).content)

    if mode.startswith("async"):
        comment = acomment
    logged = agent("Logged Agent", pre_hooks=[log_input, hide_address], post_hooks=[comment, broken_log])
    tasks = BackgroundTasks()
    prompt = f"my address is {SECRET}"
    result = run(logged, prompt, mode, background_tasks=tasks)

    async def after_the_response() -> None:
        for task in tasks.tasks:
            try:
                await task()
            except OSError as error:
                seen.append(repr(error))

    wait_for(after_the_response())
    return [result, seen]


@scenario("async")
def background_mode(_mode: str) -> Any:
    """All hooks of an agent in the background, but for its guardrails."""
    seen: list[str] = []

    def log_input(run_input: Any) -> None:
        seen.append(run_input.input_content)

    logged = agent("Late Agent", pre_hooks=[log_input, LengthGuardrail()])
    logged._run_hooks_in_background = True
    tasks = BackgroundTasks()
    result = run(logged, "say hello", "async", background_tasks=tasks)
    wait_for(tasks())
    return [result, seen]


@scenario()
def tool_hooks(mode: str) -> Any:
    """A middleware around each tool, and the hooks of one tool."""

    def measure(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        return function_call(**arguments)

    async def ameasure(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        return await function_call(**arguments)

    def before(fc: Any) -> None:
        assert fc.arguments

    weather = tool(name="get_weather", pre_hook=before)(get_weather)
    middleware = ameasure if mode.startswith("async") else measure
    if mode == "async_stream":
        middleware = measure  # A plain one that hands on a coroutine.

        async def get_weather_async(city: str) -> str:
            """Tells the weather of a city."""
            await asyncio.sleep(0)
            return get_weather(city)

        weather = tool(name="get_weather", pre_hook=before)(get_weather_async)
    return run(agent("Hooked Agent", tools=[weather], tool_hooks=[middleware]), "weather in Paris", mode)


@scenario()
def tool_hook_fails(mode: str) -> Any:
    def forbid(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        raise PermissionError(f"no {function_name} today")

    return run(agent("Forbidden Agent", tools=[get_weather], tool_hooks=[forbid]), "weather in Paris", mode)


@scenario("sync", "stream")
def generator_tool(mode: str) -> Any:
    def count(to: int) -> Iterator[str]:
        """Counts."""
        for number in range(to):
            yield str(number)

    return run(agent("Counting Agent", tools=[count]), "count slowly", mode)


@scenario("sync", "stream")
def generator_tool_exception(mode: str) -> Any:
    def count(to: int) -> Iterator[str]:
        """Counts, not far."""
        yield "0"
        raise ValueError("cannot count further")

    return run(agent("Counting Agent", tools=[count]), "count slowly", mode)
