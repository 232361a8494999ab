// What a first visit downloads as JavaScript, brotli-compressed, against the budget.
import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const BUDGET_KB = 150;
const page = readFileSync("dist/index.html", "utf8");
if (/(?:src|href)="(?:https?:)?\/\//.test(page)) throw new Error("dist/index.html loads from another origin");

let total = 0;
for (const name of readdirSync("dist/assets").filter((file) => /\.(js|css)$/.test(file))) {
  const kb = brotliCompressSync(readFileSync(`dist/assets/${name}`)).length / 1000;
  console.log(`${name}  ${kb.toFixed(1)} kB brotli`);
  if (name.endsWith(".js")) total += kb;
}
console.log(`JavaScript in all: ${total.toFixed(1)} kB of ${BUDGET_KB} kB`);
if (total > BUDGET_KB) process.exit(1);
