"""The OpenAI client, watched by OpenInference, with a session and a user."""

import connect  # noqa: F401
import openai_client
from openinference.instrumentation import using_attributes

with using_attributes(session_id="session-1", user_id="ann", metadata={"plan": "pro"}, tags=["docs"]):
    openai_client.main()
