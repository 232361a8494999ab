"""An AgentOS that traces, asked over HTTP: prints what its own trace route says of a run.

    python agent_os.py before|after     whether tracestead is set up before AgentOS is or after
"""

from __future__ import annotations

import json
import sys

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.openai import OpenAIChat
from agno.os import AgentOS
from fastapi.testclient import TestClient
from tracestead import setup_tracing

db = SqliteDb(db_file="traces.db")
if sys.argv[1] == "before":
    setup_tracing(db=db)
agent = Agent(name="My Agent", id="my-agent", model=OpenAIChat(id="gpt-4o-mini"), db=db)
app = AgentOS(agents=[agent], db=db, tracing=True).get_app()
if sys.argv[1] == "after":
    setup_tracing(db=db)
with TestClient(app) as client:
    asked = {"message": "Hello!", "stream": "false", "session_id": "session-1"}
    client.post("/agents/my-agent/runs", data=asked).raise_for_status()
    (trace,) = client.get("/traces", params={"session_id": "session-1"}).raise_for_status().json()["data"]
# The last line: Agno logs on standard output.
print(json.dumps(trace))
