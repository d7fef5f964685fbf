import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: {
    // Examples import the package by its name, as users do.
    alias: [
      { find: /^smtp-source$/, replacement: fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
      { find: /^smtp-source\/(.*)$/, replacement: `${fileURLToPath(new URL("../src/", import.meta.url))}$1.ts` }
    ]
  },
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/globalSetup.ts"],
    setupFiles: ["test/setup.ts"],
    // Vitest would leave a processor idle. Many tests wait for a server, or for a process of their own.
    maxWorkers: "100%",
    minWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
