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
  /** What is read meanwhile reads from whatever has the descriptor's number: it is closed after that. */
  let reading = 0
  let isOver = false
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
    readAhead: (into, length, position, done) => {
      reading++
      fs.read(descriptor, into, 0, length, position, (error, read) => {
        reading--
        if (isOver && reading === 0) fs.closeSync(descriptor)
        done(error === null ? read : 0)
      })
    },
    close: () => {
      isOver = true
      if (reading === 0) fs.closeSync(descriptor)
    }
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
