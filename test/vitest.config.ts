import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import * as DocExamples from "../scripts/DocExamples.js"

/** Modules of the examples in docstrings: `docstring:load/Load 1` is imported as a file of this folder would be. */
const examples = fileURLToPath(new URL("examples/docstring:", import.meta.url))
const codeOf = new Map(DocExamples.all().map(({ code, name }) => [`${examples}${name}.ts`, code]))

export default defineConfig({
  plugins: [
    {
      name: "docstrings",
      resolveId: (id) => (id.startsWith("docstring:") ? `${examples}${id.slice("docstring:".length)}.ts` : undefined),
      load: (id) => codeOf.get(id)
    }
  ],
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
