/**
 * Traces to look at: an agent with a chat, a tool that fails and a search; one of OpenTelemetry's GenAI conventions with a
 * picture, a search, an embedding and a model without a price; and two large ones.
 */

import { type Span, spanId, traceId } from "./otlp";
import { picture } from "./picture";

export interface Sample {
  traceId: string;
  rootId: string;
  spans: Span[];
}

export interface AgentOptions {
  question?: string;
  answer?: string;
  agent?: string;
  user?: string;
  session?: string;
  startMs?: number;
  fails?: boolean;
  scale?: number;
}

export const STACK = `Traceback (most recent call last):
  File "tools/edgar.py", line 88, in get_filing
    response = fetch(url)
  File "tools/http.py", line 31, in fetch
    raise HTTPError(503)
HTTPError: 503 upstream unavailable`;

export function agentTrace(options: AgentOptions = {}): Sample {
  const {
    question = "Is NVDA still a buy after this week's guidance? Check the filings, not just the news.",
    answer = "Guidance for Q4 is **$65.0 B ± 2 %**, above the $61.9 B consensus.\n\n- The live EDGAR call failed once\n- The figures come from the *indexed* 10-Q of 19 November",
    agent = "Research_Agent",
    user = "user-1042",
    session = "session-4821",
    startMs = Date.now() - 15_000,
    fails = true,
    scale = 1,
  } = options;
  const trace = traceId();
  const [root, first, tool, search, second, hook] = Array.from({ length: 6 }, spanId) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const at = (ms: number) => startMs + ms * scale;
  const same = { "session.id": session, "user.id": user };
  const prompt = {
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content":
      "You are a careful analyst. Prefer filings over news.\n\n<instructions>\n- Cite the filing\n</instructions>",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.content": question,
  };
  const call = {
    "message.role": "assistant",
    "message.tool_calls.0.tool_call.id": "call_0",
    "message.tool_calls.0.tool_call.function.name": "get_filing",
    "message.tool_calls.0.tool_call.function.arguments": '{"ticker": "NVDA", "form": "10-Q"}',
  };
  const spans: Span[] = [
    {
      traceId: trace,
      spanId: root,
      name: `${agent}.run`,
      kind: "AGENT",
      startMs: at(0),
      endMs: at(9000),
      attributes: {
        ...same,
        "agno.agent.id": agent.toLowerCase().replaceAll("_", "-"),
        "graph.node.id": agent.toLowerCase().replaceAll("_", "-"),
        "agno.run.id": `run-${trace.slice(0, 6)}`,
        "input.value": question,
        "output.value": answer,
      },
    },
    {
      traceId: trace,
      spanId: hook,
      parentSpanId: root,
      name: "pre_hook.validate_input",
      kind: "GUARDRAIL",
      startMs: at(10),
      endMs: at(40),
      attributes: { ...same },
    },
    {
      traceId: trace,
      spanId: first,
      parentSpanId: root,
      name: "OpenAIChat.invoke",
      kind: "LLM",
      startMs: at(60),
      endMs: at(1980),
      attributes: {
        ...same,
        ...prompt,
        ...prefixed("llm.output_messages.0.", call),
        "llm.model_name": "gpt-4o",
        "llm.provider": "openai",
        "llm.token_count.prompt": 2104,
        "llm.token_count.completion": 88,
        "llm.token_count.total": 2192,
        "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 800}',
        "llm.tools.0.tool.json_schema":
          '{"type": "function", "function": {"name": "get_filing", "description": "Loads a filing from EDGAR", "parameters": {"type": "object", "properties": {"ticker": {"type": "string"}}}}}',
      },
    },
    {
      traceId: trace,
      spanId: tool,
      parentSpanId: root,
      name: "get_filing",
      kind: "TOOL",
      startMs: at(2000),
      endMs: at(3200),
      attributes: {
        ...same,
        "tool.name": "get_filing",
        "tool.parameters": '{"ticker": "NVDA", "form": "10-Q"}',
        "input.value": '{"ticker": "NVDA", "form": "10-Q"}',
        ...(fails ? {} : { "output.value": "10-Q of 2026-11-19, 142 pages" }),
      },
      ...(fails ? { error: { type: "HTTPError", message: "503 upstream unavailable", stack: STACK } } : {}),
    },
    {
      traceId: trace,
      spanId: search,
      parentSpanId: root,
      name: "search_knowledge_base",
      kind: "RETRIEVER",
      startMs: at(3250),
      endMs: at(3462),
      attributes: {
        ...same,
        "input.value": "NVDA Q3 guidance data center",
        "retrieval.documents.0.document.id": "10-q-p14",
        "retrieval.documents.0.document.score": 0.913,
        "retrieval.documents.0.document.content":
          "Revenue for the fourth quarter is expected to be $65.0 billion, plus or minus 2%.",
        "retrieval.documents.0.document.metadata": '{"page": 14, "form": "10-Q"}',
        "retrieval.documents.1.document.id": "8-k-ex99",
        "retrieval.documents.1.document.score": 0.842,
        "retrieval.documents.1.document.content": "Data Center revenue was a record $51.2 billion.",
      },
    },
    {
      traceId: trace,
      spanId: second,
      parentSpanId: root,
      name: "OpenAIChat.invoke",
      kind: "LLM",
      startMs: at(3500),
      endMs: at(8900),
      attributes: {
        ...same,
        ...prompt,
        ...prefixed("llm.input_messages.2.", call),
        "llm.input_messages.3.message.role": "tool",
        "llm.input_messages.3.message.tool_call_id": "call_0",
        "llm.input_messages.3.message.content": fails ? "Error: 503 upstream unavailable" : "10-Q, 142 pages",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": answer,
        "llm.model_name": "gpt-4o",
        "llm.provider": "openai",
        "llm.token_count.prompt": 3918,
        "llm.token_count.completion": 286,
        "llm.token_count.total": 4204,
        "llm.token_count.prompt_details.cache_read": 2816,
        "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 800}',
      },
    },
  ];
  return { traceId: trace, rootId: root, spans };
}

