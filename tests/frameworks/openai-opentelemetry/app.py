"""The OpenAI client, watched by OpenTelemetry's older instrumentor (openai-v2): contents go to logs."""

import connect  # noqa: F401
import openai_client

openai_client.main()
