"""Watches a call from its start to its end, whichever of the four kinds of function it is.

A [`Watch`] is told what comes out. It can also keep a context: then the call, or each step of a stream, runs in it and the
caller's context is as before in between. That matters for streams, since a generator runs in the context of whoever asks for
the next item: Agno's instrumentor sets a span current once at the first item, and the workflow around it resets it.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable
from functools import lru_cache
from typing import Any

from opentelemetry import context as context_api
from opentelemetry.context import Context

from .safety import quietly


class Watch:
    """What is told of one call. The base class ignores everything."""

    context: Context | None = None

    def item(self, item: Any) -> None:
        """A stream has given an item."""

    def returned(self, result: Any) -> None:
        """The call has returned, or a stream has come to its end with `None`."""

    def raised(self, error: BaseException) -> None:
        """The call or a step of the stream has raised."""

    def abandoned(self) -> None:
        """Nobody wants the rest of the stream."""


# Makes the watch of a call, within the call's context; none if there is nothing to be watched.
Begin = Callable[[], "Watch | None"]


def arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a call by name; `inspect.Signature.bind` takes as long as half a span."""
    return {**dict(zip(parameters(function), args, strict=False)), **kwargs}


def parameters(function: Any) -> tuple[str, ...]:
    """Returns the names of a function's parameters, without the `self` of a bound method."""
    names = _parameters(getattr(function, "__func__", function))
    return names[1:] if hasattr(function, "__func__") else names


@lru_cache(maxsize=512)
def _parameters(function: Any) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def begin(start: Begin) -> Watch | None:
    """Starts to watch, or not if that fails."""
    with quietly("watching a call"):
        return start()
    return None


def call(start: Begin, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Calls a plain function."""
    watch = begin(start)
    if watch is None:
        return function(*args, **kwargs)
    token = _enter(watch)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        with quietly("watching a call"):
            watch.raised(error)
        raise
    finally:
        _leave(token)
    with quietly("watching a call"):
        watch.returned(result)
    return result


async def acall(start: Begin, function: Callable[..., Awaitable[Any]], args: Any, kwargs: Any) -> Any:
    """Awaits a coroutine function."""
    watch = begin(start)
    if watch is None:
        return await function(*args, **kwargs)
    token = _enter(watch)
    try:
        result = await function(*args, **kwargs)
    except BaseException as error:
        with quietly("watching a call"):
            watch.raised(error)
        raise
    finally:
        _leave(token)
    with quietly("watching a call"):
        watch.returned(result)
    return result


def stream(
    start: Begin, function: Callable[..., Iterable[Any]], args: Any, kwargs: Any
) -> Generator[Any, Any, Any]:
    """Hands on what a generator gives."""
    watch = begin(start)
    if watch is None:
        return (yield from function(*args, **kwargs))
    token = _enter(watch)
    try:
        iterator = iter(function(*args, **kwargs))
    finally:
        _leave(token)
    try:
        while True:
            token = _enter(watch)
            try:
                item = next(iterator)
            except StopIteration as stop:
                with quietly("watching a call"):
                    watch.returned(None)
                return stop.value
            except BaseException as error:
                with quietly("watching a call"):
                    watch.raised(error)
                raise
            finally:
                _leave(token)
            with quietly("watching a call"):
                watch.item(item)
            try:
                yield item
            except BaseException:
                with quietly("watching a call"):
                    watch.abandoned()
                raise
    finally:
        # Only what this call has made: an iterator of the user's may be wanted by somebody else.
        if inspect.isgenerator(iterator):
            token = _enter(watch)
            try:
                iterator.close()
            finally:
                _leave(token)


async def astream(
    start: Begin, function: Callable[..., AsyncIterator[Any]], args: Any, kwargs: Any
) -> AsyncIterator[Any]:
    """Hands on what an async generator gives."""
    watch = begin(start)
    if watch is None:
        async for item in function(*args, **kwargs):
            yield item
        return
    token = _enter(watch)
    try:
        iterator = function(*args, **kwargs).__aiter__()
    finally:
        _leave(token)
    try:
        while True:
            token = _enter(watch)
            try:
                item = await iterator.__anext__()
            except StopAsyncIteration:
                with quietly("watching a call"):
                    watch.returned(None)
                return
            except BaseException as error:
                with quietly("watching a call"):
                    watch.raised(error)
                raise
            finally:
                _leave(token)
            with quietly("watching a call"):
                watch.item(item)
            try:
                yield item
            except BaseException:
                with quietly("watching a call"):
                    watch.abandoned()
                raise
    finally:
        if inspect.isasyncgen(iterator):
            token = _enter(watch)
            try:
                await iterator.aclose()
            finally:
                _leave(token)


def _enter(watch: Watch) -> Any:
    return None if watch.context is None else context_api.attach(watch.context)


def _leave(token: Any) -> None:
    if token is not None:
        context_api.detach(token)
