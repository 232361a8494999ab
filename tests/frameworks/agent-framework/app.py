"""Microsoft Agent Framework: an agent with tools, a stream, a session, a tool that raises, and a model that fails."""

import connect  # noqa: F401
import asyncio

from agent_framework import Agent
from agent_framework.openai import OpenAIChatClient


def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


agent = Agent(
    client=OpenAIChatClient(model="gpt-4o-mini"),
    name="weather_agent",
    description="Knows the weather.",
    instructions="Answer questions about the weather.",
    tools=[get_weather, broken_tool],
)


async def main() -> None:
    session = agent.create_session(session_id="session-1")
    print(await agent.run("How is the weather in Paris?", session=session))

    async for part in agent.run("How is the weather in Paris?", stream=True):
        print(part.text, end="")
    print()

    print(await agent.run("Use broken_tool for Paris"))
    try:
        await agent.run("Now fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)


asyncio.run(main())
