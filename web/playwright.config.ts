import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  // Every test starts its own server on a free port; two at a time is what a small machine bears.
  workers: 2,
  fullyParallel: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
    viewport: { width: 1480, height: 900 },
    colorScheme: "light",
    trace: "retain-on-failure",
  },
});
