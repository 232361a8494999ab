"""What happens when Agno is not what we think, or when we are broken.

    python agno_guards.py --openai URL --result FILE CHECK

Each check is a process of its own, since it spoils what it touches. The result is what the check has to say; the test judges.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import agno_scenarios as scenarios
import scenario_kit
from agno.agent import _hooks as agno_hooks
from agno.models.openai import OpenAIChat
from openinference.instrumentation.agno import AgnoInstrumentor
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scenario_kit import agent
from scenarios_of_models import Parrot
from tracestead import _agno
from tracestead._agno import (
    hooks,
    models,
    patch,
    retrieval,
    runs,
    safety,
    spans,
    teams,
    tools,
    workflows,
)

MODULES = (runs, hooks, retrieval, tools, teams, models, workflows)
# Enough to come through every patch.
PLAYED = [
    "hooks_guardrails:stream",
    "hooks_in_workflow:async",
    "guardrail_blocked:sync",
    "agent_tool_exception:async_stream",
    "tool_hooks:async",
    "team_coordinate:sync",
    "knowledge_agent:sync",
    "knowledge_context_team:async",
    "agent_early_break:stream",
    "generator_tool_exception:sync",
    "hitl_confirmation:sync",
    "model_error:async_stream",
    "custom_model:async",
]

CHECKS: dict[str, Callable[[], Any]] = {}
LOGGED = scenarios.listen()


def check(function: Callable[[], Any]) -> Callable[[], Any]:
    CHECKS[function.__name__] = function
    return function


def provider() -> tuple[TracerProvider, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made, exporter


def said(names: list[str]) -> dict[str, Any]:
    """Returns what Agno says, which must be the same whatever we do."""
    logged = scenarios.Logged()
    return {name: one["said"] for name, one in scenarios.play(names, scenarios.Nowhere(), logged).items()}


def names_of(exporter: InMemorySpanExporter) -> list[str]:
    names = sorted({span.name for span in exporter.get_finished_spans()})
    exporter.clear()
    return names


def warnings() -> list[str]:
    told = [message for message in LOGGED.messages if message.startswith("tracestead: ")]
    LOGGED.messages.clear()
    return told


def targets() -> dict[str, Any]:
    """Returns what stands at every place that we or the instrumentor replace."""
    found = {}
    for module in MODULES:
        for target in (target for one in module.PATCHES for target in one.targets):
            owner, name, current = patch._find(target)
            assert current is inspect.getattr_static(owner, name)
            found[f"{target.module}.{target.path}"] = current
    (lancedb,) = retrieval.LANCEDB.targets
    found[lancedb.path] = patch._find(lancedb)[2]
    for name in ("_run", "_run_stream", "_arun", "_arun_stream", "_continue_run"):
        found[f"agent.{name}"] = getattr(sys.modules["agno.agent._run"], name)
        found[f"team.{name}"] = getattr(sys.modules["agno.team._run"], name)
    for method in ("invoke", "ainvoke", "invoke_stream", "ainvoke_stream"):
        for model in (Parrot, OpenAIChat):
            found[f"{model.__name__}.{method}"] = vars(model)[method]
    return found


@check
def uninstrument() -> Any:
    """Instruments and goes back; twice, with runs in between."""
    before = targets()
    told = []
    for _ in range(2):
        made, exporter = provider()
        _agno.instrument(made)
        during = targets()
        result = said(["hooks_guardrails:sync", "custom_model:sync", "knowledge_agent:sync"])
        seen = names_of(exporter)
        _agno.uninstrument()
        after = targets()
        again = said(["hooks_guardrails:sync", "custom_model:sync", "knowledge_agent:sync"])
        told.append(
            {
                "not_replaced": [name for name in before if during[name] is before[name]],
                "not_put_back": [name for name in before if after[name] is not before[name]],
                "same": result == again,
                "spans": seen,
                "spans_after": names_of(exporter),
            }
        )
    _agno.uninstrument()
    return {"rounds": told, "warnings": warnings()}


@check
def twice() -> Any:
    """The second `instrument` changes nothing, not even with another provider."""
    first, exporter = provider()
    second, other = provider()
    _agno.instrument(first)
    _agno.instrument(second)
    said(["hooks_guardrails:sync"])
    names = [span.name for span in exporter.get_finished_spans()]
    return {"spans": names, "elsewhere": names_of(other), "warnings": warnings()}


@check
def wrapped_over() -> Any:
    """Somebody wraps what we have wrapped, and stays when we go."""
    import wrapt

    calls_of_theirs = []

    def theirs(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        calls_of_theirs.append(1)
        return wrapped(*args, **kwargs)

    original = agno_hooks.execute_pre_hooks
    made, exporter = provider()
    _agno.instrument(made)
    wrapt.wrap_function_wrapper(agno_hooks, "execute_pre_hooks", theirs)
    said(["hooks_guardrails:sync"])
    with_us = names_of(exporter)
    _agno.uninstrument()
    said(["hooks_guardrails:sync"])
    return {
        "with_us": with_us,
        "without_us": names_of(exporter),
        "theirs": len(calls_of_theirs),
        "inner_is_original": agno_hooks.execute_pre_hooks.__wrapped__ is original,
    }


@check
def instrumented_by_somebody_else() -> Any:
    """Their provider goes on to get the runs, also after we have gone."""
    theirs, their_exporter = provider()
    ours, our_exporter = provider()
    AgnoInstrumentor().instrument(tracer_provider=theirs)
    _agno.instrument(ours)
    said(["hooks_guardrails:sync", "custom_model:sync"])
    told = {"theirs": names_of(their_exporter), "ours": names_of(our_exporter), "warnings": warnings()}
    _agno.uninstrument()
    said(["hooks_guardrails:sync"])
    return {**told, "theirs_after": names_of(their_exporter), "ours_after": names_of(our_exporter)}


@check
def instrumented_by_the_same() -> Any:
    """The program has started the instrumentor itself, on the same provider: nothing to be said about."""
    ours, exporter = provider()
    AgnoInstrumentor().instrument(tracer_provider=ours)
    _agno.instrument(ours)
    said(["hooks_guardrails:sync"])
    return {"ours": names_of(exporter), "warnings": warnings()}


@check
def sampled_out() -> Any:
    """Nobody looks."""
    made = TracerProvider(sampler=sampling.ALWAYS_OFF)
    expected = said(PLAYED)
    _agno.instrument(made)
    return {"same": said(PLAYED) == expected, "warnings": warnings()}


@check
def agno_changed() -> Any:
    """One patch after the other finds its last target missing, elsewhere, of another kind and with other parameters."""
    expected = said(PLAYED)
    told = []
    changes: list[tuple[str, dict[str, Any]]] = [
        ("missing", {"path": "_is_not_here"}),
        ("missing class", {"path": "Gone.execute"}),
        ("missing module", {"module": "agno.gone"}),
        ("kind", {"kind": None}),
        ("parameters", {"parameters": ("surely_not_here",)}),
    ]
    for module in MODULES:
        for at, one in enumerate(module.PATCHES):
            for name, change in changes:
                if change.get("kind", one) is None:
                    kind = patch.Kind.COROUTINE
                    change = {"kind": patch.Kind.PLAIN if one.targets[-1].kind is kind else kind}
                changed = dataclasses.replace(one.targets[-1], **change)
                module.PATCHES[at] = dataclasses.replace(one, targets=(*one.targets[:-1], changed))
                made, exporter = provider()
                # Each is played once; the other changes are told apart by their warning alone.
                if name == "missing":
                    _agno.instrument(made)
                    result = said(PLAYED)
                else:
                    patch.apply([module.PATCHES[at]])
                    result = expected
                touched = [a.name for a in patch._applied if a.original is _original(one.targets[0])]
                _agno.uninstrument()
                patch.undo()
                exporter.clear()
                told.append(
                    {
                        "patch": one.what,
                        "change": name,
                        "warnings": warnings(),
                        "different": [name for name in expected if result[name] != expected[name]],
                        "touched": touched,
                    }
                )
                module.PATCHES[at] = one
    return told


def _original(target: patch.Target) -> Any:
    applied = {(id(a.owner), a.name): a.original for a in patch._applied}
    owner, name, current = patch._find(target)
    return applied.get((id(owner), name), current)


@check
def agno_changed_for_real() -> Any:
    """Agno's own function takes other names; it works, and we do not touch it."""
    expected = said(["hooks_guardrails", "hooks_of_team"])
    original = agno_hooks.execute_pre_hooks

    def execute_pre_hooks(agent: Any, hooks: Any, run_response: Any, **everything: Any) -> Iterator[Any]:
        yield from original(agent, hooks, run_response, **everything)

    agno_hooks.execute_pre_hooks = execute_pre_hooks
    made, exporter = provider()
    _agno.instrument(made)
    untouched = agno_hooks.execute_pre_hooks is execute_pre_hooks
    result = said(["hooks_guardrails", "hooks_of_team"])
    return {
        "same": result == expected,
        "untouched": untouched,
        "warnings": warnings(),
        "spans": names_of(exporter),
    }


