"""What the fake model says next, decided from the conversation alone, so that many agents can talk to it at once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

ANSWER = "It is sunny in Paris."
CITY = "Paris"
FAIL_WORDS = "fail the model"

# Tools by which a framework wants the answer itself to be given.
ANSWERING_TOOLS = ("final_answer", "final_result")
# Some frameworks hand results of tools back as user messages that begin like this.
RESULT_PREFIXES = ("Observation:", "Call id:", "Error:")
TOLD_ID = re.compile(r'\bid="([^"]+)"')


@dataclass(frozen=True)
class Message:
    """One message of the conversation, whichever API it came by."""

    role: str  # system, user, assistant or tool
    text: str = ""
    tool: str | None = None  # for role tool: the name of the tool that answered, if known

    @property
    def is_result(self) -> bool:
        return self.role == "tool" or (self.role == "user" and self.text.startswith(RESULT_PREFIXES))


@dataclass(frozen=True)
class Tool:
    """A tool that the model may call."""

    name: str
    parameters: dict = field(default_factory=dict)

    @property
    def takes_city(self) -> bool:
        return "city" in self.parameters.get("properties", {})

    def arguments(self, prompt: str) -> dict:
        """Plausible ones; an id is one that the prompt tells (`<member id="...">`)."""
        arguments = plausible(self.parameters or {"type": "object"}, self.parameters)
        if told := TOLD_ID.search(prompt):
            arguments |= {key: told[1] for key in arguments if key.endswith("_id")}
        return arguments


@dataclass(frozen=True)
class Request:
    """What the model is asked."""

    messages: list[Message]
    tools: list[Tool]
    forced_tool: str | None = None
    tools_forbidden: bool = False
    json_schema: dict | None = None
    json_mode: bool = False


@dataclass(frozen=True)
class Say:
    """The model answers with text."""

    text: str


@dataclass(frozen=True)
class Call:
    """The model calls one tool."""

    name: str
    arguments: dict


@dataclass(frozen=True)
class Fail:
    """The provider answers with an HTTP error."""

    message: str = "the model is overloaded"


def next_turn(request: Request) -> Say | Call | Fail:
    """A tool first, if there is one and it was not called yet for the last question; else the answer."""
    asked = max((i for i, m in enumerate(request.messages) if m.role == "user" and not m.is_result), default=-1)
    question = request.messages[asked].text if asked >= 0 else ""
    if FAIL_WORDS in question:
        return Fail()
    prompt = "\n".join(message.text for message in request.messages)
    tools = {} if request.tools_forbidden else {tool.name: tool for tool in request.tools}
    if request.forced_tool in tools:
        return _call(tools[request.forced_tool], prompt)
    working = [tool for name, tool in tools.items() if name not in ANSWERING_TOOLS]
    if working and not _has_result(request.messages[asked + 1 :], working):
        return _call(_choose(working, question), prompt)
    for name in ANSWERING_TOOLS:
        if name in tools:
            return _call(tools[name], prompt)
    if not tools and (turn := _react_turn(request.messages)):
        return turn
    if request.json_schema is not None:
        return Say(json.dumps(plausible(request.json_schema, request.json_schema)))
    return Say(json.dumps({"answer": ANSWER}) if request.json_mode else ANSWER)


def plausible(schema: dict, root: dict, name: str = "") -> Any:
    """A value that fits a JSON schema: required properties only, and a city is always Paris."""
    if "$ref" in schema:
        target: Any = root
        for key in schema["$ref"].lstrip("#/").split("/"):
            target = target[key]
        return plausible(target, root, name)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return plausible(schema[choice][0], root, name)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = [key for key in properties if key == "city" or key in schema.get("required", [])]
        return {key: plausible(properties[key], root, key) for key in wanted}
    if kind == "array":
        return [plausible(schema["items"], root)] if schema.get("items") else []
    if kind == "string":
        if name in ("city", ""):
            return CITY
        return ANSWER if name in ("answer", "response", "result") else f"{name} of {CITY}"
    return {"integer": 1, "number": 1.0, "boolean": True}.get(kind)


def _call(tool: Tool, prompt: str) -> Call:
    return Call(tool.name, tool.arguments(prompt))


def _choose(tools: list[Tool], question: str) -> Tool:
    """The tool that the question names, else one that takes a city, else the first."""
    named = [tool for tool in tools if tool.name in question]
    return (named or [tool for tool in tools if tool.takes_city] or tools)[0]


def _has_result(since: list[Message], tools: list[Tool]) -> bool:
    """A handoff to an agent that has a tool for the question is no result yet."""
    results = [m for m in since if m.is_result]
    if any(tool.takes_city for tool in tools):
        results = [m for m in results if not (m.tool or "").startswith("transfer_to")]
    return bool(results)


def _react_turn(messages: list[Message]) -> Say | None:
    """Tools told in the prompt instead of by the API ("Action:", "Action Input:", "Final Answer:")."""
    prompt = "\n".join(m.text for m in messages if m.role in ("system", "user"))
    if "Action Input:" not in prompt or "Final Answer:" not in prompt:
        return None
    if any(m.is_result or "Observation:" in m.text for m in messages if m.role != "system" and m.text not in prompt):
        return Say(f"Thought: I now know the final answer\nFinal Answer: {ANSWER}")
    tool = re.search(r"Tool Name: *(\w+)", prompt)
    name = tool[1] if tool else "get_weather"
    return Say(f'Thought: I need the weather\nAction: {name}\nAction Input: {{"city": "{CITY}"}}')
