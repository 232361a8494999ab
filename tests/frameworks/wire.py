"""Parts of OpenAI's APIs that all of them have: ids, models, usage figures, events of a stream, texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

PROMPT_TOKENS, CACHED_TOKENS = 57, 32
COMPLETION_TOKENS, REASONING_TOKENS = 19, 5

# As the provider does: who asks for an alias is told what it stands for.
DATED_MODELS = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18", "gpt-4o": "gpt-4o-2024-08-06"}


def new_id(prefix: str) -> str:
    return prefix + uuid4().hex


def model_of(body: dict) -> str:
    return DATED_MODELS.get(body["model"], body["model"])


def pieces(text: str) -> Iterator[str]:
    """Cuts a text before its spaces."""
    for index, word in enumerate(text.split(" ")):
        yield word if index == 0 else " " + word


def event_line(body: dict) -> str:
    return f"data: {json.dumps(body)}\n\n"


def text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(part if isinstance(part, str) else part.get("text") or "" for part in content)
    return "" if content is None else json.dumps(content)
