import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Message, SpanFacts, SpanType } from "../api";
import { spanDetail, spanRow, traceRow } from "../trace/fixture";
import { Summary } from "../trace/Summary";
import { Content } from "./Content";
import { searchNote } from "./Documents";
import { finishNote } from "./finish";
import { scoreNote } from "./Scores";

function content(type: SpanType, facts: Partial<SpanFacts>, more = {}): string {
  return renderToStaticMarkup(
    <Content detail={spanDetail(spanRow("a", 0, { span_type: type, ...more }), facts)} />,
  );
}

/** The words alone. */
function text(markup: string): string {
  return markup
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&quot;", '"')
    .replace(/\s+/g, " ");
}

const message = (role: string, parts: Message["parts"], finish_reason: string | null = null): Message => ({
  role,
  name: null,
  parts,
  finish_reason,
});

test("parts of a message: pictures shown, addresses linked, files named, reasoning folded, the unknown as JSON", () => {
  const markup = content("LLM", {
    input_messages: [
      message("user", [
        { type: "text", content: "What is this?" },
        { type: "blob", modality: "image", mime_type: "image/png", content: "iVBORw0KGgo=", size_bytes: 8 },
        { type: "blob", modality: "image", mime_type: "image/svg+xml", content: "PHN2Zz4=", size_bytes: 5 },
        { type: "blob", modality: "audio", mime_type: "audio/wav", content: "AAAA", size_bytes: 12_345 },
        { type: "uri", modality: "image", mime_type: null, uri: "https://example.com/cat.png" },
        { type: "uri", modality: "image", mime_type: null, uri: "javascript:alert(1)" },
      ]),
    ],
    output_messages: [
      message(
        "assistant",
        [
          { type: "reasoning", content: "hidden thoughts" },
          { type: "sparkle", content: "glitter" },
        ],
        "length",
      ),
    ],
  });
  expect(markup.match(/<img /g)).toHaveLength(1);
  expect(markup).toContain('src="data:image/png;base64,iVBORw0KGgo="');
  expect(markup).toContain("image/svg+xml, 5 B");
  expect(markup).toContain("audio/wav, 12 kB");
  expect(markup).toMatch(/<a [^>]*href="https:\/\/example.com\/cat.png"[^>]*rel="noreferrer"/);
  expect(markup).not.toContain('href="javascript');
  expect(text(markup)).toContain("Reasoning · 15 B");
  expect(markup).not.toContain("hidden thoughts");
  expect(text(markup)).toMatch(/"type" : "sparkle"/);
  expect(markup).toContain("cut off at the limit of tokens");
});

test("a system prompt kept apart from the messages is there, and not twice", () => {
  const user = message("user", [{ type: "text", content: "Hi" }]);
  const system = message("system", [{ type: "text", content: "Be brief." }]);
  const count = (facts: Partial<SpanFacts>) =>
    content("LLM", { system_prompt: "Be brief.", ...facts }).match(/System prompt/g)?.length;
  expect(count({})).toBe(1);
  expect(count({ input_messages: [user] })).toBe(1);
  expect(count({ input_messages: [system, user] })).toBe(1);
});

test("a search shows what was asked for, where, and each document with its score", () => {
  const shown = text(
    content("RETRIEVER", {
      retrieval: {
        query: "guidance",
        k: 5,
        store: "qdrant",
        documents: [
          { id: "a", content: "Revenue", score: 0.91342, metadata: { page: 14 } },
          { id: null, content: "", score: null, metadata: {} },
        ],
      },
    }),
  );
  for (const part of [
    "guidance",
    "2 documents of 5 asked for, in qdrant",
    "0.913",
    "page: 14",
    "no score",
    "no text recorded",
  ])
    expect(shown).toContain(part);
  expect(searchNote({ k: null, store: null })).toBe("");
  expect(searchNote({ k: null, store: "chroma" })).toBe("in chroma");
});

test("a search without documents says what is known about it", () => {
  const search = (output: SpanFacts["output"]) =>
    text(content("RETRIEVER", { output, retrieval: { query: "q", k: null, store: null, documents: [] } }));
  expect(search(null)).toContain("No documents were recorded.");
  expect(search({ value: "[]", mime_type: null })).toContain("The search found nothing.");
  expect(search({ value: "three pages", mime_type: null })).toContain("three pages");
});

