/** A span for the tests of this folder. */
import type { SpanRow } from "../api";

export function spanRow(id: string, depth: number, more: Partial<SpanRow> = {}): SpanRow {
  return {
    span_id: id,
    parent_span_id: null,
    depth,
    orphan: false,
    name: id,
    span_kind: "INTERNAL",
    span_type: "OTHER",
    status_code: "OK",
    status_message: null,
    start_time_ns: "1795221481206258163",
    end_time_ns: "1795221482475865000",
    duration_ns: 1_269_606_837,
    agent_id: null,
    team_id: null,
    workflow_id: null,
    model: null,
    provider: null,
    tool_name: null,
    finish_reason: null,
    ttft_ns: null,
    input_tokens: null,
    output_tokens: null,
    cache_read_tokens: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    total_tokens: null,
    cost_nano_usd: null,
    agg_input_tokens: null,
    agg_output_tokens: null,
    ...more,
  };
}
