"""Haystack: an agent with tools, a stream, a pipeline with retrieval, a tool that raises, and a model that fails."""

import connect  # noqa: F401
from typing import Annotated

from haystack import Document, Pipeline
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.tools import tool
from openinference.instrumentation import using_attributes


@tool
def get_weather(city: Annotated[str, "the name of the city"]) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


@tool
def broken_tool(city: Annotated[str, "the name of the city"]) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def ask_agent(question: str, **options) -> str:
    """Asks a new agent; only pipelines are traced, so it is put into one."""
    model = OpenAIChatGenerator(model="gpt-4o-mini", max_retries=0)
    pipeline = Pipeline()
    pipeline.add_component("agent", Agent(chat_generator=model, tools=[get_weather, broken_tool], **options))
    return pipeline.run({"agent": {"messages": [ChatMessage.from_user(question)]}})["agent"]["last_message"].text


def ask_documents(question: str) -> str:
    """Retrieval and embeddings."""
    store = InMemoryDocumentStore()
    documents = [Document(content=text) for text in ("Paris is sunny in May.", "Oslo is cold.", "Rome is hot.")]
    store.write_documents(OpenAIDocumentEmbedder(progress_bar=False).run(documents=documents)["documents"])
    template = [ChatMessage.from_user("{% for d in documents %}{{ d.content }} {% endfor %}{{ question }}")]
    pipeline = Pipeline()
    pipeline.add_component("embedder", OpenAITextEmbedder())
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=2))
    pipeline.add_component("prompt", ChatPromptBuilder(template=template, required_variables="*"))
    pipeline.add_component("model", OpenAIChatGenerator(model="gpt-4o-mini"))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    pipeline.connect("retriever.documents", "prompt.documents")
    pipeline.connect("prompt.prompt", "model.messages")
    answer = pipeline.run({"embedder": {"text": question}, "prompt": {"question": question}})
    return answer["model"]["replies"][0].text


with using_attributes(session_id="session-1", user_id="user-1", metadata={"plan": "free"}, tags=["test"]):
    print(ask_agent("How is the weather in Paris?"))
print(ask_agent("How is the weather in Paris?", streaming_callback=lambda chunk: None))
print(ask_documents("How is Paris in May?"))
for question in ("Use broken_tool for Paris", "Now fail the model"):
    try:
        print(ask_agent(question))
    except Exception as expected:
        print(type(expected).__name__, expected)
