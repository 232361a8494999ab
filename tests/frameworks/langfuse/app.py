"""The Langfuse SDK: observations of all kinds, its OpenAI wrapper, a stream, a session, given costs, and failures."""

import connect  # noqa: F401
from langfuse import get_client, observe, propagate_attributes
from langfuse.openai import OpenAI

client = OpenAI(max_retries=0)
langfuse = get_client()
TOOL = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@observe(as_type="tool")
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@observe(as_type="tool")
def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no city: {city}")


@observe(as_type="retriever")
def search(question: str) -> list[str]:
    """Finds texts."""
    client.embeddings.create(model="text-embedding-3-small", input=question)
    return ["Paris is sunny in May."]


@observe(as_type="agent")
def weather_agent(question: str) -> str:
    """A model call, a tool, a model call."""
    search(question)
    messages: list = [{"role": "user", "content": question}]
    tools = [{"type": "function", "function": TOOL}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=tools, temperature=0.2)
    call = answer.choices[0].message.tool_calls[0]
    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": get_weather("Paris")}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=tools)
    return answer.choices[0].message.content


with propagate_attributes(session_id="session-1", user_id="user-1", tags=["test"], metadata={"plan": "free"}):
    print(weather_agent("How is the weather in Paris?"))

asked = [{"role": "user", "content": "How is the weather in Paris?"}]
stream = client.chat.completions.create(
    model="gpt-4o-mini", messages=asked, stream=True, stream_options={"include_usage": True}
)
print("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))

with langfuse.start_as_current_observation(name="priced", as_type="generation", model="gpt-4o-mini") as generation:
    generation.update(usage_details={"input": 57, "output": 19}, cost_details={"input": 0.01, "output": 0.02})

for fails in (broken_tool, weather_agent):
    try:
        fails("fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)