HOOKS = [
    "hooks_guardrails:stream",
    "hooks_guardrails:async",
    "guardrail_blocked:sync",
    "background_hook:async",
]
TOOL_HOOKS = ["tool_hooks:sync", "tool_hook_fails:async"]
SEARCHES = [
    "knowledge_agent:sync",
    "knowledge_context_team:async",
    "knowledge_retriever:sync",
    "knowledge_fails:async",
]
TOOLS = ["agent_tool_exception:sync", "team_coordinate:async", "team_broadcast:sync", "agent_cancelled:async"]
GENERATORS = ["generator_tool_exception:sync", "team_coordinate:async_stream", "team_early_break:stream"]
MODELS = [
    "custom_model_without_names:sync",
    "agent_early_break:stream",
    "model_error:async",
    "custom_model:async_stream",
]
RUNS = [
    "model_error:stream",
    "hitl_confirmation:async",
    "agent_early_break:async_stream",
    "agent_cancelled:async",
]
WORKFLOWS = ["hooks_in_workflow:stream", "hooks_in_workflow:async"]

# Functions of ours, and scenarios that come through them.
INNARDS: list[tuple[Any, tuple[str, ...], list[str]]] = [
    (
        spans,
        ("start", "current", "attribute", "set_known", "fail", "text_of", "json_of", "before_end", "name_of"),
        PLAYED,
    ),
    (spans, ("is_wanted",), HOOKS),
    (runs, ("_begin", "_described", "_whose", "current"), RUNS + HOOKS),
    (runs.Run, ("__init__", "item", "returned", "raised", "finish", "ids"), RUNS + SEARCHES),
    (hooks, ("_observe", "_start", "_ids", "_is_guardrail", "_is_late"), HOOKS),
    (hooks._Phase, ("__init__", "text", "end", "subject", "returned", "raised", "_settle"), HOOKS),
    (hooks._Hook, ("__init__", "returned", "raised", "finish"), HOOKS),
    (hooks, ("_hook_of_tool",), TOOL_HOOKS),
    (hooks._ToolHook, ("__init__", "returned", "raised"), TOOL_HOOKS),
    (retrieval, ("_start", "_place", "_score", "_lancedb_score", "_knowledge_of"), SEARCHES),
    (retrieval._Search, ("__init__", "describe", "returned", "raised", "_described"), SEARCHES),
    (retrieval._Found, ("__init__", "returned"), SEARCHES),
    (tools, ("_begin",), TOOLS),
    (tools._Tool, ("__init__", "returned", "raised"), TOOLS),
    (tools._ToolStream, ("item", "returned", "raised", "abandoned"), GENERATORS),
    (teams, ("delegation", "_member_ids"), TOOLS),
    (models, ("_begin", "_see", "_own", "_named"), MODELS),
    (models._Call, ("__init__", "item", "returned", "raised", "finish"), MODELS),
    (workflows, ("_begin", "redact", "_enclosing"), WORKFLOWS),
    (workflows._Enclosure, ("__init__",), WORKFLOWS),
]


