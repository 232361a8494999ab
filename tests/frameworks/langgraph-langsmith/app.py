"""LangGraph, watched by LangSmith's SDK, which sends OTLP only."""

import connect  # noqa: F401
import langgraph_agent

langgraph_agent.main()
