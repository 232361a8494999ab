"""The spans of a scenario, and how they hang together."""

from __future__ import annotations

from typing import Any

Span = dict[str, Any]


class Spans:
    """What a scenario left in memory."""

    def __init__(self, played: dict[str, Any]) -> None:
        self.all: list[Span] = sorted(played["spans"], key=lambda span: span["start_ns"])
        self._by_id = {span["id"]: span for span in self.all}

    def named(self, name: str) -> list[Span]:
        return [span for span in self.all if span["name"] == name]

    def only(self, name: str) -> Span:
        found = self.named(name)
        assert len(found) == 1, f"{len(found)} spans {name!r} among {[span['name'] for span in self.all]}"
        return found[0]

    def of_kind(self, kind: str) -> list[Span]:
        return [span for span in self.all if span["attributes"].get("openinference.span.kind") == kind]

    def runs(self) -> list[Span]:
        """Returns the spans of agents and teams."""
        return self.of_kind("AGENT")

    def run(self) -> Span:
        """Returns the span of the first run, which all others here serve."""
        return self.runs()[0]

    def parent(self, span: Span) -> Span | None:
        return self._by_id.get(span["parent"])

    def above(self, span: Span) -> list[str]:
        """Returns the names of a span's parents, innermost first."""
        names = []
        parent = self.parent(span)
        while parent is not None:
            names.append(parent["name"])
            parent = self.parent(parent)
        return names

    def text(self) -> str:
        """Returns everything that is stored anywhere."""
        return repr(
            [(span["name"], span["attributes"], span["events"], span["status_message"]) for span in self.all]
        )


def documents(span: Span) -> list[dict[str, Any]]:
    """Returns the documents that a search found."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in span["attributes"].items():
        if key.startswith("retrieval.documents."):
            at, _, name = key.removeprefix("retrieval.documents.").partition(".document.")
            found.setdefault(int(at), {})[name] = value
    return [found[at] for at in sorted(found)]
