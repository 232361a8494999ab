"""Runs real Agno agents against the fake model and tells what they said and what spans came of it.

A process of its own, because a tracer provider can be set once in a process, and so that it can be any version of Agno:

    python agno_scenarios.py --export memory|none|tracestead --openai URL --result FILE [scenario[:mode] ...]

With `tracestead` they are traced as a user traces them, into the database of an object of Agno's: see `agno_stored.py`. With
`none` nothing is instrumented: what Agno says then is what it must say with `memory`. A scenario is run in each of its
modes (sync, stream, async, async_stream), each in its own copy of the context variables.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agno.agent import Agent
from agno.approval import approval
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import CheckTrigger, InputCheckError
from agno.guardrails import BaseGuardrail
from agno.hooks import hook
from agno.knowledge.document import Document
from agno.knowledge.embedder.base import Embedder
from agno.knowledge.knowledge import Knowledge
from agno.models.base import Model
from agno.models.message import Message
from agno.models.openai import OpenAIChat
from agno.models.response import ModelResponse
from agno.team import Team
from agno.team.mode import TeamMode
from agno.tools import tool
from agno.tools.reasoning import ReasoningTools
from agno.vectordb.lancedb import LanceDb
from agno.workflow import Parallel, Step, StepOutput, Workflow
from fastapi import BackgroundTasks
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

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
    return OpenAIChat(id="gpt-4o-mini", api_key="none", base_url=OPENAI_URL, max_retries=0, **settings)


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


def team(name: str, **settings: Any) -> Team:
    settings.setdefault("members", [agent("Researcher", role="research facts")])
    settings.setdefault("model", model())
    return Team(name=name, id=name.lower().replace(" ", "-"), telemetry=False, **settings)


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


class Letters(Embedder):
    """Embeds a text as how often it has some letters: near enough for two documents."""

    def __init__(self) -> None:
        super().__init__(dimensions=4)

    def get_embedding(self, text: str) -> list[float]:
        return [float(text.lower().count(letter) + 1) for letter in "boic"]

    def get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any] | None]:
        return self.get_embedding(text), None

    async def async_get_embedding(self, text: str) -> list[float]:
        return self.get_embedding(text)

    async def async_get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any] | None]:
        return self.get_embedding(text), None


def knowledge() -> Knowledge:
    store = LanceDb(uri=tempfile.mkdtemp(prefix="lancedb-"), table_name="facts", embedder=Letters())
    store.create()
    documents = [
        Document(name="boiling", content="Water boils at 100 degrees.", meta_data={"page": 1}),
        Document(name="ice", content="Ice melts at 0 degrees.", meta_data={"page": 2}),
    ]
    store.insert("facts", documents)
    return Knowledge(name="Physics", vector_db=store, max_results=2)


@scenario()
def knowledge_agent(mode: str) -> Any:
    return run(
        agent("Knowing Agent", knowledge=knowledge(), search_knowledge=True), "how hot is boiling water", mode
    )


@scenario()
def knowledge_context_agent(mode: str) -> Any:
    reader = agent(
        "Reading Agent", knowledge=knowledge(), search_knowledge=False, add_knowledge_to_context=True
    )
    return run(reader, "how cold is ice", mode)


@scenario()
def knowledge_team(mode: str) -> Any:
    return run(
        team("Knowing Team", knowledge=knowledge(), search_knowledge=True), "how hot is boiling water", mode
    )


@scenario()
def knowledge_context_team(mode: str) -> Any:
    reader = team(
        "Reading Team", knowledge=knowledge(), search_knowledge=False, add_knowledge_to_context=True
    )
    return run(reader, "how cold is ice", mode)


@scenario()
def knowledge_retriever(mode: str) -> Any:
    def look_up(query: str, num_documents: int | None = None, **_: Any) -> list[dict[str, Any]]:
        return [{"id": 7, "content": "Water boils.", "meta_data": {"page": 3}, "score": 0.75}]

    return run(
        agent("Looking Agent", knowledge_retriever=look_up, search_knowledge=True),
        "how hot is boiling water",
        mode,
    )


@scenario()
def knowledge_fails(mode: str) -> Any:
    def look_up(query: str, **_: Any) -> list[dict[str, Any]]:
        raise ConnectionError("no route to the library")

    return run(
        agent("Lost Agent", knowledge_retriever=look_up, search_knowledge=True),
        "how hot is boiling water",
        mode,
    )


@scenario("sync", "async")
def knowledge_by_hand(mode: str) -> Any:
    """A search without an agent."""
    facts = knowledge()
    found = facts.search("boiling") if mode == "sync" else wait_for(facts.asearch("boiling"))
    return [document.content for document in found]


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


class Parrot(Model):
    """A model of the user's own, which inherits nothing but the interface."""

    def __init__(self) -> None:
        super().__init__(id="parrot-1", name="Parrot", provider="Jungle")
        self.temperature = 0.5

    def invoke(self, messages: list[Message], assistant_message: Message, **_: Any) -> ModelResponse:
        return ModelResponse(role="assistant", content=f"Said: {messages[-1].content}")

    async def ainvoke(self, messages: list[Message], assistant_message: Message, **_: Any) -> ModelResponse:
        return self.invoke(messages, assistant_message)

    def invoke_stream(
        self, messages: list[Message], assistant_message: Message, **_: Any
    ) -> Iterator[ModelResponse]:
        yield self.invoke(messages, assistant_message)

    async def ainvoke_stream(self, messages: list[Message], assistant_message: Message, **_: Any) -> Any:
        yield self.invoke(messages, assistant_message)

    def _parse_provider_response(self, response: Any, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: Any) -> ModelResponse:
        return response


