"""Traceloop's SDK: workflow, agent, task and tool by decorators, with association properties and a conversation."""

import connect  # noqa: F401
import openai
import openai_client
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, conversation, task, tool, workflow

client = openai.OpenAI()


@tool(name="get_weather")
def get_weather(city: str) -> str:
    return openai_client.get_weather(city)


@tool(name="broken_forecast")
def broken_forecast(city: str) -> str:
    raise ValueError(f"no forecast for {city}")


@agent(name="weather_agent")
def weather_agent(question: str) -> str:
    return openai_client.ask_with_tool(client, question, get_weather)


@task(name="stream_answer")
def stream_answer(question: str) -> str:
    return openai_client.stream(client, question)


@workflow(name="weather_report")
@conversation("conversation-1")
def weather_report(question: str) -> str:
    Traceloop.set_association_properties({"session_id": "session-1", "user_id": "ann", "plan": "pro"})
    openai_client.embed(client, question)
    return weather_agent(question) + " " + stream_answer("Is it sunny in Paris?")


@workflow(name="broken_report")
def broken_report(city: str) -> str:
    return broken_forecast(city)


print(weather_report("What is the weather in Paris?"))
try:
    broken_report("Paris")
except ValueError as error:
    print(error)
print(openai_client.fail(client))
