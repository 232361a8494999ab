"""MLflow tracing: the OpenAI client, an agent by hand, a stream, a session, retrieval, and failures."""

import connect  # noqa: F401
import json

import mlflow
from mlflow.entities import SpanType
from openai import OpenAI

client = OpenAI(max_retries=0)
TOOL = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@mlflow.trace(span_type=SpanType.TOOL)
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@mlflow.trace(span_type=SpanType.TOOL)
def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no city: {city}")


@mlflow.trace(span_type=SpanType.RETRIEVER)
def search(question: str) -> list[dict]:
    """Finds documents by an embedding."""
    client.embeddings.create(model="text-embedding-3-small", input=question)
    return [{"page_content": "Paris is sunny in May.", "metadata": {"doc_uri": "weather.txt"}, "id": "1"}]


@mlflow.trace(name="weather agent", span_type=SpanType.AGENT)
def weather_agent(question: str) -> str:
    """A model call, a tool, a model call."""
    # Session and user of `mlflow.update_current_trace` do not leave by OTLP; attributes of the root span do.
    mlflow.get_current_active_span().set_attributes({"session.id": "session-1", "user.id": "user-1"})
    search(question)
    messages: list = [{"role": "user", "content": question}]
    tools = [{"type": "function", "function": TOOL}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=tools, temperature=0.2)
    call = answer.choices[0].message.tool_calls[0]
    result = get_weather(json.loads(call.function.arguments)["city"])
    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": result}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=tools)
    return answer.choices[0].message.content


print(weather_agent("How is the weather in Paris?"))

asked = [{"role": "user", "content": "How is the weather in Paris?"}]
stream = client.chat.completions.create(
    model="gpt-4o-mini", messages=asked, stream=True, stream_options={"include_usage": True}
)
print("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))
print(client.responses.create(model="gpt-4o-mini", input="How is the weather in Paris?").output_text)

for fails in (broken_tool, weather_agent):
    try:
        fails("fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)
