/**
 * The little of a file system that a run needs: to read the file that -F names, and to write reports.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as util from "node:util"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"

/**
 * Provides a `FileSystem` that can read whole files, and write them, and nothing else.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<FileSystem.FileSystem> = FileSystem.layerNoop({
  readFile: (path) =>
    Effect.tryPromise({
      try: (signal) => fs.promises.readFile(path, { signal }),
      catch: errorOf("readFile", path)
    }),
  writeFileString: (path, data, { flag = "w", mode } = {}) =>
    Effect.tryPromise({
      try: (signal) => fs.promises.writeFile(path, data, { flag, mode, signal }),
      catch: errorOf("writeFileString", path)
    })
})

const errorOf =
  (method: string, path: string) =>
  (cause: unknown): SystemError => {
    const { code, errno } = cause as NodeJS.ErrnoException
    const described = errno === undefined ? undefined : util.getSystemErrorMap().get(errno)?.[1]
    return new SystemError({
      module: "FileSystem",
      method,
      reason: code === "ENOENT" ? "NotFound" : code === "EACCES" ? "PermissionDenied" : "Unknown",
      description: described ?? String(cause),
      pathOrDescriptor: path,
      cause
    })
  }
