/** Traces to look at: an agent with a chat, a tool that fails and a search, and two large ones. */
import { type Span, spanId, traceId } from "./otlp";

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
