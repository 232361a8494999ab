// Makes the pictures of the README: docs/images/list.png and docs/images/trace.png.
//
//     TRACESTEAD_BIN=../target/debug/tracestead node scripts/screenshot.mjs
//
// Fills a temporary database by `tracestead demo --once`, starts the server on it and looks at the page with Chromium. The
// binary shows the page it was built with, so build the page first.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const IMAGES = join(ROOT, "docs/images");
const CHROMIUM = process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";
const MOST_BYTES = 250_000;
const START_MS = 20_000;

if (!process.env.TRACESTEAD_BIN)
  throw new Error("TRACESTEAD_BIN is not set: give the path of the tracestead binary");
const binary = resolve(process.env.TRACESTEAD_BIN);

const folder = mkdtempSync(join(tmpdir(), "tracestead-screenshot-"));
const database = `sqlite:${join(folder, "t.db")}`;
const isFilled = fillByDemo();
const server = spawn(
  binary,
  ["serve", "--db", database, "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"],
  { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
);
try {
  const base = await address();
  if (!isFilled) await fillByFixtures(base);
  await takePictures(base);
} finally {
  server.kill("SIGTERM");
  if (server.exitCode === null) await new Promise((ended) => server.once("exit", ended));
  rmSync(folder, { recursive: true, force: true });
}

/** Says whether this binary has a demo. */
function fillByDemo() {
  try {
    execFileSync(binary, ["demo", "--once", "--db", database], {
      cwd: folder,
      stdio: "pipe",
      timeout: 120_000,
    });
    return true;
  } catch (error) {
    console.warn(`no demo, so captured runs are shown instead: ${String(error.stderr ?? error).trim()}`);
    return false;
  }
}

async function fillByFixtures(base) {
  const fixtures = join(ROOT, "tests/fixtures/agno");
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith(".otlp.pb"))) {
    const body = readFileSync(join(fixtures, name));
    const headers = { "content-type": "application/x-protobuf" };
    const response = await fetch(`${base}/v1/traces`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
  }
}

function address() {
  return new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`the server did not say where it is`)), START_MS);
    let said = "";
    server.stdout.on("data", (chunk) => {
      said += chunk;
      const match = /listening on (http:\/\/\S+) \(page/.exec(said);
      if (!match) return;
      clearTimeout(timer);
      found(match[1]);
    });
    server.on("error", failed);
    server.on("exit", (code) => failed(new Error(`the server ended with ${code}`)));
  });
}

async function takePictures(base) {
  mkdirSync(IMAGES, { recursive: true });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1480, height: 900 },
      colorScheme: "light",
      reducedMotion: "reduce",
      locale: "en-GB",
      timezoneId: "UTC",
    });
    await page.goto(`${base}/ui/traces`);
    // Rows are all text, which makes large files: a few less tell as much.
    await page.setViewportSize({ width: 1480, height: 800 });
    await settle(page);
    await picture(page, "list.png");
    await page.setViewportSize({ width: 1480, height: 900 });
    await page.goto(`${base}/ui/traces/${await mostTelling(base)}`);
    await settle(page);
    await picture(page, "trace.png");
  } finally {
    await browser.close();
  }
}

/** The address of the trace that shows most, at its last call of a model: there the whole conversation is seen. */
async function mostTelling(base) {
  const traces = [];
  for (let cursor = ""; cursor !== null; ) {
    const query = new URLSearchParams({ limit: "200", agent_only: "true", ...(cursor ? { cursor } : {}) });
    const answer = await ask(`${base}/api/v1/traces?${query}`);
    traces.push(...answer.data);
    cursor = answer.next_cursor;
  }
  if (traces.length === 0) throw new Error("there is no trace to show");
  // Steps that fit on the picture, a failure among them, and an answer all the same.
  const telling = (trace) =>
    (trace.span_count <= 24 ? trace.span_count : 0) +
    (trace.error_span_count > 0 ? 20 : 0) +
    (trace.output_preview ? 8 : 0);
  const { trace_id } = traces.reduce((best, trace) => (telling(trace) > telling(best) ? trace : best));
  const { spans } = await ask(`${base}/api/v1/traces/${trace_id}`);
  const call = spans.findLast((span) => span.span_type === "LLM");
  return call ? `${trace_id}?span=${call.span_id}` : trace_id;
}

async function ask(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function settle(page) {
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => document.fonts.ready);
}

async function picture(page, name) {
  const path = join(IMAGES, name);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}  ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name} is larger than ${MOST_BYTES / 1000} kB`);
}
