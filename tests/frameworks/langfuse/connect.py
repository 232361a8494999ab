from langfuse import Langfuse

Langfuse(public_key="any", secret_key="any")
