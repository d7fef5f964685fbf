/**
 * Starts threads from modules of this package.
 *
 * Where the package is built, a thread's entry is a file beside the one that starts it. Where it runs from its sources
 * (its own tests and scripts), the entry is bundled on the spot by esbuild: a tenth of the time that a loader needs.
 *
 * @since 0.1.0
 */
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { Worker, type WorkerOptions } from "node:worker_threads"

/**
 * Starts the module `name` as a thread. `importer` is the `import.meta.url` of a module in the same folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (importer: string, name: string, options: WorkerOptions): Worker => {
  if (!importer.endsWith(".ts")) return new Worker(new URL(`./${name}.js`, importer), options)
  const esbuild: typeof import("esbuild") = createRequire(importer)("esbuild")
  const entry = new URL(`./${name}.ts`, importer)
  const { outputFiles } = esbuild.buildSync({
    entryPoints: [fileURLToPath(entry)],
    // The code has no file of its own, but some of it looks for others beside its own.
    define: { "import.meta.url": JSON.stringify(entry.href) },
    bundle: true,
    // In a function of its own: evaluated code shares the thread's global names (crypto, fetch …) and some are not to be set.
    format: "iife",
    platform: "node",
    write: false
  })
  return new Worker(outputFiles[0]!.text, { ...options, eval: true })
}
