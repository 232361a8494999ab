"""AutoGen AgentChat: an agent with tools, a stream, a team of two, a tool that raises, and a model that fails."""

import connect  # noqa: F401
import asyncio

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient
from openinference.instrumentation import using_attributes


async def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


async def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def model() -> OpenAIChatCompletionClient:
    """OpenAI counts the tokens of a stream only if asked to."""
    return OpenAIChatCompletionClient(model="gpt-4o-mini", stream_options={"include_usage": True})


def weather_agent(**options) -> AssistantAgent:
    """An agent that knows the weather."""
    return AssistantAgent(
        "weather_agent",
        model_client=model(),
        tools=[get_weather, broken_tool],
        description="Knows the weather.",
        system_message="Answer questions about the weather.",
        reflect_on_tool_use=True,
        **options,
    )


async def main() -> None:
    with using_attributes(session_id="session-1", user_id="user-1", metadata={"plan": "free"}, tags=["test"]):
        print((await weather_agent().run(task="How is the weather in Paris?")).messages[-1].content)

    stream = weather_agent(model_client_stream=True).run_stream(task="How is the weather in Paris?")
    print([event async for event in stream][-1].messages[-1].content)

    writer = AssistantAgent("writer", model_client=model())
    team = RoundRobinGroupChat([weather_agent(), writer], termination_condition=MaxMessageTermination(3))
    print((await team.run(task="Write about the weather in Paris.")).messages[-1].content)

    print((await weather_agent().run(task="Use broken_tool for Paris")).messages[-1].content)
    try:
        await weather_agent().run(task="Now fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)


asyncio.run(main())
