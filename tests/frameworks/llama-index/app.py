"""LlamaIndex: a query engine over three documents, and an agent with tools, one of which raises."""

import connect  # noqa: F401
import asyncio

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI
from openinference.instrumentation import using_attributes

FACTS = ("Paris is sunny in May.", "Oslo is cold in January.", "Rome is hot in August.")

# Agents stream, and OpenAI counts the tokens of a stream only if asked to.
llm = OpenAI(model="gpt-4o-mini", max_retries=0, additional_kwargs={"stream_options": {"include_usage": True}})
embedding = OpenAIEmbedding(model="text-embedding-3-small")


def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


def broken_tool(city: str) -> str:
    """Always fails."""
    raise ValueError(f"no sensor in {city}")


def ask_documents() -> None:
    """Retrieval, embeddings and a streamed answer."""
    documents = [Document(text=fact, metadata={"number": number}) for number, fact in enumerate(FACTS)]
    index = VectorStoreIndex.from_documents(documents, embed_model=embedding)
    with using_attributes(session_id="session-1", user_id="user-1"):
        print(index.as_query_engine(llm=llm, similarity_top_k=2).query("How is Paris in May?"))
    print(index.as_query_engine(llm=llm, similarity_top_k=1, streaming=True).query("Is Oslo cold?").get_response())


async def ask_agent() -> None:
    """Tools, of which one raises, and a model that fails."""
    agent = FunctionAgent(name="weather agent", llm=llm, tools=[get_weather, broken_tool], system_prompt="Be brief.")
    with using_attributes(session_id="session-1", user_id="user-1"):
        print(await agent.run("How is the weather in Paris?"))
    print(await agent.run("Use broken_tool for Paris"))
    try:
        await agent.run("Now fail the model")
    except Exception as expected:
        print(type(expected).__name__, expected)


ask_documents()
asyncio.run(ask_agent())
