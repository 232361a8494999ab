"""Searches in knowledge: by a tool, for the context, by functions of the user's and by hand."""

from __future__ import annotations

import tempfile
from typing import Any

from agno.knowledge.document import Document
from agno.knowledge.embedder.base import Embedder
from agno.knowledge.knowledge import Knowledge
from agno.vectordb.lancedb import LanceDb
from scenario_kit import (
    agent,
    run,
    scenario,
    team,
    wait_for,
)


class Letters(Embedder):
    """Embeds a text as how often it has some letters: near enough for two documents."""

    def __init__(self) -> None:
        super().__init__(dimensions=4)

    def get_embedding(self, text: str) -> list[float]:
        return [float(text.lower().count(letter) + 1) for letter in "boic"]

    def get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any] | None]:
        return self.get_embedding(text), None

    async def async_get_embedding(self, text: str) -> list[float]:
        return self.get_embedding(text)

    async def async_get_embedding_and_usage(self, text: str) -> tuple[list[float], dict[str, Any] | None]:
        return self.get_embedding(text), None


def knowledge() -> Knowledge:
    store = LanceDb(uri=tempfile.mkdtemp(prefix="lancedb-"), table_name="facts", embedder=Letters())
    store.create()
    documents = [
        Document(name="boiling", content="Water boils at 100 degrees.", meta_data={"page": 1}),
        Document(name="ice", content="Ice melts at 0 degrees.", meta_data={"page": 2}),
    ]
    store.insert("facts", documents)
    return Knowledge(name="Physics", vector_db=store, max_results=2)


@scenario()
def knowledge_agent(mode: str) -> Any:
    return run(
        agent("Knowing Agent", knowledge=knowledge(), search_knowledge=True), "how hot is boiling water", mode
    )


@scenario()
def knowledge_context_agent(mode: str) -> Any:
    reader = agent(
        "Reading Agent", knowledge=knowledge(), search_knowledge=False, add_knowledge_to_context=True
    )
    return run(reader, "how cold is ice", mode)


@scenario()
def knowledge_team(mode: str) -> Any:
    return run(
        team("Knowing Team", knowledge=knowledge(), search_knowledge=True), "how hot is boiling water", mode
    )


@scenario()
def knowledge_context_team(mode: str) -> Any:
    reader = team(
        "Reading Team", knowledge=knowledge(), search_knowledge=False, add_knowledge_to_context=True
    )
    return run(reader, "how cold is ice", mode)


@scenario()
def knowledge_retriever(mode: str) -> Any:
    def look_up(query: str, num_documents: int | None = None, **_: Any) -> list[dict[str, Any]]:
        return [{"id": 7, "content": "Water boils.", "meta_data": {"page": 3}, "score": 0.75}]

    return run(
        agent("Looking Agent", knowledge_retriever=look_up, search_knowledge=True),
        "how hot is boiling water",
        mode,
    )


@scenario()
def knowledge_fails(mode: str) -> Any:
    def look_up(query: str, **_: Any) -> list[dict[str, Any]]:
        raise ConnectionError("no route to the library")

    return run(
        agent("Lost Agent", knowledge_retriever=look_up, search_knowledge=True),
        "how hot is boiling water",
        mode,
    )


@scenario("sync", "async")
def knowledge_by_hand(mode: str) -> Any:
    """A search without an agent."""
    facts = knowledge()
    found = facts.search("boiling") if mode == "sync" else wait_for(facts.asearch("boiling"))
    return [document.content for document in found]
