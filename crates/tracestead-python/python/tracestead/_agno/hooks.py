"""Spans of hooks and guardrails, and no raw input in the trace of a run whose hooks redact it.

Agno calls the hooks of an agent or a team in `execute_pre_hooks` and `execute_post_hooks`, those of tools in
`FunctionCall._safe_hook_call`; nothing instruments them. The list of hooks is replaced by proxies that are the hooks in every
respect Agno asks for: name, signature, whether they are coroutines, guardrails or meant for the background.

The instrumentor writes a run's input down before its pre-hooks run. If one of them changes the input then the span of the run
gets what is left of it, and so do the spans of the workflow around it. A hook's span shows an input only if that is the one
the model sees in the end: the spans of pre-hooks are therefore kept open until the last one has run.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

import wrapt
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from . import calls, runs, spans, workflows
from .patch import Kind, Patch, Target
from .safety import quietly


class _Phase(calls.Watch):
    """The hooks before a run or after it. It is over when all have run but those in the background."""

    def __init__(self, kind: str, subject: Any, ids: dict[str, Any]) -> None:
        self.kind = kind
        self.ids = ids
        run = runs.current()
        # Whatever else is not understood any more, an input that has been redacted is not shown.
        self._run_span = run.span if run is not None else spans.current(spans.AGENT)
        self.context_of_run = context_api.get_current()
        self.settled: str | None = None
        self._subject = subject
        self._first = self.text(subject)
        self._waiting: list[_Hook] = []

    def text(self, subject: Any) -> str:
        return spans.text_of(getattr(subject, "input_content" if self.kind == "pre" else "content", None))

    def end(self, hook: _Hook) -> None:
        """Ends a hook's span now, or when it is known what it may show."""
        hook.ended_ns = time.time_ns()
        if self.kind == "pre" and self.settled is None:
            self._waiting.append(hook)
        else:
            hook.finish(self.settled)

    def subject(self, arguments: dict[str, Any]) -> Any:
        """Returns what a hook works on: in the background that is a copy."""
        return arguments.get("run_input" if self.kind == "pre" else "run_output", self._subject)

    def returned(self, result: Any) -> None:
        self._settle()

    def raised(self, error: BaseException) -> None:
        self._settle()

    def abandoned(self) -> None:
        self._settle()

    def _settle(self) -> None:
        if self.settled is not None:
            return
        self.settled = self.text(self._subject)
        if self.kind == "pre" and self.settled != self._first:
            with quietly("showing the input as the hooks left it"):
                if self._run_span is not None:
                    self._run_span.set_attribute(spans.INPUT, self.settled)
                workflows.redact(self._first, self.settled, self.context_of_run)
        for hook in self._waiting:
            with quietly("ending the span of a hook"):
                hook.finish(self.settled)
        self._waiting.clear()


class _Hook(calls.Watch):
    """One call of a hook of an agent or a team."""

    def __init__(self, span: Span, phase: _Phase, subject: Any, is_guardrail: bool) -> None:
        self.span = span
        self.ended_ns: int | None = None
        self.context = trace.set_span_in_context(span)
        self._phase = phase
        self._subject = subject
        self._is_guardrail = is_guardrail
        self._has_failed = False
        self._before = phase.text(subject)
        self._after = self._before

    def returned(self, result: Any) -> None:
        if self._is_guardrail:
            self.span.set_attribute("guardrail.triggered", False)
        self._ended()

    def raised(self, error: BaseException) -> None:
        if self._is_guardrail:
            trigger = getattr(error, "check_trigger", None)
            self.span.set_attribute("guardrail.triggered", trigger is not None)
            spans.set_known(self.span, {"guardrail.trigger": spans.name_of(trigger)})
        self._has_failed = True
        spans.fail(self.span, error)
        self._ended()

    def finish(self, settled: str | None) -> None:
        """Says what may be said and ends the span when the hook ended; `settled` is the text that all hooks left."""
        is_modified = self._before != self._after
        self.span.set_attribute("hook.modified", is_modified)
        if not self._has_failed:
            self.span.set_status(Status(StatusCode.OK))
        if self._phase.kind == "post":
            self.span.set_attribute(spans.INPUT, self._before)
            self.span.set_attribute(spans.OUTPUT, self._after)
        else:
            if self._before == settled and not is_modified:
                self.span.set_attribute(spans.INPUT, self._before)
            if self._after == settled:
                self.span.set_attribute(spans.OUTPUT, self._after)
        self.span.end(self.ended_ns)

    def _ended(self) -> None:
        self._after = self._phase.text(self._subject)
        self._phase.end(self)


