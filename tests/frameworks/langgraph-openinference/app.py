"""LangGraph, watched by OpenInference; the session is the thread, the user is told by the instrumentor's context."""

import connect  # noqa: F401
import langgraph_agent
from openinference.instrumentation import using_attributes

with using_attributes(user_id="ann"):
    langgraph_agent.main()