/** The spans in this order: agent, embedding, search, call with a picture, call without a price. */
export function genAiTrace(startMs = Date.now() - 15_000): Sample {
  const trace = traceId();
  const root = spanId();
  const at = (ms: number) => startMs + ms;
  const child = (name: string, from: number, to: number, attributes: Span["attributes"]): Span => ({
    traceId: trace,
    spanId: spanId(),
    parentSpanId: root,
    name,
    startMs: at(from),
    endMs: at(to),
    attributes: { "gen_ai.conversation.id": "conversation-77", ...attributes },
  });
  const image = picture(240, 150).toString("base64");
  const question = [
    { type: "text", content: "Which plant is on this picture, and does it like shade?" },
    { type: "blob", modality: "image", mime_type: "image/png", content: image },
    { type: "blob", modality: "audio", mime_type: "audio/wav", content: "UklGRgAA".repeat(2000) },
    { type: "uri", modality: "image", mime_type: "image/jpeg", uri: "https://photos.example.com/fern.jpg" },
    { type: "blob", modality: "image", mime_type: "image/svg+xml", content: "PHN2Zz48L3N2Zz4=" },
  ];
  const answer = [
    { type: "reasoning", content: "Pinnate fronds, so a fern. The notes say that ferns like shade." },
    { type: "text", content: "It is a **fern**, and it likes shade." },
    { type: "citation", source: "notes-12", span: [0, 18] },
  ];
  const documents = [
    { id: "notes-12", content: "Ferns like shade and damp soil.", score: 0.9134, metadata: { page: 12 } },
    { id: "notes-31", content: "Most grasses want sun.", score: 0.4021 },
  ];
  const spans: Span[] = [
    {
      traceId: trace,
      spanId: root,
      name: "POST /ask",
      startMs,
      endMs: at(6000),
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.id": "agent-7f21",
        "gen_ai.agent.name": "Plant Guide",
        "gen_ai.conversation.id": "conversation-77",
        "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: question.slice(0, 1) }]),
        "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: answer.slice(1, 2) }]),
      },
    },
    child("embeddings text-embedding-3-small", 20, 180, {
      "gen_ai.operation.name": "embeddings",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "text-embedding-3-small",
      "gen_ai.usage.input_tokens": 9,
      "gen_ai.embeddings.dimension.count": 1536,
      "openinference.span.kind": "EMBEDDING",
      "embedding.embeddings.0.embedding.text": "does this plant like shade",
    }),
    child("retrieval garden-notes", 200, 360, {
      "gen_ai.operation.name": "retrieval",
      "gen_ai.data_source.id": "garden-notes",
      "gen_ai.retrieval.query.text": "plants that like shade",
      "gen_ai.request.top_k": 5,
      "gen_ai.retrieval.documents": JSON.stringify(documents),
    }),
    {
      ...child("chat gpt-4o-mini", 400, 4200, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-Bq81",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": 0.42,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 800,
        "gen_ai.usage.input_tokens": 1834,
        "gen_ai.usage.output_tokens": 96,
        "gen_ai.usage.cache_read.input_tokens": 1024,
        "gen_ai.usage.reasoning.output_tokens": 48,
        "gen_ai.system_instructions": JSON.stringify([
          { type: "text", content: "You know plants. Be brief." },
        ]),
        "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: question }]),
        "gen_ai.output.messages": JSON.stringify([
          { role: "assistant", parts: answer, finish_reason: "stop" },
        ]),
        metadata: JSON.stringify({ plan: "free", experiment: { arm: "b", seed: 4 } }),
      }),
      events: [
        {
          name: "gen_ai.evaluation.result",
          attributes: {
            "gen_ai.evaluation.name": "relevance",
            "gen_ai.evaluation.score.value": 0.92,
            "gen_ai.evaluation.score.label": "relevant",
            "gen_ai.evaluation.explanation": "It names the plant and answers the question about shade.",
          },
        },
      ],
    },
    child("chat house-llm-7b", 4300, 5800, {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "house",
      "gen_ai.request.model": "house-llm-7b",
      "gen_ai.response.finish_reasons": ["length"],
      "gen_ai.usage.input_tokens": 310,
      "gen_ai.usage.output_tokens": 64,
      "gen_ai.input.messages": JSON.stringify([
        { role: "user", parts: [{ type: "text", content: "Make it friendlier." }] },
      ]),
      "gen_ai.output.messages": JSON.stringify([
        {
          role: "assistant",
          parts: [{ type: "text", content: "What a lovely fern you have! It will be" }],
          finish_reason: "length",
        },
      ]),
    }),
  ];
  return { traceId: trace, rootId: root, spans };
}

