#!/usr/bin/env node
// Stands in for the binary while the page is developed: `TRACESTEAD_BIN=e2e/mock.mjs npm run e2e`.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const dist = new URL("../dist", import.meta.url).pathname;
const traces = new Map();
const plain = (v) =>
  v == null
    ? null
    : "stringValue" in v
      ? v.stringValue
      : "intValue" in v
        ? Number(v.intValue)
        : "doubleValue" in v
          ? v.doubleValue
          : "boolValue" in v
            ? v.boolValue
            : "arrayValue" in v
              ? v.arrayValue.values.map(plain)
              : null;
const attrs = (list) => Object.fromEntries((list ?? []).map((a) => [a.key, plain(a.value)]));
const json = (t) => {
  try {
    return JSON.parse(t);
  } catch {
    return t ?? null;
  }
};
const NONE = { agent_id: null, team_id: null, workflow_id: null };
function facts(a, type, events) {
  const messages = (prefix) => {
    const out = [];
    for (let i = 0; `${prefix}.${i}.message.role` in a; i++) {
      const p = `${prefix}.${i}.message.`;
      const parts = [];
      const role = a[`${p}role`];
      if (role === "tool")
        parts.push({
          type: "tool_call_response",
          id: a[`${p}tool_call_id`],
          response: json(a[`${p}content`]),
        });
      else if (a[`${p}content`]) parts.push({ type: "text", content: a[`${p}content`] });
      for (let j = 0; `${p}tool_calls.${j}.tool_call.function.name` in a; j++) {
        const q = `${p}tool_calls.${j}.tool_call.`;
        parts.push({
          type: "tool_call",
          id: a[`${q}id`],
          name: a[`${q}function.name`],
          arguments: json(a[`${q}function.arguments`]),
        });
      }
      out.push({ role, name: null, parts });
    }
    return out;
  };
  const value = (k) =>
    a[`${k}.value`] === undefined ? null : { value: a[`${k}.value`], mime_type: "text/plain" };
  const documents = [];
  for (let i = 0; `retrieval.documents.${i}.document.content` in a; i++) {
    const p = `retrieval.documents.${i}.document.`;
    documents.push({
      id: a[`${p}id`] ?? null,
      content: a[`${p}content`],
      score: a[`${p}score`] ?? null,
      metadata: json(a[`${p}metadata`]) ?? {},
    });
  }
  const ex = events.find((e) => e.name === "exception")?.attributes;
  return {
    input: value("input"),
    output: value("output"),
    input_messages: messages("llm.input_messages"),
    output_messages: messages("llm.output_messages"),
    tools: a["llm.tools.0.tool.json_schema"] ? [json(a["llm.tools.0.tool.json_schema"]).function] : [],
    invocation_parameters: json(a["llm.invocation_parameters"]),
    tool:
      type === "TOOL"
        ? {
            name: a["tool.name"] ?? null,
            description: null,
            call_id: null,
            arguments: json(a["tool.parameters"]),
            result: json(a["output.value"]),
          }
        : null,
    retrieval: type === "RETRIEVER" ? { query: a["input.value"], documents } : null,
    exception: ex
      ? {
          type: ex["exception.type"],
          message: ex["exception.message"],
          stacktrace: ex["exception.stacktrace"],
        }
      : null,
  };
}
function receive(body) {
  for (const rs of body.resourceSpans)
    for (const ss of rs.scopeSpans)
      for (const s of ss.spans) {
        const a = attrs(s.attributes);
        const type = a["openinference.span.kind"] ?? "OTHER";
        const events = (s.events ?? []).map((e) => ({
          name: e.name,
          time_ns: e.timeUnixNano,
          attributes: attrs(e.attributes),
          dropped_attributes_count: 0,
        }));
        const span = {
          span_id: s.spanId,
          parent_span_id: s.parentSpanId ?? null,
          name: s.name,
          span_kind: "INTERNAL",
          span_type: type,
          status_code: ["UNSET", "OK", "ERROR"][s.status?.code ?? 0],
          status_message: s.status?.message ?? null,
          start_time_ns: s.startTimeUnixNano,
          end_time_ns: s.endTimeUnixNano,
          duration_ns: Number(BigInt(s.endTimeUnixNano) - BigInt(s.startTimeUnixNano)),
          ...NONE,
          agent_id: a["agno.agent.id"] ?? null,
          model: a["llm.model_name"] ?? null,
          provider: a["llm.provider"] ?? null,
          tool_name: a["tool.name"] ?? null,
          finish_reason: null,
          ttft_ns: type === "LLM" ? 412e6 : null,
          input_tokens: a["llm.token_count.prompt"] ?? null,
          cache_read_tokens: a["llm.token_count.prompt_details.cache_read"] ?? null,
          cache_write_tokens: null,
          reasoning_tokens: null,
          output_tokens: a["llm.token_count.completion"] ?? null,
          total_tokens: a["llm.token_count.total"] ?? null,
          cost_nano_usd: a["llm.token_count.total"] ? a["llm.token_count.total"] * 5100 : null,
          agg_input_tokens: null,
          agg_output_tokens: null,
          attributes: a,
          events,
          links: [],
          resource: { attributes: attrs(rs.resource.attributes), schema_url: "" },
          scope: { name: ss.scope.name, version: ss.scope.version, attributes: {}, schema_url: "" },
          trace_state: "",
          flags: 256,
          dropped_attributes_count: 0,
          dropped_events_count: 0,
          dropped_links_count: 0,
          facts: facts(a, type, events),
        };
        if (!traces.has(s.traceId)) traces.set(s.traceId, new Map());
        traces.get(s.traceId).set(s.spanId, span);
      }
}
const add = (list, key) =>
  list.some((s) => s[key] !== null) ? list.reduce((n, s) => n + (s[key] ?? 0), 0) : null;
