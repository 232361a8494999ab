"""Spans of searches in knowledge.

All of Agno's own searches - the tool `search_knowledge_base` and `add_knowledge_to_context`, of agents and teams, with a
knowledge base or with a `knowledge_retriever` of the user's - go through `get_relevant_docs_from_knowledge`, which hands on
dictionaries without ids and scores. `Knowledge.search` beneath it still has documents: within a search it adds them to the
span around, alone (a knowledge base given as a toolkit, or used by hand) it is a span itself.

Where scores are depends on the vector database: in `reranking_score`, or in the metadata under a name of its own. Agno's class
for LanceDB drops what LanceDB answers, so it is read where the documents are made: a score as it is, a distance as 1/(1+d),
which is what Agno's other classes make of it. (Not by the metric that the class is told: it never tells LanceDB.)
"""

from __future__ import annotations

import inspect
from typing import Any

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode

from . import calls, patch, runs, spans
from .patch import Kind, Patch, Target
from .safety import quietly

_SEARCH = context_api.create_key("tracestead-agno-search")
_SCORES = (
    "similarity_score",
    "search_score",
    "rrf_score",
    "keyword_score",
    "score",
    "similarity",
    "distance",
)
_COLLECTIONS = ("table_name", "collection_name", "collection", "index_name", "index", "class_name")
# As many as are worth reading; each is four attributes, of which a span may have 128.
_MOST_DOCUMENTS = 24


class _Search(calls.Watch):
    """A search that runs."""

    def __init__(self, span: Span, knowledge: Any, k: Any) -> None:
        self.span = span
        self.context = context_api.set_value(_SEARCH, self, trace.set_span_in_context(span))
        self.is_custom = False
        self.documents: list[Any] | None = None
        self.scored: list[tuple[Any, float]] = []
        self.describe(knowledge, k)

    def describe(self, knowledge: Any, k: Any) -> None:
        """Says where is searched, and for how many."""
        k = k if k is not None else getattr(knowledge, "max_results", None)
        spans.set_known(self.span, {"gen_ai.request.top_k": None if k is None else float(k)})
        with quietly("describing a knowledge base"):
            spans.set_known(self.span, _place(knowledge))

    def returned(self, result: Any) -> None:
        with quietly("describing what was found"):
            # A retriever of the user's may have sorted out what it found.
            found = result if self.documents is None or self.is_custom else self.documents
            for at, document in enumerate((found or [])[:_MOST_DOCUMENTS]):
                for key, value in self._described(document).items():
                    if value is not None:
                        self.span.set_attribute(f"retrieval.documents.{at}.document.{key}", value)
            self.span.set_attribute("agno.retrieval.documents_count", len(found or []))
        self.span.set_status(Status(StatusCode.OK))
        self.span.end()

    def raised(self, error: BaseException) -> None:
        spans.fail(self.span, error)
        self.span.end()

    def _described(self, document: Any) -> dict[str, Any]:
        if isinstance(document, str):
            return {"content": document}
        if isinstance(document, dict):
            # What a retriever of the user's returns, which may be anything.
            metadata = document.get("meta_data", document.get("metadata"))
            identity = document.get("id", document.get("name"))
            content = document.get("content", document.get("text"))
            return {
                "id": None if identity is None else str(identity),
                "content": spans.text_of(content if content is not None else document),
                "score": _score(document) if _score(document) is not None else _score(metadata),
                "metadata": spans.json_of(metadata) if metadata else None,
            }
        metadata = getattr(document, "meta_data", None)
        identities = (getattr(document, key, None) for key in ("id", "content_id", "name"))
        return {
            "id": next((str(identity) for identity in identities if identity), None),
            "content": spans.text_of(getattr(document, "content", None)),
            "score": self._score_of(document, metadata),
            "metadata": spans.json_of(metadata) if metadata else None,
        }

    def _score_of(self, document: Any, metadata: Any) -> float | None:
        reranked = getattr(document, "reranking_score", None)
        if reranked is not None:
            return float(reranked)
        kept = next((score for scored, score in self.scored if scored is document), None)
        return kept if kept is not None else _score(metadata)


def _score(values: Any) -> float | None:
    if not isinstance(values, dict):
        return None
    score = next((values[key] for key in _SCORES if values.get(key) is not None), None)
    return float(score) if isinstance(score, (int, float)) and not isinstance(score, bool) else None


def _place(knowledge: Any) -> dict[str, Any]:
    store = getattr(knowledge, "vector_db", None)
    collection = next(
        (value for key in _COLLECTIONS if isinstance(value := getattr(store, key, None), str)), None
    )
    return {
        "gen_ai.data_source.id": getattr(knowledge, "name", None),
        "db.system.name": None if store is None else type(store).__name__.lower(),
        "db.collection.name": collection,
    }


