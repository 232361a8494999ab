"""LangGraph, watched by OpenLLMetry."""

import connect  # noqa: F401
import langgraph_agent

langgraph_agent.main()
