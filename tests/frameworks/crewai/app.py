"""CrewAI: a crew of two agents with two tasks, a tool, a tool that raises, and a stream."""

import connect  # noqa: F401
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from openinference.instrumentation import using_attributes


@tool("get_weather")
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@tool("broken_tool")
def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def crew(question: str, **options) -> Crew:
    """A crew that finds out the weather and writes about it."""
    llm = LLM(model="openai/gpt-4o-mini", **options)
    observer = Agent(
        role="weather observer",
        goal="know the weather",
        backstory="You look out of the window.",
        tools=[get_weather, broken_tool],
        llm=llm,
    )
    writer = Agent(role="writer", goal="write short texts", backstory="You like words.", llm=llm)
    found = Task(description=question, expected_output="one sentence", agent=observer)
    written = Task(description="Write about {city}.", expected_output="one sentence", agent=writer, context=[found])
    return Crew(name="weather crew", agents=[observer, writer], tasks=[found, written])


with using_attributes(session_id="session-1", user_id="user-1", metadata={"plan": "free"}, tags=["test"]):
    print(crew("How is the weather in {city}?").kickoff(inputs={"city": "Paris"}))

print(crew("How is the weather in {city}?", stream=True).kickoff(inputs={"city": "Paris"}))
print(crew("Use broken_tool for {city}").kickoff(inputs={"city": "Paris"}))

try:
    crew("Now fail the model").kickoff(inputs={"city": "Paris"})
except Exception as expected:
    print(type(expected).__name__, expected)