/** A root with `total - 1` spans in groups of ten below it. */
export function wideTrace(total: number, startMs = Date.now() - 120_000): Sample {
  const trace = traceId();
  const root = spanId();
  const spans: Span[] = [
    { traceId: trace, spanId: root, name: "wide.run", kind: "AGENT", startMs, endMs: startMs + total + 10 },
  ];
  let group = root;
  for (let index = 1; index < total; index++) {
    const id = spanId();
    const isGroup = index % 10 === 1;
    spans.push({
      traceId: trace,
      spanId: id,
      parentSpanId: isGroup ? root : group,
      name: isGroup ? `group ${index}` : `call ${index}`,
      kind: isGroup ? "CHAIN" : index % 3 === 0 ? "LLM" : "TOOL",
      startMs: startMs + index,
      endMs: startMs + index + (isGroup ? 10 : 1),
    });
    if (isGroup) group = id;
  }
  return { traceId: trace, rootId: root, spans };
}

/** Every span the only child of the one before. */
export function deepTrace(total: number, startMs = Date.now() - 120_000): Sample {
  const trace = traceId();
  const ids = Array.from({ length: total }, spanId);
  const spans = ids.map(
    (id, index): Span => ({
      traceId: trace,
      spanId: id,
      ...(index > 0 ? { parentSpanId: ids[index - 1] as string } : {}),
      name: `level ${index}`,
      kind: index === 0 ? "AGENT" : "CHAIN",
      startMs: startMs + index * 0.1,
      endMs: startMs + 2 * total * 0.1 - index * 0.1,
    }),
  );
  return { traceId: trace, rootId: ids[0] as string, spans };
}

function prefixed(prefix: string, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
}
