"""The chat completions API: what is asked, a whole answer, an answer in pieces."""

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


def chat_request(body: dict) -> Request:
    """Reads a request for a chat completion."""
    names = {
        call["id"]: call.get("function", {}).get("name")
        for message in body["messages"]
        for call in message.get("tool_calls") or []
    }
    messages = [
        Message(
            {"developer": "system", "function": "tool"}.get(message["role"], message["role"]),
            text_of(message.get("content")),
            names.get(message.get("tool_call_id")),
        )
        for message in body["messages"]
    ]
    functions = [tool["function"] for tool in body.get("tools") or [] if "function" in tool]
    choice = body.get("tool_choice")
    wanted = body.get("response_format") or {}
    return Request(
        messages,
        [Tool(function["name"], function.get("parameters") or {}) for function in functions],
        forced_tool=choice["function"]["name"] if isinstance(choice, dict) and "function" in choice else None,
        tools_forbidden=choice == "none",
        json_schema=(wanted.get("json_schema") or {}).get("schema"),
        json_mode=wanted.get("type") == "json_object",
    )


def chat_completion(body: dict, turn: Say | Call) -> dict:
    """The whole answer."""
    message: dict = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    if isinstance(turn, Say):
        message["content"] = turn.text
    else:
        function = {"name": turn.name, "arguments": json.dumps(turn.arguments)}
        message["tool_calls"] = [{"id": new_id("call_"), "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(turn)}
    return {**_chat_head(body, "chat.completion"), "choices": [choice], "usage": _chat_usage()}


def chat_chunks(body: dict, turn: Say | Call) -> Iterator[str]:
    """The answer in pieces; the usage comes last, if it was asked for."""
    head = _chat_head(body, "chat.completion.chunk")
    with_usage = (body.get("stream_options") or {}).get("include_usage")

    def chunk(delta: dict, finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return event_line({**head, "choices": [choice], **({"usage": None} if with_usage else {})})

    if isinstance(turn, Say):
        yield chunk({"role": "assistant", "content": "", "refusal": None})
        for piece in pieces(turn.text):
            yield chunk({"content": piece})
    else:
        call = {"index": 0, "id": new_id("call_"), "type": "function", "function": {"name": turn.name, "arguments": ""}}
        yield chunk({"role": "assistant", "content": None, "tool_calls": [call], "refusal": None})
        for piece in pieces(json.dumps(turn.arguments)):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield chunk({}, _finish_reason(turn))
    if with_usage:
        yield event_line({**head, "choices": [], "usage": _chat_usage()})
    yield "data: [DONE]\n\n"


def _chat_head(body: dict, kind: str) -> dict:
    head = {"id": new_id("chatcmpl-"), "object": kind, "created": int(time.time()), "model": model_of(body)}
    return {**head, "service_tier": "default", "system_fingerprint": "fp_0392822090"}


def _chat_usage() -> dict:
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": REASONING_TOKENS,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _finish_reason(turn: Say | Call) -> str:
    return "stop" if isinstance(turn, Say) else "tool_calls"
