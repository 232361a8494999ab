/**
 * A small Markdown reader for what models write: headings, lists, code, quotes, tables, rules, emphasis, links.
 * It gives a tree of plain values, never HTML, so nothing a model writes can run or load. Images stay links.
 */

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em" | "strike"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] };

export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; lines: Inline[][] }
  | { kind: "list"; ordered: boolean; start: number; items: { indent: number; children: Inline[] }[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export function parseMarkdown(source: string): Block[] {
  const lines = source.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] as string;
    if (line.trim() === "") at++;
    else if (FENCE.test(line)) at = readFence(lines, at, blocks);
    else if (HEADING.test(line)) {
      const [, marks = "", text = ""] = HEADING.exec(line) ?? [];
      blocks.push({ kind: "heading", level: marks.length, children: parseInline(text) });
      at++;
    } else if (RULE.test(line)) {
      blocks.push({ kind: "rule" });
      at++;
    } else if (line.startsWith(">")) at = readQuote(lines, at, blocks);
    else if (ITEM.test(line)) at = readList(lines, at, blocks);
    else if (
      line.includes("|") &&
      TABLE_RULE.test(lines[at + 1] ?? "") &&
      (lines[at + 1] ?? "").includes("-")
    ) {
      at = readTable(lines, at, blocks);
    } else at = readParagraph(lines, at, blocks);
  }
  return blocks;
}

function readFence(lines: string[], at: number, blocks: Block[]): number {
  const [, fence = "```", language = ""] = FENCE.exec(lines[at] as string) ?? [];
  const body: string[] = [];
  let next = at + 1;
  while (next < lines.length && !(lines[next] as string).trim().startsWith(fence))
    body.push(lines[next++] as string);
  blocks.push({ kind: "code", language, text: body.join("\n") });
  return next + 1;
}

function readQuote(lines: string[], at: number, blocks: Block[]): number {
  const quoted: Inline[][] = [];
  let next = at;
  while (next < lines.length && (lines[next] as string).startsWith(">")) {
    quoted.push(parseInline((lines[next++] as string).replace(/^(> ?)+/, "")));
  }
  blocks.push({ kind: "quote", lines: quoted });
  return next;
}

function readList(lines: string[], at: number, blocks: Block[]): number {
  const items: { indent: number; text: string }[] = [];
  const first = ITEM.exec(lines[at] as string);
  let next = at;
  for (; next < lines.length; next++) {
    const line = lines[next] as string;
    const item = RULE.test(line) ? null : ITEM.exec(line);
    if (item !== null) {
      const [, indent = "", , , text = ""] = item;
      if (indent === "" && (item[3] === undefined) !== (first?.[3] === undefined)) break;
      items.push({ indent: Math.min(6, Math.floor(indent.replaceAll("\t", "    ").length / 2)), text });
    } else if (line.trim() === "") {
      if (!ITEM.test(lines[next + 1] ?? "")) break;
    } else if (/^\s/.test(line) && !FENCE.test(line)) {
      const last = items.at(-1);
      if (last !== undefined) last.text += ` ${line.trim()}`;
    } else break;
  }
  blocks.push({
    kind: "list",
    ordered: first?.[3] !== undefined,
    start: Number(first?.[3] ?? 1),
    items: items.map(({ indent, text }) => ({ indent, children: parseInline(text) })),
  });
  return next;
}

function readTable(lines: string[], at: number, blocks: Block[]): number {
  const head = cells(lines[at] as string);
  const rows: Inline[][][] = [];
  let next = at + 2;
  while (next < lines.length && (lines[next] as string).includes("|")) {
    const row = cells(lines[next++] as string);
    rows.push(head.map((_, column) => row[column] ?? []));
  }
  blocks.push({ kind: "table", head, rows });
  return next;
}

function cells(line: string): Inline[][] {
  const bare = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return bare.split("|").map((cell) => parseInline(cell.trim()));
}

function readParagraph(lines: string[], at: number, blocks: Block[]): number {
  const body = [lines[at] as string];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] as string;
    if (
      line.trim() === "" ||
      FENCE.test(line) ||
      HEADING.test(line) ||
      ITEM.test(line) ||
      line.startsWith(">")
    )
      break;
    body.push(line);
  }
  // A single line break is kept: models and people in chats mean it.
  blocks.push({ kind: "paragraph", children: parseInline(body.join("\n")) });
  return next;
}

