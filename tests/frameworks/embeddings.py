"""The embeddings API."""

from __future__ import annotations

import base64
import struct
import zlib

EMBEDDING_TOKENS = 8
EMBEDDING_SIZE = 8


def embeddings(body: dict) -> dict:
    """Vectors of words, so that texts with words in common are near each other."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if texts and isinstance(texts[0], int):
        texts = [texts]
    data = []
    for index, text in enumerate(texts):
        vector: list[float] | str = _vector(text, body.get("dimensions") or EMBEDDING_SIZE)
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": EMBEDDING_TOKENS, "total_tokens": EMBEDDING_TOKENS}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _vector(text: str | list[int], size: int) -> list[float]:
    words = text.lower().split() if isinstance(text, str) else [str(token) for token in text]
    vector = [0.01] * size
    for word in words:
        vector[zlib.crc32(word.strip(".,?!").encode()) % size] += 1.0
    length = sum(x * x for x in vector) ** 0.5
    return [round(x / length, 6) for x in vector]
