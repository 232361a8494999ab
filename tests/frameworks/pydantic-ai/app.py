"""Pydantic AI, which is its own instrumentor; embeddings are asked for apart."""

import connect  # noqa: F401
import pydantic_ai_agent
from pydantic_ai.embeddings import Embedder

Embedder.instrument_all()
pydantic_ai_agent.main()
