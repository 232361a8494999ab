import { expect, test } from "vitest";
import { parseInline, parseMarkdown, safeHref } from "./markdown";

const kinds = (source: string) => parseMarkdown(source).map((block) => block.kind);

test("blocks", () => {
  expect(
    kinds(
      "# Title\n\nText\nmore\n\n- one\n- two\n\n1. a\n2. b\n\n> quote\n\n---\n\n```py\nx = 1\n```\n\n|a|b|\n|-|-|\n|1|2|",
    ),
  ).toEqual(["heading", "paragraph", "list", "list", "quote", "rule", "code", "table"]);
});

test("a fence that never closes takes the rest as code", () => {
  expect(parseMarkdown("```\na\n# b")).toEqual([{ kind: "code", language: "", text: "a\n# b" }]);
});

test("nested items keep their depth and a table row its columns", () => {
  const [list] = parseMarkdown("- a\n  - b\n    wrapped\n- c");
  expect(list).toMatchObject({ items: [{ indent: 0 }, { indent: 1 }, { indent: 0 }] });
  const [table] = parseMarkdown("| a | b |\n|:--|--:|\n| 1 |");
  expect(table).toMatchObject({ kind: "table", rows: [[[{ text: "1" }], []]] });
});

test("inline marks", () => {
  expect(parseInline("a **b** `c*d*` _e_")).toEqual([
    { kind: "text", text: "a " },
    { kind: "strong", children: [{ kind: "text", text: "b" }] },
    { kind: "text", text: " " },
    { kind: "code", text: "c*d*" },
    { kind: "text", text: " " },
    { kind: "em", children: [{ kind: "text", text: "e" }] },
  ]);
  expect(parseInline("snake_case_name and 2 * 3 * 4")).toEqual([
    { kind: "text", text: "snake_case_name and 2 * 3 * 4" },
  ]);
});

test("links open pages only, images do not load, HTML is text", () => {
  expect(parseInline("[x](https://a.example/b)")[0]).toMatchObject({
    kind: "link",
    href: "https://a.example/b",
  });
  expect(parseInline("[x](javascript:alert(1))")[0]).toMatchObject({ kind: "text" });
  expect(parseInline("![pixel](https://a.example/p.png)")[0]).toMatchObject({ kind: "link" });
  expect(parseInline("<img src=x onerror=alert(1)>")).toEqual([
    { kind: "text", text: "<img src=x onerror=alert(1)>" },
  ]);
  expect(safeHref("data:text/html,x")).toBeNull();
});

test("hostile text is read in reasonable time", () => {
  const before = performance.now();
  for (const piece of ["*", "_", "`", "[", "**a ", "](", "~~", "| ", "> ", "- ", "# "]) {
    parseMarkdown(piece.repeat(20_000));
    parseMarkdown(`${piece}\n`.repeat(5_000));
  }
  expect(performance.now() - before).toBeLessThan(4000);
});
