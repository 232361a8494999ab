"""Agno: an agent with a tool, a streamed run, a tool that raises, a team."""

import connect  # noqa: F401
from agno.agent import Agent
from agno.models.openai import OpenAIChat
from agno.team import Team


def get_weather(city: str) -> str:
    """Tells the weather in a city."""
    return f"sunny in {city}, 24C"


def broken_forecast(city: str) -> str:
    """Forecasts the weather in a city."""
    raise ValueError(f"no forecast for {city}")


def agent(name: str, *tools) -> Agent:
    return Agent(
        name=name,
        model=OpenAIChat(id="gpt-4o-mini", temperature=0.2),
        instructions="You tell the weather.",
        tools=list(tools),
        telemetry=False,
    )


weather = agent("Weather Agent", get_weather)
print(weather.run("What is the weather in Paris?", session_id="session-1", user_id="ann").content)

for event in weather.run("Is it sunny in Paris?", stream=True, session_id="session-2", user_id="ann"):
    print(getattr(event, "content", "") or "", end="|")
print()

print(agent("Broken Agent", broken_forecast).run("Forecast Paris.", session_id="session-3", user_id="bob").content)

team = Team(
    name="Weather Team",
    members=[weather],
    model=OpenAIChat(id="gpt-4o-mini"),
    respond_directly=False,
    telemetry=False,
)
print(team.run("What is the weather in Paris?", session_id="session-4", user_id="bob").content)
