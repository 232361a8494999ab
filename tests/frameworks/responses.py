"""The responses API: what is asked, a whole response, a response as a stream of events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from fake_model import Call, Message, Request, Say, Tool
from wire import (
    CACHED_TOKENS,
    COMPLETION_TOKENS,
    PROMPT_TOKENS,
    REASONING_TOKENS,
    event_line,
    model_of,
    new_id,
    pieces,
    text_of,
)


def items_of(body: dict) -> list[dict]:
    items = body.get("input") or []
    return [{"role": "user", "content": items}] if isinstance(items, str) else items


def responses_request(body: dict, items: list[dict]) -> Request:
    """Reads a request for a response; the items are those of the conversation so far."""
    names = {item.get("call_id"): item.get("name") for item in items if item.get("type") == "function_call"}
    messages = [Message("system", body["instructions"])] if body.get("instructions") else []
    for item in items:
        if item.get("type") == "function_call_output":
            messages.append(Message("tool", text_of(item.get("output")), names.get(item["call_id"])))
        elif "role" in item:
            role = "system" if item["role"] == "developer" else item["role"]
            messages.append(Message(role, text_of(item.get("content"))))
    tools = [tool for tool in body.get("tools") or [] if tool.get("type") == "function"]
    choice = body.get("tool_choice")
    wanted = (body.get("text") or {}).get("format") or {}
    return Request(
        messages,
        [Tool(tool["name"], tool.get("parameters") or {}) for tool in tools],
        forced_tool=choice.get("name") if isinstance(choice, dict) else None,
        tools_forbidden=choice == "none",
        json_schema=wanted.get("schema"),
        json_mode=wanted.get("type") == "json_object",
    )


def responses_response(body: dict, turn: Say | Call) -> dict:
    """The whole response."""
    if isinstance(turn, Say):
        content = [{"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}]
        item = {"id": new_id("msg_"), "type": "message", "role": "assistant", "status": "completed", "content": content}
    else:
        item = {"id": new_id("fc_"), "type": "function_call", "status": "completed", "call_id": new_id("call_")}
        item |= {"name": turn.name, "arguments": json.dumps(turn.arguments)}
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": model_of(body),
        "output": [item],
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": {
            "input_tokens": PROMPT_TOKENS,
            "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
            "output_tokens": COMPLETION_TOKENS,
            "output_tokens_details": {"reasoning_tokens": REASONING_TOKENS},
            "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        },
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def responses_events(response: dict) -> Iterator[str]:
    """The response as a stream of numbered events."""
    number = iter(range(1000))

    def event(kind: str, **fields: object) -> str:
        return f"event: {kind}\n" + event_line({"type": kind, "sequence_number": next(number), **fields})

    item = response["output"][0]
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    at = {"item_id": item["id"], "output_index": 0}
    yield event("response.created", response=begun)
    yield event("response.in_progress", response=begun)
    if item["type"] == "message":
        part = item["content"][0]
        at_part = {**at, "content_index": 0}
        yield event("response.output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []})
        yield event("response.content_part.added", **at_part, part={**part, "text": ""})
        for piece in pieces(part["text"]):
            yield event("response.output_text.delta", **at_part, delta=piece, logprobs=[])
        yield event("response.output_text.done", **at_part, text=part["text"], logprobs=[])
        yield event("response.content_part.done", **at_part, part=part)
    else:
        begun_item = {**item, "status": "in_progress", "arguments": ""}
        yield event("response.output_item.added", output_index=0, item=begun_item)
        for piece in pieces(item["arguments"]):
            yield event("response.function_call_arguments.delta", **at, delta=piece)
        yield event("response.function_call_arguments.done", **at, name=item["name"], arguments=item["arguments"])
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=response)
