/**
 * The file system of the commands: that of @effect/platform-node, with a limit on what it reads. It is no part of the library,
 * whose users bring their own.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as PlatformFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SystemReason from "./SystemReason.js"

/**
 * Provides a `FileSystem` that reads 1 GiB of a file at most, and opens none for reading that holds more: what has no
 * end, such as /dev/zero, is no file that is meant.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<FileSystem.FileSystem> = Layer.suspend(() => layerLimited(2 ** 30))

/**
 * The same, with a limit of its own on the size of files, in bytes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerLimited = (longest: number): Layer.Layer<FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fileSystem) => ({
      ...fileSystem,
      open: (path, options) =>
        Effect.tap(fileSystem.open(path, options), (file) => {
          if ((options?.flag ?? "r") !== "r") return Effect.void
          const limited = Effect.filterOrFail(
            file.stat,
            ({ size }) => size <= longest,
            () => errorOf("open", path)(tooLong(longest))
          )
          return Effect.asVoid(limited)
        }),
      readFile: (path) =>
        Effect.tryPromise({
          try: () => (path === standardInput ? readInput(longest) : readWhole(path, longest)),
          catch: errorOf("readFile", path)
        }),
      // The platform's own reads at places, which a pipe does not have.
      stream: (path, options) =>
        options === undefined
          ? Stream.suspend(() =>
              Stream.fromAsyncIterable(
                path === standardInput ? process.stdin : fs.createReadStream(path),
                errorOf("stream", path)
              )
            )
          : fileSystem.stream(path, options)
    }))
  ).pipe(Layer.provide(PlatformFileSystem.layer))

/** Linux opens that by its name where it is a pipe or a terminal, and not where it is a socket. */
const standardInput = "/dev/stdin"

const readInput = async (longest: number): Promise<Uint8Array> => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    size += chunk.length
    if (size > longest) throw tooLong(longest)
  }
  return Buffer.concat(chunks)
}

const readWhole = async (path: string, longest: number): Promise<Uint8Array> => {
  const handle = await fs.promises.open(path)
  try {
    const stats = await handle.stat()
    if (stats.size > longest) throw tooLong(longest)
    if (stats.isFile()) return await handle.readFile()
    const chunks: Array<Buffer> = []
    for (let size = 0; size <= longest; size += chunks.at(-1)!.length) {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(2 ** 20), position: null })
      if (bytesRead === 0) return Buffer.concat(chunks)
      chunks.push(buffer.subarray(0, bytesRead))
    }
    throw tooLong(longest)
  } finally {
    await handle.close()
  }
}

const tooLong = (longest: number): Error => new Error(`holds more than ${longest} bytes`)

const errorOf =
  (method: string, path: string) =>
  (cause: unknown): SystemError => {
    const error = cause as NodeJS.ErrnoException
    const { code } = error
    return new SystemError({
      module: "FileSystem",
      method,
      reason: code === "ENOENT" ? "NotFound" : code === "EACCES" ? "PermissionDenied" : "Unknown",
      description: SystemReason.of(error),
      pathOrDescriptor: path,
      cause
    })
  }
