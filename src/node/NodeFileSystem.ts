/**
 * The little of a file system that a run needs: to read the file that -F names, and to write reports.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SystemReason from "./SystemReason.js"

/**
 * Provides a `FileSystem` that can read whole files, write them, and put one in another's place, and nothing else. It reads
 * 1 GiB of a file at most: what has no end, such as /dev/zero, is no file that is meant.
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
  FileSystem.layerNoop({
    readFile: (path) =>
      Effect.tryPromise({
        try: () => readWhole(path, longest),
        catch: errorOf("readFile", path)
      }),
    writeFileString: (path, data, { flag = "w", mode } = {}) =>
      Effect.tryPromise({
        try: (signal) => fs.promises.writeFile(path, data, { flag, mode, signal }),
        catch: errorOf("writeFileString", path)
      }),
    realPath: (path) => Effect.tryPromise({ try: () => fs.promises.realpath(path), catch: errorOf("realPath", path) }),
    rename: (from, to) =>
      Effect.tryPromise({ try: () => fs.promises.rename(from, to), catch: errorOf("rename", from) }),
    stat: (path) =>
      Effect.tryPromise({
        try: async () => infoOf(await fs.promises.stat(path)),
        catch: errorOf("stat", path)
      })
  })

const readWhole = async (path: string, longest: number): Promise<Uint8Array> => {
  const handle = await fs.promises.open(path)
  try {
    const stats = await handle.stat()
    const tooLong = `holds more than ${longest} bytes`
    if (stats.size > longest) throw new Error(tooLong)
    if (stats.isFile()) return await handle.readFile()
    const chunks: Array<Buffer> = []
    for (let size = 0; size <= longest; size += chunks.at(-1)!.length) {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.allocUnsafe(2 ** 20), position: null })
      if (bytesRead === 0) return Buffer.concat(chunks)
      chunks.push(buffer.subarray(0, bytesRead))
    }
    throw new Error(tooLong)
  } finally {
    await handle.close()
  }
}

const infoOf = (stats: fs.Stats): FileSystem.File.Info => ({
  type: stats.isFile() ? "File" : stats.isDirectory() ? "Directory" : stats.isFIFO() ? "FIFO" : "Unknown",
  mtime: Option.some(stats.mtime),
  atime: Option.some(stats.atime),
  birthtime: Option.some(stats.birthtime),
  dev: stats.dev,
  ino: Option.some(stats.ino),
  mode: stats.mode,
  nlink: Option.some(stats.nlink),
  uid: Option.some(stats.uid),
  gid: Option.some(stats.gid),
  rdev: Option.some(stats.rdev),
  size: FileSystem.Size(stats.size),
  blksize: Option.some(FileSystem.Size(stats.blksize)),
  blocks: Option.some(stats.blocks)
})

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