function row(id) {
  const list = [...traces.get(id).values()];
  const root = list.find((s) => s.parent_span_id === null);
  const r = root ?? list[0];
  const ends = list.map((s) => BigInt(s.end_time_ns));
  const starts = list.map((s) => BigInt(s.start_time_ns));
  const end = ends.sort((x, y) => Number(y - x))[0];
  const start = starts.sort((x, y) => Number(x - y))[0];
  return {
    trace_id: id,
    name: r.name,
    status:
      r.status_code === "ERROR" ? "ERROR" : list.some((s) => s.status_code === "ERROR") ? "ERROR" : "OK",
    start_time_ns: String(start),
    end_time_ns: String(end),
    duration_ns: Number(end - start),
    span_count: list.length,
    error_span_count: list.filter((s) => s.status_code === "ERROR").length,
    root_span_id: root?.span_id ?? null,
    root_type: r.span_type,
    input_preview: r.facts.input?.value ?? null,
    output_preview: r.facts.output?.value ?? null,
    input_tokens: add(list, "input_tokens"),
    output_tokens: add(list, "output_tokens"),
    total_tokens: add(list, "total_tokens"),
    cost_nano_usd: add(list, "cost_nano_usd"),
    models: [...new Set(list.map((s) => s.model).filter(Boolean))],
    service_name: r.resource.attributes["service.name"] ?? null,
    environment: "production",
    tags: ["v2.4.1"],
    has_agent_spans: list.some((s) => s.span_type === "AGENT"),
    run_id: r.attributes["agno.run.id"] ?? null,
    session_id: r.attributes["session.id"] ?? null,
    user_id: r.attributes["user.id"] ?? null,
    ...NONE,
    agent_id: r.agent_id,
  };
}
function tree(id) {
  const list = [...traces.get(id).values()].sort((a, b) =>
    BigInt(a.start_time_ns) < BigInt(b.start_time_ns) ? 1 : -1,
  );
  const kids = new Map();
  const known = traces.get(id);
  for (const s of list) {
    const k = known.has(s.parent_span_id) ? s.parent_span_id : null;
    kids.set(k, [...(kids.get(k) ?? []), s]);
  }
  const stack = (kids.get(null) ?? []).map((s) => [s, 0]);
  const out = [];
  while (stack.length) {
    const [s, depth] = stack.pop();
    const { attributes, events, links, resource, scope, facts: _f, ...f } = s;
    out.push({ ...f, depth, orphan: s.parent_span_id !== null && !known.has(s.parent_span_id) });
    for (const c of kids.get(s.span_id) ?? []) stack.push([c, depth + 1]);
  }
  return out;
}
const server = createServer(async (req, res) => {
  const url = new URL(req.url, "http://x");
  const p = url.pathname;
  const q = url.searchParams;
  const send = (status, body) => {
    res.writeHead(status, { "content-type": "application/json" });
    res.end(JSON.stringify(body));
  };
  if (req.method === "POST" && p === "/v1/traces") {
    let t = "";
    for await (const c of req) t += c;
    receive(JSON.parse(t));
    return send(200, {});
  }
  if (p === "/info") return send(200, { version: "0.1.0", database: "mock", listeners: [] });
  if (p === "/api/v1/facets")
    return send(200, {
      agents: [...new Set([...traces.keys()].map((i) => row(i).agent_id).filter(Boolean))],
      teams: [],
      workflows: [],
    });
  if (p === "/api/v1/traces") {
    let rows = [...traces.keys()]
      .map(row)
      .sort((a, b) => (BigInt(a.start_time_ns) < BigInt(b.start_time_ns) ? 1 : -1));
    for (const k of ["status", "user_id", "session_id", "agent_id", "run_id"])
      if (q.get(k)) rows = rows.filter((r) => r[k] === q.get(k));
    if (q.get("name")) rows = rows.filter((r) => r.name.toLowerCase().includes(q.get("name").toLowerCase()));
    if (q.get("start_time"))
      rows = rows.filter((r) => Number(r.start_time_ns) / 1e6 >= Date.parse(q.get("start_time")));
    const at = Number(q.get("cursor") ?? 0);
    const limit = Number(q.get("limit") ?? 50);
    return send(200, {
      data: rows.slice(at, at + limit),
      next_cursor: at + limit < rows.length ? String(at + limit) : null,
    });
  }
  const m = /^\/api\/v1\/traces\/([^/]+)(?:\/spans\/([^/]+))?$/.exec(p);
  if (m) {
    const trace = traces.get(m[1]);
    if (!trace) return send(404, { detail: "no such trace" });
    if (!m[2]) return send(200, { trace: row(m[1]), spans: tree(m[1]) });
    return trace.has(m[2]) ? send(200, trace.get(m[2])) : send(404, { detail: "no such span" });
  }
  const file = p.startsWith("/assets/")
    ? join(dist, p)
    : p === "/" || p.startsWith("/ui")
      ? join(dist, "index.html")
      : null;
  if (file === null || !existsSync(file)) return send(404, { detail: `nothing at ${p}` });
  const type = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
  }[extname(file)];
  res.writeHead(200, {
    "content-type": type,
    "content-security-policy": "default-src 'self'; img-src 'self' data:; style-src 'self'",
  });
  res.end(readFileSync(file));
});
const at = process.argv.indexOf("--listen");
const port = at > 0 ? Number(process.argv[at + 1].split(":")[1]) : 7777;
server.listen(port, "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${server.address().port} (page and REST)`),
);
