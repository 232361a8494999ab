"""What of Agno and of its instrumentor is replaced, checked before it is touched and put back after.

A gap is closed by one [`Patch`]: some targets that only make sense together. If one of them is not what it was when the
patch was written - not there, another kind of function, a parameter gone - then none is touched, one warning says so, and
everything else goes on. Agno publishes several times a week; a patch must age into a no-op and never into a crash.

What is in place is known to Agno itself, for this module may be loaded again: by a notebook, a server in development.
"""

from __future__ import annotations

import importlib
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import agno
import wrapt

from .safety import logger, quietly

Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


class Kind(Enum):
    """How a function is called."""

    PLAIN = "function"
    GENERATOR = "generator"
    COROUTINE = "coroutine"
    ASYNC_GENERATOR = "async generator"


@dataclass(frozen=True)
class Target:
    """A function, the parameters of it that its wrapper relies on, and the wrapper."""

    module: str
    path: str
    kind: Kind
    parameters: tuple[str, ...]
    wrapper: Wrapper


@dataclass(frozen=True)
class Patch:
    """Targets that are wrapped all or not at all; `what` is what the user misses without them."""

    what: str
    targets: tuple[Target, ...]


class Changed(Exception):
    """A target is not what its patch was written for."""


@dataclass(frozen=True)
class Applied:
    """A wrapper that is in place."""

    owner: Any
    name: str
    wrapper: Any
    original: Any

    def undo(self) -> None:
        """Takes the wrapper out, also from between wrappers of others."""
        outer = None
        current = inspect.getattr_static(self.owner, self.name, None)
        while current is not self.wrapper:
            if not isinstance(current, wrapt.FunctionWrapper):
                return  # Somebody has put something else in its place.
            outer, current = current, current.__wrapped__
        if outer is None:
            setattr(self.owner, self.name, self.original)
        else:
            outer.__wrapped__ = self.original


_lock = threading.Lock()
_tried: set[str] = set()
_applied: list[Applied] = vars(agno).setdefault("_tracestead_patches", [])


def apply(patches: list[Patch]) -> None:
    """Applies what can be applied and has not been yet."""
    with _lock:
        for patch in patches:
            if patch.what in _tried:
                continue
            _tried.add(patch.what)
            try:
                found = [(target, *_find(target)) for target in patch.targets]
            except (ImportError, Changed) as error:
                logger.warning("without %s: %s", patch.what, error)
                continue
            for target, owner, name, original in found:
                wrapper = wrapt.FunctionWrapper(original, target.wrapper)
                setattr(owner, name, wrapper)
                _applied.append(Applied(owner, name, wrapper, original))


def undo() -> None:
    """Puts everything back, last first."""
    with _lock:
        while _applied:
            applied = _applied.pop()
            with quietly(f"putting back {applied.name}"):
                applied.undo()
        _tried.clear()


def _find(target: Target) -> tuple[Any, str, Any]:
    owner: Any = importlib.import_module(target.module)
    where = f"{target.module}.{target.path}"
    *path, name = target.path.split(".")
    for step in path:
        owner = getattr(owner, step, None)
        if owner is None:
            raise Changed(f"this version has no {where}")
    # `__dict__` and not `getattr`: what is inherited is not the owner's to be replaced.
    original = vars(owner).get(name)
    if not callable(original):
        raise Changed(f"this version has no {where}")
    if _kind(original) is not target.kind:
        raise Changed(f"{where} is a {_kind(original).value} in this version")
    parameters = inspect.signature(original).parameters
    missing = [parameter for parameter in target.parameters if parameter not in parameters]
    if missing:
        raise Changed(f"{where} takes no {', '.join(missing)} in this version")
    return owner, name, original


def _kind(function: Any) -> Kind:
    if inspect.isasyncgenfunction(function):
        return Kind.ASYNC_GENERATOR
    if inspect.iscoroutinefunction(function):
        return Kind.COROUTINE
    if inspect.isgeneratorfunction(function):
        return Kind.GENERATOR
    return Kind.PLAIN
