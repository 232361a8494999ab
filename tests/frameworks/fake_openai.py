"""An OpenAI-compatible server on loopback: chat completions, responses, embeddings, models.

`python fake_openai.py` prints its base URL and serves until it is ended. What it says is decided in `fake_model.py`;
every call uses the same number of tokens, so that tests can tell what a trace must add up to.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

from chat_completions import chat_chunks, chat_completion, chat_request
from embeddings import embeddings
from fake_model import Call, Fail, Say, next_turn
from local_server import LocalServer
from responses import items_of, responses_events, responses_request, responses_response
from wire import DATED_MODELS


class FakeOpenAI(LocalServer):
    """The server; use it as a context manager."""

    def __init__(self) -> None:
        super().__init__(_Handler)

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, sent with a length or in chunks."""
    if "chunked" not in handler.headers.get("Transfer-Encoding", ""):
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Items of each answered call of the responses API, for `previous_response_id`.
    conversations: dict[str, list[dict]] = {}

    def do_GET(self) -> None:
        models = [
            {"id": model, "object": "model", "created": 1721172741, "owned_by": "system"}
            for model in (*DATED_MODELS, "text-embedding-3-small")
        ]
        if self.path.endswith("/models"):
            self._send_json(200, {"object": "list", "data": models})
        else:
            self._send_json(200, {**models[0], "id": self.path.rsplit("/", 1)[-1]})

    def do_POST(self) -> None:
        request = json.loads(read_body(self))
        path = self.path.split("?")[0]
        if path.endswith("/chat/completions"):
            self._answer(request, next_turn(chat_request(request)), chat_completion, chat_chunks)
        elif path.endswith("/responses"):
            items = self.conversations.get(request.get("previous_response_id") or "", []) + items_of(request)
            turn = next_turn(responses_request(request, items))
            response = None if isinstance(turn, Fail) else responses_response(request, turn)
            if response:
                self.conversations[response["id"]] = items + response["output"]
            self._answer(request, turn, lambda *_: response, lambda *_: responses_events(response))
        elif path.endswith("/embeddings"):
            self._send_json(200, embeddings(request))
        else:
            self._send_error(404, f"no such route: {path}")

    def _answer(self, request: dict, turn: Say | Call | Fail, plain, streamed) -> None:
        if isinstance(turn, Fail):
            self._send_error(500, turn.message)
        elif request.get("stream"):
            self._send_stream(streamed(request, turn))
        else:
            self._send_json(200, plain(request, turn))

    def _send_error(self, status: int, message: str) -> None:
        error = {"message": message, "type": "server_error", "param": None, "code": None}
        # OpenAI's clients obey this header; a test should not wait for their retries.
        self._send_json(status, {"error": error}, {"x-should-retry": "false"})

    def _send_json(self, status: int, body: dict, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_stream(self, events: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Keeps the output for the tests."""


if __name__ == "__main__":
    with FakeOpenAI() as server:
        print(server.base_url, flush=True)
        threading.Event().wait()
