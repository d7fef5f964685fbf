/**
 * Starts threads from their entries, which lie beside this module.
 *
 * @since 0.1.0
 */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import { Worker } from "node:worker_threads"

const built = import.meta.url.endsWith(".js")

/**
 * Starts a thread from the entry of that name, with plain data and shared memory. Throws where there is no memory for it.
 *
 * The build puts the entries and all that they share into one folder. From the sources, the thread first gets the loader
 * that the tests use.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (name: "loadWorker" | "sinkWorker", workerData: unknown): Worker => {
  if (built) return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData })
  const loader = createRequire(import.meta.url)
    .resolve("tsx/package.json")
    .replace("package.json", "dist/esm/api/index.mjs")
  const entry = new URL(`./${name}.ts`, import.meta.url)
  const code = `import(${JSON.stringify(pathToFileURL(loader))}).then((api) => { api.register(); import(${JSON.stringify(entry)}) })`
  return new Worker(code, { eval: true, workerData })
}