@check
def we_are_broken() -> Any:
    """One function of ours after the other raises; the program does not notice."""
    expected = said(sorted({one for *_, played in INNARDS for one in played}))
    made, _ = provider()
    _agno.instrument(made)
    told = []
    for owner, names, played in INNARDS:
        for name in names:
            # So that all is told and all models are looked at again.
            safety.forget()
            models.forget()
            with raising(owner, name) as raised:
                result = said(played)
            told.append(
                {
                    "function": f"{owner.__name__}.{name}",
                    "raised": len(raised),
                    "different": [one for one in played if result[one] != expected[one]],
                    "warnings": warnings(),
                }
            )
    return told


@contextmanager
def raising(owner: Any, name: str) -> Iterator[list[int]]:
    raised: list[int] = []
    original = vars(owner)[name]

    def broken(*_: Any, **__: Any) -> Any:
        raised.append(1)
        raise RuntimeError(f"{name} is broken")

    setattr(owner, name, broken)
    try:
        yield raised
    finally:
        setattr(owner, name, original)


@check
def errors_of_the_program() -> Any:
    """What the program's own code raises through us has its type, its text and its place."""
    made, _ = provider()
    _agno.instrument(made)
    told = {}

    def fails_in_a_hook(run_input: Any) -> None:
        raise SystemExit("from a hook")

    try:
        agent("Failing Agent", pre_hooks=[fails_in_a_hook]).run("say hello")
    except SystemExit as error:
        told["hook"] = [repr(error), _innermost(error)]

    def look_up(query: str, **_: Any) -> Any:
        raise LookupError("from a retriever")

    try:
        agent("Lost Agent", knowledge_retriever=look_up).get_relevant_docs_from_knowledge("x")
    except LookupError as error:
        told["retriever"] = [repr(error), _innermost(error)]
    return told


def _innermost(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_name if traceback is not None else ""


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--openai", required=True)
    arguments.add_argument("--result", type=Path, required=True)
    arguments.add_argument("check", choices=list(CHECKS))
    args = arguments.parse_args()
    scenario_kit.OPENAI_URL = args.openai
    args.result.write_text(json.dumps(CHECKS[args.check](), default=str))


if __name__ == "__main__":
    sys.exit(main())
