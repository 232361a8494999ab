/** Where each bar sits on the shared clock, in nanoseconds from the start of the trace. */
import type { SpanRow } from "../api";

export interface Waterfall {
  /** Start of the clock as nanoseconds since 1970. */
  base: bigint;
  total_ns: number;
  start_ns: Float64Array;
  /** NaN for a span that has not ended. */
  end_ns: Float64Array;
}

export interface Bar {
  left: number;
  width: number;
  running: boolean;
}

/** Clocks of different machines disagree, so the clock runs from the earliest start to the latest end of all spans. */
export function buildWaterfall(spans: SpanRow[]): Waterfall {
  const start_ns = new Float64Array(spans.length);
  const end_ns = new Float64Array(spans.length).fill(Number.NaN);
  if (spans.length === 0) return { base: 0n, total_ns: 0, start_ns, end_ns };
  const starts = spans.map((span) => BigInt(span.start_time_ns));
  const base = starts.reduce(earlier);
  let total_ns = 0;
  for (const [index, span] of spans.entries()) {
    const start = Number((starts[index] as bigint) - base);
    start_ns[index] = start;
    total_ns = Math.max(total_ns, start);
    if (span.end_time_ns === null) continue;
    const end = Math.max(start, Number(BigInt(span.end_time_ns) - base));
    end_ns[index] = end;
    total_ns = Math.max(total_ns, end);
  }
  return { base, total_ns, start_ns, end_ns };
}

/** The bar of a span as percentages. A span that has not ended reaches to the end of the clock. */
export function bar(waterfall: Waterfall, index: number): Bar {
  const start = waterfall.start_ns[index] ?? 0;
  const end = waterfall.end_ns[index] ?? Number.NaN;
  const running = Number.isNaN(end);
  if (waterfall.total_ns === 0) return { left: 0, width: 100, running };
  const left = (start / waterfall.total_ns) * 100;
  const width = (((running ? waterfall.total_ns : end) - start) / waterfall.total_ns) * 100;
  return { left, width, running };
}

function earlier(a: bigint, b: bigint): bigint {
  if (b < a) return b;
  return a;
}
