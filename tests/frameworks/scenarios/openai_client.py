"""The OpenAI client by hand: a loop with a tool, a stream, the responses API, an embedding, a failure."""

from __future__ import annotations

import json

import openai

MODEL = "gpt-4o-mini"
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def get_weather(city: str) -> str:
    """The tool itself; only some instrumentors can be told of it."""
    return f"sunny in {city}, 24C"


def ask_with_tool(client: openai.OpenAI, question: str, tool=get_weather) -> str:
    """Two calls: the model asks for the tool, then answers."""
    messages: list = [{"role": "system", "content": "You tell the weather."}, {"role": "user", "content": question}]
    tools = [{"type": "function", "function": WEATHER}]
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=tools, temperature=0.2)
    call = first.choices[0].message.tool_calls[0]
    result = tool(**json.loads(call.function.arguments))
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": result}]
    second = client.chat.completions.create(model=MODEL, messages=messages, tools=tools, temperature=0.2)
    return second.choices[0].message.content


def stream(client: openai.OpenAI, question: str) -> str:
    """One streamed call that tells its usage at the end."""
    messages = [{"role": "user", "content": question}]
    chunks = client.chat.completions.create(
        model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def respond(client: openai.OpenAI, question: str) -> str:
    """The responses API: a call that asks for a tool, and a streamed answer."""
    asked = client.responses.create(model=MODEL, input=question, tools=[{"type": "function", **WEATHER}]).output[0].name
    events = client.responses.create(model=MODEL, input=question, instructions="Be short.", stream=True)
    return asked + ": " + "".join(event.delta for event in events if event.type == "response.output_text.delta")


def embed(client: openai.OpenAI, text: str) -> int:
    """One embedding; returns its size."""
    return len(client.embeddings.create(model="text-embedding-3-small", input=text).data[0].embedding)


def fail(client: openai.OpenAI) -> str:
    """The provider answers with an error."""
    try:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "fail the model"}])
    except openai.InternalServerError as error:
        return str(error)
    raise AssertionError("the model did not fail")


def main() -> None:
    client = openai.OpenAI()
    print(ask_with_tool(client, "What is the weather in Paris?"))
    print(stream(client, "Is it sunny in Paris?"))
    print(respond(client, "Is it sunny in Paris?"))
    print(embed(client, "sunny in Paris"))
    print(fail(client))
