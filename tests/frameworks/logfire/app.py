"""Logfire's SDK: Pydantic AI within a span and a log of the application, then the OpenAI client."""

import connect  # noqa: F401
import logfire
import openai_client
import pydantic_ai_agent

with logfire.span("report for {user}", user="ann", session_id="session-1"):
    logfire.info("starting with {city}", city="Paris")
    pydantic_ai_agent.main()

# Not before: each call of the agents would be told twice, by Pydantic AI and by the client.
logfire.instrument_openai()
openai_client.main()
