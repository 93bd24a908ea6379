import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

const entriesFolder = resolve(import.meta.dirname, "src/entries");

/** Every file of src/entries is the script of one page; the server finds its hashed name in static/manifest.json. */
function entries(): Record<string, string> {
  const scripts = readdirSync(entriesFolder).filter((name) => /\.tsx?$/.test(name));
  return Object.fromEntries(scripts.map((name) => [name.replace(/\.tsx?$/, ""), resolve(entriesFolder, name)]));
}

export default defineConfig(({ command }) => ({
  base: "/static/",
  resolve: { dedupe: ["preact", "@preact/signals-core"] },
  build: {
    outDir: "../chatapp/static",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // The pages' CSP allows neither inline scripts nor data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: command === "build" ? entries() : {} },
  },
  test: {
    environment: "node",
    // With the address of a real server its tests run, without it all others.
    include: process.env["CHAT_URL"] ? ["test/live/*.live.ts"] : ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // A test that hangs is a failure, not a wait.
    testTimeout: 10_000,
  },
}));