def _observed(hook: Any, phase: _Phase, is_guardrail: bool, is_background: bool) -> Any:
    """Returns a proxy of a hook whose calls are watched."""

    def watch(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        def start() -> calls.Watch | None:
            # What runs in the background belongs to the run nevertheless, and not to whatever the server is doing then.
            context = phase.context_of_run if is_background else None
            span = _start(hook, phase, is_guardrail, is_background, context)
            return None if span is None else _Hook(span, phase, phase.subject(kwargs), is_guardrail)

        if inspect.iscoroutinefunction(wrapped):
            return calls.acall(start, wrapped, args, kwargs)
        return calls.call(start, wrapped, args, kwargs)

    if hasattr(hook, "__name__"):
        return wrapt.FunctionWrapper(hook, watch)
    # Agno names a callable object after its class.
    return type(type(hook).__name__, (wrapt.FunctionWrapper,), {})(hook, watch)


def _start(
    hook: Any, phase: _Phase, is_guardrail: bool, is_background: bool, context: Context | None
) -> Span | None:
    told = {"hook.type": phase.kind, "hook.background": is_background, **phase.ids}
    if is_guardrail:
        name = type(hook.__self__).__name__
        return spans.start(name, spans.GUARDRAIL, {"guardrail.name": name, **told}, context)
    name = _name(hook)
    return spans.start(f"{phase.kind}_hook {name}", spans.CHAIN, {"hook.name": name, **told}, context)


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


def _hooks_of_runs(kind: str, subject_name: str, is_async: bool) -> Any:
    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        phase = None
        with quietly("observing hooks"):
            if spans.is_wanted():
                phase, args, kwargs = _observe(wrapped, kind, subject_name, args, kwargs)

        def start() -> calls.Watch | None:
            return phase

        if is_async:
            return calls.astream(start, wrapped, args, kwargs)
        return calls.stream(start, wrapped, args, kwargs)

    return wrapper


def _observe(
    function: Any, kind: str, subject_name: str, args: Any, kwargs: Any
) -> tuple[_Phase | None, Any, Any]:
    """Replaces the hooks among the arguments of Agno's function by proxies."""
    given = calls.arguments(function, args, kwargs)
    owner = given.get("agent") or given.get("team")
    if not given.get("hooks"):
        return None, args, kwargs
    phase = _Phase(kind, given[subject_name], _ids(owner, given))
    in_background = given.get("background_tasks") is not None

    def proxy(hook: Any) -> Any:
        is_guardrail = _is_guardrail(hook)
        return _observed(hook, phase, is_guardrail, in_background and _is_late(hook, is_guardrail, owner))

    given["hooks"] = [proxy(hook) for hook in given["hooks"]]
    return phase, (), given


def _ids(owner: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Returns which run this is: as its span says, or as Agno's arguments do if that has none."""
    output = given.get("run_response") or given.get("run_output")
    run = runs.current()
    return {
        spans.TEAM_ID if hasattr(owner, "members") else spans.AGENT_ID: getattr(owner, "id", None),
        spans.SESSION_ID: getattr(given.get("session"), "session_id", None),
        spans.USER_ID: given.get("user_id"),
        spans.RUN_ID: getattr(output, "run_id", None),
        **(run.ids() if run is not None else {}),
    }


def _is_guardrail(hook: Any) -> bool:
    from agno.guardrails.base import BaseGuardrail

    return isinstance(getattr(hook, "__self__", None), BaseGuardrail)


def _is_late(hook: Any, is_guardrail: bool, owner: Any) -> bool:
    """Says whether Agno will run the hook after the response, as its `execute_pre_hooks` decides."""
    if getattr(owner, "_run_hooks_in_background", None) is True:
        return not is_guardrail
    return bool(getattr(hook, "_agno_run_in_background", False))


class _ToolHook(calls.Watch):
    """One call of a hook of a tool."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.context = trace.set_span_in_context(span)

    def returned(self, result: Any) -> None:
        # Nothing that has yet to run: a plain hook may hand on a coroutine, and Agno may await it or not.
        if isinstance(result, (str, int, float, list, dict)) or hasattr(result, "model_dump_json"):
            self.span.set_attribute(spans.OUTPUT, spans.text_of(result))
        self.span.set_status(Status(StatusCode.OK))
        self.span.end()

    def raised(self, error: BaseException) -> None:
        spans.fail(self.span, error)
        self.span.end()


def _hook_of_tool(function_call: Any, hook: Any) -> calls.Watch | None:
    if spans.current(spans.TOOL) is None and runs.current() is None:
        return None
    function = function_call.function
    if hook is getattr(function, "pre_hook", None):
        place = "pre_hook"
    elif hook is getattr(function, "post_hook", None):
        place = "post_hook"
    else:
        place = "tool_hook"
    name = _name(hook)
    run = runs.current()
    span = spans.start(
        f"{place} {name}",
        spans.CHAIN,
        {
            "hook.name": name,
            "hook.type": "tool",
            "hook.background": False,
            "tool.name": getattr(function, "name", None),
            spans.INPUT: spans.json_of(getattr(function_call, "arguments", None) or {}),
            **(run.ids() if run is not None else {}),
        },
    )
    return None if span is None else _ToolHook(span)


def _hooks_of_tools(is_async: bool) -> Callable[..., Any]:
    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        def start() -> calls.Watch | None:
            return _hook_of_tool(instance, args[0] if args else kwargs["hook"])

        watched = calls.acall if is_async else calls.call
        return watched(start, wrapped, args, kwargs)

    return wrapper


def _patch_of_runs(whose: str, module: str, prefix: str, owner: str) -> Patch:
    common = (owner, "hooks", "session", "user_id", "background_tasks")
    targets = []
    for phase, subject in (("pre", "run_input"), ("post", "run_output")):
        for is_async in (False, True):
            name = f"{prefix}{'a' if is_async else ''}execute_{phase}_hooks"
            targets.append(
                Target(
                    module,
                    name,
                    Kind.ASYNC_GENERATOR if is_async else Kind.GENERATOR,
                    (*common, subject),
                    _hooks_of_runs(phase, subject, is_async),
                )
            )
    return Patch(f"the hooks and guardrails of {whose}", tuple(targets))


_HOOK_CALL = ("hook", "hook_args")

PATCHES = [
    _patch_of_runs("agents", "agno.agent._hooks", "", "agent"),
    _patch_of_runs("teams", "agno.team._hooks", "_", "team"),
    Patch(
        "the hooks of tools",
        (
            Target(
                "agno.tools.function",
                "FunctionCall._safe_hook_call",
                Kind.PLAIN,
                _HOOK_CALL,
                _hooks_of_tools(False),
            ),
            Target(
                "agno.tools.function",
                "FunctionCall._safe_hook_call_async",
                Kind.COROUTINE,
                _HOOK_CALL,
                _hooks_of_tools(True),
            ),
        ),
    ),
]
