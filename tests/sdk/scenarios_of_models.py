"""Models of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.models.base import Model
from agno.models.message import Message
from agno.models.openai import OpenAIChat
from agno.models.response import ModelResponse
from scenario_kit import (
    agent,
    connection,
    run,
    scenario,
)


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
    proud = ProudChat(**connection())
    return run(agent("Proud Agent", model=proud), "say hello", mode)
