"""Agents of the OpenAI Agents SDK: a tool, a handoff, guardrails, a stream, and a tool that raises."""

import connect  # noqa: F401
import asyncio

from agents import Agent, GuardrailFunctionOutput, Runner, function_tool, input_guardrail
from openinference.instrumentation import using_attributes


@function_tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@function_tool(failure_error_function=None)
def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


@input_guardrail
def polite(context, agent, asked) -> GuardrailFunctionOutput:
    """Refuses rude questions."""
    return GuardrailFunctionOutput(output_info="checked", tripwire_triggered="stupid" in str(asked))


weather = Agent(
    name="weather agent",
    instructions="Answer questions about the weather.",
    model="gpt-4o-mini",
    tools=[get_weather, broken_tool],
    input_guardrails=[polite],
)
triage = Agent(name="triage agent", instructions="Hand over to who knows.", model="gpt-4o-mini", handoffs=[weather])


async def main() -> None:
    with using_attributes(session_id="session-1", user_id="user-1", metadata={"plan": "free"}, tags=["test"]):
        print((await Runner.run(weather, "How is the weather in Paris?")).final_output)

    streamed = Runner.run_streamed(weather, "How is the weather in Paris? Stream it.")
    async for _ in streamed.stream_events():
        pass
    print(streamed.final_output)

    print((await Runner.run(triage, "Ask the right agent about Paris.")).final_output)

    for question in ("What a stupid question", "Use broken_tool for Paris"):
        try:
            await Runner.run(weather, question)
        except Exception as expected:
            print(type(expected).__name__, expected)


asyncio.run(main())