const MARKS: [string, "strong" | "em" | "strike"][] = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "strike"],
  ["*", "em"],
  ["_", "em"],
];
/** Emphasis inside emphasis; deeper marks stay text. */
const DEEPEST = 4;

export function parseInline(source: string, depth = 0): Inline[] {
  const out: Inline[] = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain !== "") out.push({ kind: "text", text: plain });
    plain = "";
  };
  // Remembering where no closing mark was found keeps a text of nothing but marks linear.
  const missing = new Set<string>();
  while (at < source.length) {
    const char = source[at] as string;
    if (char === "\\" && /[\\`*_~[\]#|>!-]/.test(source[at + 1] ?? "")) {
      plain += source[at + 1];
      at += 2;
      continue;
    }
    const found = depth < DEEPEST ? readMark(source, at, depth, missing) : null;
    if (found === null) {
      plain += char;
      at++;
    } else {
      flush();
      out.push(found.node);
      at = found.end;
    }
  }
  flush();
  return out;
}

function readMark(
  source: string,
  at: number,
  depth: number,
  missing: Set<string>,
): { node: Inline; end: number } | null {
  const char = source[at];
  if (char === "`") {
    const fence = /^`+/.exec(source.slice(at, at + 8))?.[0] ?? "`";
    const end = closing(source, fence, at + fence.length, missing);
    if (end < 0) return null;
    return {
      node: { kind: "code", text: source.slice(at + fence.length, end).trim() },
      end: end + fence.length,
    };
  }
  if (char === "[" || (char === "!" && source[at + 1] === "[")) return readLink(source, at, depth, missing);
  if (char === "h" && /^https?:\/\//.test(source.slice(at, at + 8)) && !/\w/.test(source[at - 1] ?? "")) {
    const address =
      /^[^\s<>"`]+/.exec(source.slice(at, at + 2000))?.[0].replace(/[.,;:!?)\]}'*_]+$/, "") ?? "";
    const href = safeHref(address);
    if (href === null) return null;
    return {
      node: { kind: "link", href, children: [{ kind: "text", text: address }] },
      end: at + address.length,
    };
  }
  if (char !== "*" && char !== "_" && char !== "~") return null;
  for (const [mark, kind] of MARKS) {
    if (!source.startsWith(mark, at) || /\s/.test(source[at + mark.length] ?? " ")) continue;
    if (mark.startsWith("_") && /\w/.test(source[at - 1] ?? "")) continue;
    const end = closing(source, mark, at + mark.length + 1, missing);
    if (end < 0 || /\s/.test(source[end - 1] ?? " ")) continue;
    if (mark.startsWith("_") && /\w/.test(source[end + mark.length] ?? "")) continue;
    const inside = source.slice(at + mark.length, end);
    return { node: { kind, children: parseInline(inside, depth + 1) }, end: end + mark.length };
  }
  return null;
}

function readLink(
  source: string,
  at: number,
  depth: number,
  missing: Set<string>,
): { node: Inline; end: number } | null {
  const open = source[at] === "!" ? at + 1 : at;
  const middle = closing(source, "](", open + 1, missing);
  if (middle < 0) return null;
  const end = closing(source, ")", middle + 2, missing);
  if (end < 0) return null;
  const href = safeHref(
    (
      source
        .slice(middle + 2, end)
        .trim()
        .split(/\s/)[0] ?? ""
    ).replace(/^<|>$/g, ""),
  );
  if (href === null) return null;
  const words = source.slice(open + 1, middle);
  return { node: { kind: "link", href, children: parseInline(words || href, depth + 1) }, end: end + 1 };
}

function closing(source: string, mark: string, from: number, missing: Set<string>): number {
  if (missing.has(mark)) return -1;
  const end = source.indexOf(mark, from);
  if (end < 0) missing.add(mark);
  return end;
}

/** Only addresses that open a page or a letter; `javascript:` and the rest stay text. */
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
