/** Small readings of a span for its summary. */
import type { Json, SpanFacts } from "../api";

const MOST = 12;

/** "gpt-4o-mini → gpt-4o-mini-2024-07-18" where another model answered than was asked for. */
export function modelLine(span: { model: string | null; response_model: string | null }): string | null {
  const { model, response_model: answered } = span;
  if (model === null || answered === null || model === answered) return model ?? answered;
  return `${model} → ${answered}`;
}

/** Temperature and its like: the standard names first, then what else the framework sent and fits a line. */
export function parameterLines(
  facts: Pick<SpanFacts, "parameters" | "invocation_parameters"> | undefined,
): [string, string][] {
  if (facts === undefined) return [];
  const lines: [string, string][] = [];
  const known = new Set<string>();
  for (const [name, value] of Object.entries(facts.parameters ?? {})) {
    known.add(standard(name));
    const text = oneLine(value);
    if (text !== null) lines.push([name, text]);
  }
  const sent = facts.invocation_parameters;
  if (sent !== null && typeof sent === "object" && !Array.isArray(sent)) {
    for (const [name, value] of Object.entries(sent)) {
      // The model has a line of its own.
      if (known.has(standard(name)) || name === "model") continue;
      if (value === null || typeof value === "object") continue;
      const text = oneLine(value);
      if (text !== null) lines.push([name, text]);
    }
  }
  return lines.slice(0, MOST);
}

/** The user's own notes on a span; what is no text stands as JSON. */
export function metadataLines(metadata: Record<string, Json> | undefined): [string, string][] {
  return Object.entries(metadata ?? {}).flatMap(([key, value]): [string, string][] =>
    value === null || value === "" ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)]],
  );
}

function oneLine(value: Json): string | null {
  if (value === null || value === "") return null;
  const isList = Array.isArray(value) && value.every((each) => each === null || typeof each !== "object");
  const text = isList
    ? (value as Json[]).map((each) => JSON.stringify(each)).join(", ")
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
  return text === "" || text.length > 60 ? null : text;
}

/** One name for the ways in which frameworks spell a parameter. */
function standard(name: string): string {
  const snake = name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  if (/^max_.*tokens$/.test(snake)) return "max_tokens";
  return snake === "stop" ? "stop_sequences" : snake;
}
