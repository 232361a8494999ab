/** What calls cost in words: where a price comes from, and why there is none. */
import type { SpanFields, TraceRow } from "./api";
import { cost, plural } from "./format";

interface Note {
  text: string;
  /** The longer story, shown on hover. */
  title: string;
}

const SOURCES: Record<string, Note> = {
  reported: {
    text: "as the span reports it",
    title: "The program that sent the span says what the call cost.",
  },
  config: {
    text: "by your own prices",
    title: "From your own prices: [[prices]] in the configuration file.",
  },
  "genai-prices": {
    text: "by list price",
    title: "From the price list that comes with tracestead (genai-prices).",
  },
};

/** Who says what a call cost. */
export function costSource(source: string | null): Note | null {
  if (source === null) return null;
  return SOURCES[source] ?? { text: source, title: `Source of the price: ${source}` };
}

type Call = Pick<SpanFields, "cost_missing" | "status_code" | "model" | "response_model" | "provider">;

const REBUILD = "After that, `tracestead rebuild --costs` prices the calls that are already stored.";

/** Why the cost of a call is not known; null for what is no call. A call that failed need not report tokens. */
export function costMissing(call: Call): Note | null {
  const model = call.response_model ?? call.model ?? "the model";
  switch (call.cost_missing) {
    case null:
      return null;
    case "no_usage":
      if (call.status_code === "ERROR") return null;
      return {
        text: "the call reports no tokens",
        title: "A price is per token, and the span says neither how many went in nor how many came out.",
      };
    case "no_model":
      return {
        text: "the call names no model",
        title: "Without the name of a model there is no price to find.",
      };
    case "unknown_provider":
      return {
        text: "no price for this provider: add one under [[prices]]",
        title: `No price list knows ${call.provider ?? "the provider"}. Add ${model} to the configuration file under [[prices]]. ${REBUILD}`,
      };
    case "unknown_model":
      return {
        text: "no price for this model: add it under [[prices]]",
        title: `${model} is in no price list. Add it to the configuration file under [[prices]]. ${REBUILD}`,
      };
    case "invalid_usage":
      return {
        text: "its counts of tokens contradict each other",
        title: "The span reports more tokens from a cache than went in at all.",
      };
    default:
      return { text: call.cost_missing, title: `No cost: ${call.cost_missing}` };
  }
}

/** The cost of a trace: "≥ $0.0431" where calls are left out; null for a trace without calls. */
export function traceCost(
  trace: Pick<TraceRow, "cost_nano_usd" | "unpriced_call_count">,
): { text: string; title: string | undefined } | null {
  const { cost_nano_usd: known, unpriced_call_count: unpriced } = trace;
  if (unpriced <= 0) return known === null ? null : { text: cost(known), title: undefined };
  const calls = plural(unpriced, "model call");
  if (known === null) return { text: "?", title: `Not known: what ${calls} cost.` };
  return { text: `≥ ${cost(known)}`, title: `At least this much: what ${calls} more cost is not known.` };
}

/** Which calls of a trace have no cost and why, one reason a line. */
export function whyUnpriced(spans: Call[]): string {
  const reasons = new Map<string, number>();
  for (const span of spans) {
    const why = costMissing(span);
    if (why === null) continue;
    const model = span.response_model ?? span.model;
    const reason = model === null ? why.text : `${model}: ${why.text}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(([reason, calls]) => `${plural(calls, "call")}, ${reason}`).join("\n");
}
