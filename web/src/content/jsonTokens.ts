export interface JsonToken {
  kind: "plain" | "key" | "string" | "atom";
  text: string;
}

/** Splits JSON, also when it was cut short, into what is coloured and what is not. */
export function jsonTokens(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  const pattern = /("(?:[^"\\]|\\.)*"?)(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > last) tokens.push({ kind: "plain", text: text.slice(last, match.index) });
    const quoted = match[1];
    if (quoted === undefined) tokens.push({ kind: "atom", text: match[0] });
    else {
      tokens.push({ kind: match[2] === undefined ? "string" : "key", text: quoted });
      if (match[2] !== undefined) tokens.push({ kind: "plain", text: match[2] });
    }
    last = match.index + match[0].length;
  }
  if (last < text.length) tokens.push({ kind: "plain", text: text.slice(last) });
  return tokens;
}
