"""Semantic Kernel: an agent with tools, a stream, an embedding, a tool that raises, and a model that fails."""

import connect  # noqa: F401
import asyncio

from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.functions import kernel_function


class Weather:
    """The tools."""

    @kernel_function
    def get_weather(self, city: str) -> str:
        """Tells the weather of a city."""
        return f"sunny in {city}"

    @kernel_function
    def read_radar(self, city: str) -> str:
        """Always fails."""
        raise ValueError(f"no sensor in {city}")


def weather_agent() -> ChatCompletionAgent:
    """An agent that knows the weather."""
    return ChatCompletionAgent(
        service=OpenAIChatCompletion(ai_model_id="gpt-4o-mini"),
        name="weather_agent",
        description="Knows the weather.",
        instructions="Answer questions about the weather.",
        plugins=[Weather()],
    )


async def main() -> None:
    print(await weather_agent().get_response(messages="How is the weather in Paris?"))

    async for part in weather_agent().invoke_stream(messages="How is the weather in Paris?"):
        print(part.content, end="")
    print()

    print(await weather_agent().get_response(messages="Use Weather-read_radar for Paris"))
    try:
        await weather_agent().get_response(messages="Now fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)


asyncio.run(main())