class Mumbler(Model):
    """A model of the user's own that does not care for the names of its arguments."""

    def __init__(self) -> None:
        super().__init__(id="mumbler-1", name="Mumbler", provider="Jungle")

    def invoke(self, **given: Any) -> ModelResponse:
        return ModelResponse(role="assistant", content=f"Mumbled: {given['messages'][-1].content}")

    async def ainvoke(self, **given: Any) -> ModelResponse:
        return self.invoke(**given)

    def invoke_stream(self, **given: Any) -> Iterator[ModelResponse]:
        yield self.invoke(**given)

    async def ainvoke_stream(self, **given: Any) -> Any:
        yield self.invoke(**given)

    def _parse_provider_response(self, response: Any, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: Any) -> ModelResponse:
        return response


class ProudChat(OpenAIChat):
    """A model of the user's own that goes on to one of Agno's: it has a span already."""

    def invoke(self, *args: Any, **kwargs: Any) -> ModelResponse:
        return super().invoke(*args, **kwargs)


@scenario()
def custom_model(mode: str) -> Any:
    return run(agent("Parrot Agent", model=Parrot()), "say hello", mode)


@scenario()
def custom_model_without_names(mode: str) -> Any:
    return run(agent("Mumbling Agent", model=Mumbler()), "say hello", mode)


@scenario("sync")
def custom_model_of_agno(mode: str) -> Any:
    proud = ProudChat(id="gpt-4o-mini", api_key="none", base_url=OPENAI_URL, max_retries=0)
    return run(agent("Proud Agent", model=proud), "say hello", mode)


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


class Unfinished(SpanProcessor):
    """Knows the spans that have started and not ended."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.names[span.context.span_id] = span.name

    def on_end(self, span: ReadableSpan) -> None:
        self.names.pop(span.context.span_id, None)


class Memory:
    """Where the spans go: a list, which each scenario starts anew."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._unfinished = Unfinished()
        # The same limit as Agno's own setup_tracing sets: flattened messages pass OpenTelemetry's default of 128.
        provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=1024))
        provider.add_span_processor(self._unfinished)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        trace.set_tracer_provider(provider)
        from tracestead import _agno

        _agno.instrument(provider)

    def take(self) -> dict[str, Any]:
        """Returns the spans since the last time, and the names of those that have not ended."""
        spans = [_described(span) for span in self._exporter.get_finished_spans()]
        unfinished = list(self._unfinished.names.values())
        self._exporter.clear()
        self._unfinished.names.clear()
        return {"spans": spans, "unfinished": unfinished}


class Nowhere:
    """Nothing is instrumented."""

    def take(self) -> dict[str, Any]:
        return {}


def _described(span: ReadableSpan) -> dict[str, Any]:
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


class Logged(logging.Handler):
    """Keeps what our package warns of, and what OpenTelemetry complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


def play(names: list[str], sink: Any, logged: Logged) -> dict[str, Any]:
    """Runs scenarios; returns what came of each of their modes."""
    played = {}
    for name in names:
        name, _, only = name.partition(":")
        modes, function = SCENARIOS[name]
        for mode in [only] if only else modes:
            logged.messages.clear()
            result = contextvars.copy_context().run(function, mode)
            played[f"{name}:{mode}"] = {"said": result, "warnings": list(logged.messages), **sink.take()}
    return played


def listen() -> Logged:
    logged = Logged()
    for name in ("tracestead", "opentelemetry"):
        logging.getLogger(name).addHandler(logged)
    return logged


def main() -> None:
    global OPENAI_URL
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--export", choices=["memory", "none", "tracestead"], required=True)
    arguments.add_argument("--db", help="with tracestead: the URL of a database, as SQLAlchemy has it")
    arguments.add_argument("--schema")
    arguments.add_argument("--async-db", action="store_true", help="by an asynchronous object of Agno's")
    arguments.add_argument("--openai", required=True)
    arguments.add_argument("--result", type=Path, required=True)
    arguments.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    args = arguments.parse_args()
    OPENAI_URL = args.openai

    logged = listen()
    sink: Any
    if args.export == "tracestead":
        from agno_stored import Stored

        sink = Stored(args.db, args.schema, args.async_db)
    else:
        sink = Memory() if args.export == "memory" else Nowhere()
    played = play(args.scenarios, sink, logged)
    if args.export == "tracestead":
        played["end"] = sink.end()
    args.result.write_text(json.dumps(played, default=str))


if __name__ == "__main__":
    sys.exit(main())
