"""smolagents: an agent that calls tools, runs as a stream too, manages another agent, and meets a tool that raises."""

import connect  # noqa: F401
from openinference.instrumentation import using_attributes
from smolagents import OpenAIModel, ToolCallingAgent, tool

model = OpenAIModel(model_id="gpt-4o-mini")


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city.

    Args:
        city: The name of the city.
    """
    return f"sunny in {city}"


@tool
def broken_tool(city: str) -> str:
    """Always fails.

    Args:
        city: The name of the city.
    """
    raise ValueError(f"no sensor in {city}")


def weather_agent(**options) -> ToolCallingAgent:
    """An agent that knows the weather."""
    return ToolCallingAgent(
        tools=[get_weather, broken_tool],
        model=model,
        name="weather_agent",
        description="Knows the weather.",
        max_steps=2,
        verbosity_level=0,
        **options,
    )


with using_attributes(session_id="session-1", user_id="user-1", metadata={"plan": "free"}, tags=["test"]):
    print(weather_agent().run("How is the weather in Paris?"))

stream = weather_agent(stream_outputs=True).run("How is the weather in Paris?", stream=True)
print(list(stream)[-1].output)

print(weather_agent().run("Use broken_tool for Paris"))

manager = ToolCallingAgent(tools=[], model=model, managed_agents=[weather_agent()], max_steps=3, verbosity_level=0)
print(manager.run("Ask weather_agent about Paris"))

try:
    weather_agent().run("Now fail the model")
except Exception as expected:
    print(type(expected).__name__, expected)
