"""Pydantic AI: an agent with a tool, a streamed run, a typed answer, a tool that raises, an agent within an agent."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent, RunContext
from pydantic_ai.embeddings import Embedder
from pydantic_ai.models.openai import OpenAIChatModel

MODEL = OpenAIChatModel("gpt-4o-mini", settings={"temperature": 0.2})


class Report(BaseModel):
    """A typed answer."""

    city: str
    degrees: int


weather_agent = Agent(MODEL, name="weather_agent", instructions="You tell the weather.")
report_agent = Agent(MODEL, name="report_agent", output_type=Report)
travel_agent = Agent(MODEL, name="travel_agent", instructions="You plan travels.")


@weather_agent.tool_plain
def get_weather(city: str) -> str:
    """Tells the weather in a city."""
    return f"sunny in {city}, 24C"


@weather_agent.tool_plain
def broken_forecast(city: str) -> str:
    """Forecasts the weather in a city."""
    raise ValueError(f"no forecast for {city}")


@travel_agent.tool
async def ask_weather(context: RunContext, city: str) -> str:
    """Asks the weather agent."""
    answer = await weather_agent.run(f"What is the weather in {city}?", usage=context.usage)
    return answer.output


async def run() -> None:
    metadata = {"user_id": "ann", "plan": "pro"}
    first = await weather_agent.run("What is the weather in Paris?", conversation_id="session-1", metadata=metadata)
    print(first.output)
    second = await weather_agent.run(
        "And is it warm?", message_history=first.all_messages(), conversation_id="session-1", metadata=metadata
    )
    print(second.output)

    async with weather_agent.run_stream("Is it sunny in Paris?", conversation_id="session-2") as stream:
        print("|".join([piece async for piece in stream.stream_text(delta=True, debounce_by=None)]))

    print((await report_agent.run("Report on Paris.")).output)
    print((await travel_agent.run("Where should I go?", conversation_id="session-3")).output)

    try:
        await weather_agent.run("Use broken_forecast for Paris.", conversation_id="session-4")
    except ValueError as error:
        print(error)
    print(len((await Embedder("openai:text-embedding-3-small").embed_query("sunny in Paris")).embeddings[0]))


def main() -> None:
    asyncio.run(run())
