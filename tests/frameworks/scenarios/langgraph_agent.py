"""LangGraph: an agent with a tool, a streamed run, a tool that raises, and a graph that retrieves before it asks."""

from __future__ import annotations

from typing import TypedDict

from langchain.agents import create_agent
from langchain.tools import tool
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

NOTES = ["It is sunny in Paris in May.", "It rains in Oslo in May."]


@tool
def get_weather(city: str) -> str:
    """Tells the weather in a city."""
    return f"sunny in {city}, 24C"


@tool
def broken_forecast(city: str) -> str:
    """Forecasts the weather in a city."""
    raise ValueError(f"no forecast for {city}")


class State(TypedDict, total=False):
    """What the nodes of the graph hand on."""

    question: str
    notes: str
    answer: str


def notes_graph(model: ChatOpenAI):
    """A graph of two nodes: retrieve notes, then answer from them."""
    store = InMemoryVectorStore(OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False))
    store.add_documents([Document(note, metadata={"line": line}) for line, note in enumerate(NOTES)])
    retriever = store.as_retriever(search_kwargs={"k": 2})

    def retrieve(state: State) -> State:
        return {"notes": "\n".join(document.page_content for document in retriever.invoke(state["question"]))}

    def answer(state: State) -> State:
        return {"answer": model.invoke(f"{state['notes']}\n{state['question']}").content}

    graph = StateGraph(State).add_node("retrieve", retrieve).add_node("answer", answer)
    graph.add_edge(START, "retrieve").add_edge("retrieve", "answer").add_edge("answer", END)
    return graph.compile(name="notes")


def main() -> None:
    model = ChatOpenAI(model="gpt-4o-mini", temperature=0.2, stream_usage=True)
    agent = create_agent(
        model,
        [get_weather, broken_forecast],
        system_prompt="You tell the weather.",
        checkpointer=InMemorySaver(),
        name="weather_agent",
    )

    def config(session: str) -> dict:
        return {"configurable": {"thread_id": session}, "metadata": {"user_id": "ann"}, "tags": ["docs"]}

    def ask(question: str) -> dict:
        return {"messages": [{"role": "user", "content": question}]}

    print(agent.invoke(ask("What is the weather in Paris?"), config("session-1"))["messages"][-1].content)

    for message, _ in agent.stream(ask("Is it sunny in Paris?"), config("session-2"), stream_mode="messages"):
        print(message.content, end="|")
    print()

    try:
        agent.invoke(ask("Use broken_forecast for Paris."), config("session-3"))
    except ValueError as error:
        print(error)

    print(notes_graph(model).invoke({"question": "Is it sunny in Paris?"}, config("session-4"))["answer"])
