import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.TRACESTEAD_URL ?? "http://127.0.0.1:7777";

export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    // The server may send a strict Content-Security-Policy, so nothing is inlined as a data: address.
    assetsInlineLimit: 0,
    // `dist/.gitignore` keeps the folder in a fresh checkout and must survive a build.
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(["/api", "/v1", "/health", "/info"].map((path) => [path, server])),
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
