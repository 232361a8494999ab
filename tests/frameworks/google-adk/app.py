"""Google's ADK: an agent with tools, a stream, a sequence of agents, a tool that raises, and a model that fails."""

import connect  # noqa: F401
import asyncio

from google.adk.agents import BaseAgent, LlmAgent, RunConfig, SequentialAgent
from google.adk.agents.run_config import StreamingMode
from google.adk.models.lite_llm import LiteLlm
from google.adk.runners import InMemoryRunner
from google.genai import types

model = LiteLlm(model="openai/gpt-4o-mini")


def get_weather(city: str) -> dict:
    """Tells the weather of a city."""
    return {"weather": f"sunny in {city}"}


def broken_tool(city: str) -> dict:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def weather_agent() -> LlmAgent:
    """An agent that knows the weather."""
    return LlmAgent(
        name="weather_agent",
        model=model,
        description="Knows the weather.",
        instruction="Answer questions about the weather.",
        tools=[get_weather, broken_tool],
    )


async def ask(question: str, agent: BaseAgent | None = None, streaming: StreamingMode = StreamingMode.NONE) -> None:
    """Asks in a session of its own."""
    runner = InMemoryRunner(agent=agent or weather_agent(), app_name="weather_app")
    session = await runner.session_service.create_session(app_name="weather_app", user_id="user-1")
    message = types.Content(role="user", parts=[types.Part(text=question)])
    config = RunConfig(streaming_mode=streaming)
    where = {"user_id": "user-1", "session_id": session.id}
    try:
        async for event in runner.run_async(**where, new_message=message, run_config=config):
            if event.is_final_response() and event.content:
                print(event.content.parts[0].text)
    except Exception as expected:
        print(type(expected).__name__, expected)


async def main() -> None:
    await ask("How is the weather in Paris?")
    await ask("How is the weather in Paris? Stream it.", streaming=StreamingMode.SSE)
    writer = LlmAgent(name="writer", model=model, instruction="Write about the weather.")
    await ask("Write about Paris.", SequentialAgent(name="newsroom", sub_agents=[weather_agent(), writer]))
    await ask("Use broken_tool for Paris")
    await ask("Now fail the model")


asyncio.run(main())
