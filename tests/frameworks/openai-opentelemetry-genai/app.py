"""The OpenAI client, watched by OpenTelemetry's instrumentor: contents go to spans."""

import connect  # noqa: F401
import openai_client

openai_client.main()