test("an embedding shows its texts, how many and how long the vectors are", () => {
  const shown = text(
    content("EMBEDDING", { embedding: { texts: ["first", "second"], count: 2, dimensions: 1536 } }),
  );
  expect(shown).toContain("2 texts as vectors of 1,536 numbers");
  expect(shown).toContain("second");
  const many = Array.from({ length: 50 }, (_, n) => `text ${n}`);
  expect(text(content("EMBEDDING", { embedding: { texts: many, count: 50, dimensions: null } }))).toContain(
    "Show all 50 texts",
  );
});

test("scores stand with name, value, label, explanation and who judged", () => {
  const shown = text(
    content("EVALUATOR", {
      scores: [
        {
          scope: "trace",
          name: "relevance",
          value: 0.9,
          label: "good",
          explanation: "It answers.",
          source: "LLM",
          identifier: null,
        },
      ],
    }),
  );
  expect(shown).toContain("relevance 0.9 good of the trace, by a model It answers.");
  expect(shown).not.toContain("No input or output recorded");
  expect(scoreNote({ scope: "span", source: null })).toBe("");
  expect(scoreNote({ scope: "span", source: "HUMAN" })).toBe("by a person");
});

test("a failure without an exception is named by its type", () => {
  expect(text(content("TOOL", {}, { status_code: "ERROR", error_type: "timeout" }))).toContain("timeout");
  expect(text(content("TOOL", {}, { status_code: "ERROR", error_type: "_OTHER" }))).toContain("Failed");
});

test("a reason to stop is told in words", () => {
  expect(finishNote("")).toBeNull();
  expect(finishNote("STOP")).toEqual({ text: "complete", isCut: false });
  expect(finishNote("content_filter")?.isCut).toBe(true);
  expect(finishNote("whatever")).toEqual({ text: "", isCut: false });
});

test("the summary of a model call: models, parameters, tokens, where its price comes from", () => {
  const row = spanRow("a", 0, {
    span_type: "LLM",
    model: "gpt-4o-mini",
    response_model: "gpt-4o-mini-2024-07-18",
    response_id: "chatcmpl-1",
    provider: "openai",
    finish_reason: "length",
    ttft_ns: 420_000_000,
    input_tokens: 1200,
    output_tokens: 300,
    cache_read_tokens: 1024,
    reasoning_tokens: 64,
    total_tokens: 1500,
    cost_nano_usd: 360_000,
    cost_source: "genai-prices",
    agent_id: "research-1",
    agent_name: "Research Agent",
  });
  const markup = renderToStaticMarkup(
    <Summary
      trace={traceRow()}
      row={row}
      detail={spanDetail(row, { parameters: { temperature: 0.2 }, metadata: { plan: "free" } })}
    />,
  );
  const shown = text(markup);
  for (const part of [
    "Model gpt-4o-mini → gpt-4o-mini-2024-07-18",
    "Provider openai",
    "First token 420 ms",
    "Finish length cut off at the limit of tokens",
    "temperature 0.2",
    "from a cache 1,024",
    "reasoning 64",
    "Cost $0.00036 by list price",
    "Agent Research Agent",
    "plan free",
  ])
    expect(shown).toContain(part);
  expect(shown).not.toContain("Total");
  expect(markup).toContain('title="Research Agent, id research-1"');
});

test("the summary says in words why there is no cost", () => {
  const summary = (more: object) => {
    const row = spanRow("a", 0, { span_type: "LLM", model: "house-7b", ...more });
    return text(renderToStaticMarkup(<Summary trace={traceRow()} row={row} detail={undefined} />));
  };
  expect(summary({ input_tokens: 5, cost_missing: "unknown_model" })).toContain(
    "Cost not known: no price for this model: add it under [[prices]]",
  );
  expect(summary({ cost_missing: "no_usage" })).toContain("the call reports no tokens");
  expect(summary({})).not.toContain("Cost");
});
