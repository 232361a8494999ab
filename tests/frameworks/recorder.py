"""A proxy before the OTLP receiver that keeps a copy of everything a framework exports."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
import zlib
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from environments import ENVIRONMENTS
from fake_openai import read_body
from local_server import LocalServer

DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}
# Stack traces hold paths of the machine they were taken on; fixtures hold paths of the same length in their place, as the
# lengths in protobuf must stay right.
OWN_PATHS = (str(Path(__file__).resolve().parents[2]), str(ENVIRONMENTS.resolve()), str(Path.home()))
# For each path that is kept: what the fixture's name says of it, and the field of an export request that repeats.
KINDS = {
    "/v1/traces": ("", "resourceSpans"),
    "/api/public/otel/v1/traces": ("", "resourceSpans"),
    "/v1/logs": (".logs", "resourceLogs"),
}


class Recorder(LocalServer):
    """Forwards each POST to `target` and remembers its body by path and content type; use it as a context manager."""

    def __init__(self, target: str) -> None:
        self.bodies: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        self.refusals: list[str] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                recorder._forward(self, target)

            def log_message(self, *_: object) -> None:
                """Keeps the output for the results."""

        super().__init__(Handler)

    def keep(self, directory: Path, name: str) -> list[Path]:
        """Writes the bodies of traces and logs as fixtures; returns their paths."""
        directory.mkdir(parents=True, exist_ok=True)
        written = []
        for (path, content_type), bodies in self.bodies.items():
            if path not in KINDS:
                continue
            kind, field = KINDS[path]
            if content_type == "application/json":
                file = directory / f"{name}{kind}.otlp.json"
                merged = [entry for body in bodies for entry in json.loads(anonymous(body))[field]]
                file.write_text(json.dumps({field: merged}, indent=1) + "\n")
            else:
                # Requests in a row are one request: the lists in them are joined.
                file = directory / f"{name}{kind}.otlp.pb"
                file.write_bytes(b"".join(anonymous(body) for body in bodies))
            written.append(file)
        return written

    def _forward(self, handler: BaseHTTPRequestHandler, target: str) -> None:
        body = read_body(handler)
        body = DECODERS.get(handler.headers.get("Content-Encoding", ""), bytes)(body)
        content_type = handler.headers.get("Content-Type", "").split(";")[0]
        self.bodies[handler.path, content_type].append(body)
        request = urllib.request.Request(target + handler.path, body, {"Content-Type": content_type})
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
            self.refusals.append(f"{handler.path}: {refusal.status}")
        data = answer.read()
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.headers.get("Content-Type", content_type))
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


def anonymous(body: bytes) -> bytes:
    """Returns the body without paths of this machine, at the same length."""
    for path in sorted(OWN_PATHS, key=len, reverse=True):
        body = body.replace(path.encode(), b"/app".ljust(len(path.encode()), b"x"))
    return body
