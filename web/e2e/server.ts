/** A real server with an empty database for each test, and a page that must stay clean. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base, expect } from "@playwright/test";

const START_MS = 20_000;

interface Fixtures {
  /** Origin of a running server. */
  server: string;
  /** A fault the test itself provokes: the browser writes every refused request to the console. */
  expectedFault: RegExp | null;
  /** Fails the test on an error in the console, on an uncaught error, and on a request to another origin. */
  cleanPage: undefined;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from the pattern.
  server: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "tracestead-e2e-"));
    const child = start(folder);
    try {
      await use(await address(child));
    } finally {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    }
  },
  expectedFault: [null, { option: true }],
  cleanPage: [
    async ({ page, server, expectedFault }, use) => {
      const faults: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") faults.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(`${server}/`) && !url.startsWith("data:")) faults.push(`left the origin: ${url}`);
      });
      await use(undefined);
      expect(faults.filter((fault) => !expectedFault?.test(fault))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

function start(folder: string): ChildProcess {
  const binary = process.env.TRACESTEAD_BIN;
  if (!binary) throw new Error("TRACESTEAD_BIN is not set: give the path of the tracestead binary");
  const path = resolve(binary);
  if (!existsSync(path)) throw new Error(`TRACESTEAD_BIN: there is no file ${path}`);
  const database = `sqlite:${join(folder, "t.db")}`;
  return spawn(
    path,
    ["serve", "--db", database, "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"],
    { stdio: ["ignore", "pipe", "pipe"], cwd: folder },
  );
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`no address within ${START_MS} ms:\n${said}`)), START_MS);
    const read = (chunk: Buffer) => {
      said += chunk.toString();
      const match = /listening on (http:\/\/127\.0\.0\.1:\d+) \(page/.exec(said);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}