def _start(owner: Any, query: Any, k: Any, knowledge: Any, name: str) -> _Search | None:
    run = runs.current()
    is_team = hasattr(owner, "members")
    told = {
        "gen_ai.operation.name": "retrieval",
        spans.INPUT: spans.text_of(query),
        spans.TEAM_ID if is_team else spans.AGENT_ID: getattr(owner, "id", None),
        **(run.ids() if run is not None else {}),
    }
    span = spans.start(name, spans.RETRIEVER, told)
    return None if span is None else _Search(span, knowledge, k)


def _search_of_a_run(is_async: bool) -> Any:
    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        def start() -> calls.Watch | None:
            given = calls.arguments(wrapped, args, kwargs)
            owner = given.get("agent") or given.get("team")
            knowledge = _knowledge_of(owner, given.get("run_context"))
            retriever = getattr(owner, "knowledge_retriever", None)
            if not callable(retriever):
                retriever = None
                if not (hasattr(knowledge, "retrieve") or hasattr(knowledge, "aretrieve")):
                    return None
            search = _start(owner, given["query"], given.get("num_documents"), knowledge, "search_knowledge")
            if search is not None and retriever is not None:
                search.is_custom = True
                name = getattr(retriever, "__name__", type(retriever).__name__)
                search.span.set_attribute("agno.knowledge.retriever", name)
            return search

        watched = calls.acall if is_async else calls.call
        return watched(start, wrapped, args, kwargs)

    return wrapper


def _knowledge_of(owner: Any, run_context: Any) -> Any:
    knowledge = getattr(run_context, "knowledge", None)
    if knowledge is None:
        knowledge = getattr(owner, "knowledge", None)
    # A function that makes it for each run has been called by Agno, and its result is in the run context.
    return None if inspect.isroutine(knowledge) else knowledge


class _Found(calls.Watch):
    """A search in a knowledge base on behalf of a search that has a span already."""

    def __init__(self, search: _Search, knowledge: Any, k: Any) -> None:
        self._search = search
        search.describe(knowledge, k)

    def returned(self, result: Any) -> None:
        if isinstance(result, list):
            self._search.documents = [*(self._search.documents or []), *result]


def _search_of_knowledge(is_async: bool) -> Any:
    def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        def start() -> calls.Watch | None:
            if type(getattr(instance, "vector_db", None)).__module__ == LANCEDB.targets[0].module:
                patch.apply([LANCEDB])
            given = calls.arguments(wrapped, args, kwargs)
            k = given.get("max_results")
            around = context_api.get_value(_SEARCH)
            if isinstance(around, _Search) and around.span.is_recording():
                return _Found(around, instance, k)
            return _start(None, given["query"], k, instance, "search_knowledge")

        watched = calls.acall if is_async else calls.call
        return watched(start, wrapped, args, kwargs)

    return wrapper


def _lancedb_results(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    documents = wrapped(*args, **kwargs)
    with quietly("reading the scores of LanceDB"):
        around = context_api.get_value(_SEARCH)
        rows = args[0] if args else kwargs["results"]
        if isinstance(around, _Search) and len(rows) == len(documents):
            for row, document in zip(rows, documents, strict=True):
                score = _lancedb_score(row)
                if score is not None:
                    around.scored.append((document, score))
    return documents


def _lancedb_score(row: dict[str, Any]) -> float | None:
    for key in ("_relevance_score", "_score"):
        if row.get(key) is not None:
            return float(row[key])
    distance = row.get("_distance")
    return None if distance is None else 1.0 / (1.0 + float(distance))


def _patch_of_runs(whose: str, module: str, owner: str) -> Patch:
    parameters = (owner, "query", "num_documents", "run_context")
    return Patch(
        f"the knowledge searches of {whose}",
        (
            Target(
                module,
                "get_relevant_docs_from_knowledge",
                Kind.PLAIN,
                parameters,
                _search_of_a_run(is_async=False),
            ),
            Target(
                module,
                "aget_relevant_docs_from_knowledge",
                Kind.COROUTINE,
                parameters,
                _search_of_a_run(is_async=True),
            ),
        ),
    )


_KNOWLEDGE = ("query", "max_results")

PATCHES = [
    _patch_of_runs("agents", "agno.agent._messages", "agent"),
    _patch_of_runs("teams", "agno.team._default_tools", "team"),
    Patch(
        "the documents that searches find",
        (
            Target(
                "agno.knowledge.knowledge",
                "Knowledge.search",
                Kind.PLAIN,
                _KNOWLEDGE,
                _search_of_knowledge(is_async=False),
            ),
            Target(
                "agno.knowledge.knowledge",
                "Knowledge.asearch",
                Kind.COROUTINE,
                _KNOWLEDGE,
                _search_of_knowledge(is_async=True),
            ),
        ),
    ),
]

# Applied when a search in LanceDB is seen, since importing it takes seconds.
LANCEDB = Patch(
    "the scores of LanceDB",
    (
        Target(
            "agno.vectordb.lancedb.lance_db",
            "LanceDb._build_search_results",
            Kind.PLAIN,
            ("results",),
            _lancedb_results,
        ),
    ),
)
