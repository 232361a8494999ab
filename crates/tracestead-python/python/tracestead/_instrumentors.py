"""Which libraries make spans."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
from typing import Any

logger = logging.getLogger("tracestead")

_GENAI = (
    "agno",
    "aleph_alpha",
    "alephalpha",
    "anthropic",
    "bedrock",
    "chromadb",
    "cohere",
    "crewai",
    "google_genai",
    "google_generativeai",
    "groq",
    "haystack",
    "lancedb",
    "langchain",
    "llama_index",
    "llamaindex",
    "mcp",
    "milvus",
    "mistralai",
    "ollama",
    "openai",
    "openai_agents",
    "pinecone",
    "qdrant",
    "replicate",
    "sagemaker",
    "together",
    "transformers",
    "vertexai",
    "watsonx",
    "weaviate",
    "writer",
)
"""OpenTelemetry's instrumentors are for everything; these are about models, agents and stores of vectors."""


def instrument_agno(provider: Any) -> None:
    """Makes spans of Agno's runs, if Agno is installed."""
    if importlib.util.find_spec("agno") is None:
        return
    try:
        installed = importlib.util.find_spec("openinference.instrumentation.agno")
    except ModuleNotFoundError:
        installed = None
    if installed is None:
        logger.warning("Agno is not traced: its instrumentor is missing; pip install 'tracestead[agno]'")
        return
    try:
        from ._agno import instrument

        instrument(provider)
    except Exception:
        logger.warning("Agno is not traced", exc_info=True)


def instrument_installed(provider: Any) -> None:
    """Makes spans of every library that an installed instrumentor knows. Of two for one library OpenInference's is taken."""
    taken: set[str] = set()
    for group in ("openinference_instrumentor", "opentelemetry_instrumentor"):
        for entry in importlib.metadata.entry_points(group=group):
            library = entry.name.lower().replace("-", "_")
            if library == "agno" or library in taken:
                continue
            if group == "opentelemetry_instrumentor" and library not in _GENAI:
                continue
            taken.add(library)
            _instrument(entry, provider)


def _instrument(entry: importlib.metadata.EntryPoint, provider: Any) -> None:
    try:
        instrumentor = entry.load()()
        if not getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
            instrumentor.instrument(tracer_provider=provider)
    except Exception as error:  # one that does not fit its library must not keep the others out
        logger.warning("%s is not traced: %s", entry.name, error)
