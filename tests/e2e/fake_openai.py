"""An OpenAI-compatible chat completions server on loopback that answers from a script.

A script is chosen by the last user message of the request; the turn within it is the number of assistant messages that
follow that message. So a conversation is told as a list: first call a tool, then say something. Nothing is kept between
requests, which lets many agents talk to one server at once.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Usage:
    """Token counts of one completion, as the provider reports them."""

    input: int
    output: int

    def body(self) -> dict:
        return {
            "prompt_tokens": self.input,
            "completion_tokens": self.output,
            "total_tokens": self.input + self.output,
        }


@dataclass(frozen=True)
class Say:
    """The model answers with text."""

    text: str
    usage: Usage = Usage(40, 9)


@dataclass(frozen=True)
class Call:
    """The model asks for one or more tools: pairs of a name and its arguments."""

    tools: tuple[tuple[str, dict], ...]
    usage: Usage = Usage(30, 12)


@dataclass(frozen=True)
class Fail:
    """The provider answers with an HTTP error."""

    status: int
    message: str


# Looked up in this order: the first key that the last user message contains.
SCRIPTS: dict[str, list[Say | Call | Fail]] = {
    "Hello!": [Say("Hello to you.")],
    "weather in Paris": [
        Call((("get_weather", {"city": "Paris"}),)),
        Say("It is sunny in Paris."),
    ],
    "compare Paris and Oslo": [
        Call((("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Oslo"}))),
        Say("Paris is sunny, Oslo is cold.", Usage(55, 11)),
    ],
    "break the tool": [
        Call((("explode", {"fuse": 7}),)),
        Say("The tool failed."),
    ],
    "write about water": [
        Call((("delegate_task_to_member", {"member_id": "researcher", "task": "find a fact"}),)),
        Say("Final: water boils at 100 degrees."),
    ],
    "find a fact": [Say("Fact: water boils at 100C.", Usage(21, 8))],
    # The second step of the workflow is given what the first one said.
    "Fact: water boils": [Say("Article: water boils at 100C.", Usage(33, 14))],
    "the provider is down": [Fail(500, "the model is overloaded")],
    "ask everybody": [
        Call((("delegate_task_to_members", {"task": "find a fact"}),)),
        Say("Everybody says: water boils."),
    ],
    "who knows": [
        Call((("delegate_task_to_member", {"member_id": "researcher", "task": "find a fact"}),)),
    ],
    # A team has members for what an agent does alone; the second is said by the first, to whom comes next in a workflow.
    "do everything together": [
        Call((("get_weather", {"city": "Oslo"}),)),
        Call((("explode", {"fuse": 7}),)),
        Call((("search_knowledge_base", {"query": "boiling water"}),)),
        Call((("delegate_task_to_member", {"member_id": "researcher", "task": "find a fact"}),)),
        Say("Everything is done."),
    ],
    "do everything": [
        Call((("get_weather", {"city": "Paris"}),)),
        Call((("explode", {"fuse": 7}),)),
        Call((("search_knowledge_base", {"query": "boiling water"}),)),
        Say("Now do everything together."),
    ],
    "how hot is boiling water": [
        Call((("search_knowledge_base", {"query": "boiling water"}),)),
        Say("It is 100 degrees hot."),
    ],
    "how cold is ice": [Say("It is 0 degrees cold.")],
    "think about it": [
        Call((("think", {"title": "Weather", "thought": "Paris is warm"}),)),
        Say("I thought about it."),
    ],
    "delete the report": [
        Call((("delete_file", {"path": "report.txt"}),)),
        Say("The report is gone."),
    ],
    "count slowly": [
        Call((("count", {"to": 2}),)),
        Say("I counted."),
    ],
    "my address is": [Say("I have noted your address.")],
    "say hello": [Say("Hello there, how are you?")],
}


class FakeOpenAI:
    """The server; use it as a context manager."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def scripted_turn(messages: list[dict]) -> Say | Call | Fail:
    """Returns what the model does next in this conversation."""
    last_user = max(i for i, message in enumerate(messages) if message["role"] == "user")
    prompt = _text_of(messages[last_user])
    turn = sum(message["role"] == "assistant" for message in messages[last_user:])
    for key, turns in SCRIPTS.items():
        if key in prompt:
            return turns[min(turn, len(turns) - 1)]
    return Fail(400, f"no script for {prompt[:200]!r}")


def _text_of(message: dict) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


def _tool_calls(turn: Call, completion_id: str) -> list[dict]:
    return [
        {
            "index": index,
            "id": f"call_{completion_id}_{index}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for index, (name, arguments) in enumerate(turn.tools)
    ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        turn = scripted_turn(request["messages"])
        if isinstance(turn, Fail):
            error = {"message": turn.message, "type": "server_error", "code": None, "param": None}
            self._send_json(turn.status, {"error": error})
        elif request.get("stream"):
            self._send_stream(request, turn)
        else:
            self._send_completion(request, turn)

    def _send_completion(self, request: dict, turn: Say | Call) -> None:
        completion_id = f"chatcmpl-{time.time_ns()}"
        message: dict = {"role": "assistant", "content": None}
        if isinstance(turn, Say):
            message["content"] = turn.text
        else:
            message["tool_calls"] = _tool_calls(turn, completion_id)
        self._send_json(
            200,
            {
                "id": completion_id,
                "object": "chat.completion",
                "created": int(time.time()),
                "model": request["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": _finish_reason(turn)}],
                "usage": turn.usage.body(),
            },
        )

    def _send_stream(self, request: dict, turn: Say | Call) -> None:
        completion_id = f"chatcmpl-{time.time_ns()}"
        head = {
            "id": completion_id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": request["model"],
        }

        def chunk(delta: dict, finish_reason: str | None = None) -> dict:
            return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

        chunks = [chunk({"role": "assistant"})]
        if isinstance(turn, Say):
            chunks += [chunk({"content": word}) for word in turn.text.split(" ", 1)[:1]]
            chunks += [chunk({"content": " " + rest}) for rest in turn.text.split(" ", 1)[1:]]
        else:
            chunks += [chunk({"tool_calls": [call]}) for call in _tool_calls(turn, completion_id)]
        chunks.append(chunk({}, _finish_reason(turn)))
        if (request.get("stream_options") or {}).get("include_usage"):
            chunks.append({**head, "choices": [], "usage": turn.usage.body()})

        body = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
        self._send(200, "text/event-stream", body.encode())

    def _send_json(self, status: int, body: dict) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test output for the tests."""


def _finish_reason(turn: Say | Call) -> str:
    return "stop" if isinstance(turn, Say) else "tool_calls"
