"""The OpenAI client, watched by OpenLLMetry."""

import connect  # noqa: F401
import openai_client

openai_client.main()
