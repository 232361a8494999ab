"""LangGraph, watched by OpenTelemetry's own instrumentor."""

import connect  # noqa: F401
import langgraph_agent

langgraph_agent.main()
