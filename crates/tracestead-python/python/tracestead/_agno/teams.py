"""How a team works together, and a context that is put back after it.

The instrumentor attaches a context for the members of a team after it has made the team's span current, and detaches it after
that span has been put back: which makes the ended span of a finished team current for whatever this thread does next. Every
later run would be stored as a part of that trace. What is attached within is undone by the outer one anyway, so its token is
withheld here.
"""

from __future__ import annotations

from typing import Any

from . import spans
from .patch import Kind, Patch, Target

MEMBER_ID = "agno.delegation.member_id"
MEMBER_IDS = "agno.delegation.member_ids"

_TO_ONE = ("delegate_task_to_member", "execute_task")
_TO_ALL = ("delegate_task_to_members",)


def delegation(owner: Any, function_call: Any) -> dict[str, Any]:
    """Returns the attributes of a tool call with which a team hands work to its members."""
    if not hasattr(owner, "members"):
        return {}
    name = getattr(getattr(function_call, "function", None), "name", "")
    mode = {spans.TEAM_MODE: spans.name_of(getattr(owner, "mode", None))}
    if name in _TO_ONE:
        arguments = getattr(function_call, "arguments", None) or {}
        return {**mode, MEMBER_ID: arguments.get("member_id")}
    if name in _TO_ALL:
        return {**mode, MEMBER_IDS: _member_ids(owner)}
    return {}


def _member_ids(owner: Any) -> list[str] | None:
    members = owner.members
    if not isinstance(members, list):
        return None  # Made for each run by a function.
    from agno.utils.team import get_member_id

    return [str(get_member_id(member)) for member in members]


def _setup_team_context(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    attached = wrapped(*args, **kwargs)
    if isinstance(attached, tuple) and len(attached) == 2:
        return None, attached[1]
    return attached


PATCHES = [
    Patch(
        "a context that is put back after teams",
        (
            Target(
                "openinference.instrumentation.agno._runs_wrapper",
                "_setup_team_context",
                Kind.PLAIN,
                ("agent_or_team", "node_id"),
                _setup_team_context,
            ),
        ),
    ),
]
