/**
 * The files of a corpus that is too large for memory, by `node:fs`.
 *
 * @since 0.1.0
 */
import { isAscii } from "node:buffer"
import * as fs from "node:fs"
import * as Layer from "effect/Layer"
import { CorpusStore, type StoredFile } from "../plan/CorpusStore.js"
import * as SystemReason from "./SystemReason.js"

/**
 * The store itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const store: CorpusStore["Type"] = { isAscii, open: (path) => told(() => opened(path)) }

/**
 * Provides `CorpusStore`. With it, corpora may be larger than memory.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CorpusStore> = Layer.sync(CorpusStore, () => store)

const opened = (path: string): StoredFile => {
  const descriptor = fs.openSync(path, "r")
  return {
    read: (into, length, position) =>
      told(() => {
        let size = 0
        while (size < length) {
          const more = fs.readSync(descriptor, into, size, length - size, position + size)
          if (more === 0) break
          size += more
        }
        return size
      }),
    state: () =>
      told(() => {
        const { mtimeMs, size } = fs.fstatSync(descriptor)
        return { size, modified: mtimeMs }
      }),
    close: () => fs.closeSync(descriptor)
  }
}

/** Says in the system's words what it does not do. */
const told = <A>(ask: () => A): A => {
  try {
    return ask()
  } catch (cause) {
    throw new Error(SystemReason.of(cause as NodeJS.ErrnoException), { cause })
  }
}
