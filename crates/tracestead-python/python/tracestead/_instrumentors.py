"""Which libraries make spans."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
import os
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
    """Makes spans of every library that an installed instrumentor knows, and of those that are their own.

    Of two instrumentors for one library OpenInference's is taken. ``OTEL_PYTHON_DISABLED_INSTRUMENTATIONS`` names those that
    are not wanted, as it does for OpenTelemetry's own command.
    """
    unwanted = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    taken = {"agno", *map(_library, unwanted)}
    if "pydantic_ai" not in taken:
        _instrument_pydantic_ai(provider)
    for group in ("openinference_instrumentor", "opentelemetry_instrumentor"):
        for entry in importlib.metadata.entry_points(group=group):
            library = _library(entry.name)
            if library in taken:
                continue
            if group == "opentelemetry_instrumentor" and library not in _GENAI:
                continue
            taken.add(library)
            _instrument(entry, provider)


def _library(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def _instrument(entry: importlib.metadata.EntryPoint, provider: Any) -> None:
    try:
        instrumentor = entry.load()()
        if not getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
            instrumentor.instrument(tracer_provider=provider)
    except Exception as error:  # one that does not fit its library must not keep the others out
        logger.warning("%s is not traced: %s", entry.name, error)


def _instrument_pydantic_ai(provider: Any) -> None:
    """Pydantic AI makes spans itself once it is asked to. What was said to it before stands."""
    if importlib.util.find_spec("pydantic_ai") is None:
        return
    try:
        library = importlib.import_module("pydantic_ai")
        settings = library.InstrumentationSettings(tracer_provider=provider)
        for module, name in (("pydantic_ai", "Agent"), ("pydantic_ai.embeddings", "Embedder")):
            if importlib.util.find_spec(module) is None:
                continue  # older ones have no embeddings
            kind = getattr(importlib.import_module(module), name)
            if getattr(kind, "_instrument_default", False) is False:
                kind.instrument_all(settings)
    except Exception as error:
        logger.warning("pydantic_ai is not traced: %s", error)
