"""Strands: an agent with tools, a stream, a tool that raises, and a model that fails."""

import connect  # noqa: F401
import asyncio

from strands import Agent, tool
from strands.models.openai import OpenAIModel


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@tool
def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def weather_agent() -> Agent:
    """An agent that knows the weather; its trace attributes are on every span."""
    return Agent(
        name="weather agent",
        model=OpenAIModel(model_id="gpt-4o-mini"),
        system_prompt="Answer questions about the weather.",
        tools=[get_weather, broken_tool],
        trace_attributes={"session.id": "session-1", "user.id": "user-1", "tag.tags": ["test"]},
        callback_handler=None,
    )


async def stream() -> None:
    """The same as a stream of events."""
    async for event in weather_agent().stream_async("How is the weather in Paris? Stream it."):
        if "result" in event:
            print(event["result"])


print(weather_agent()("How is the weather in Paris?"))
asyncio.run(stream())
print(weather_agent()("Use broken_tool for Paris"))
try:
    weather_agent()("Now fail the model")
except Exception as expected:
    print(type(expected).__name__, expected)
