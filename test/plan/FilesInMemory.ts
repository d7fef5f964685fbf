import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"

/** What is in each file, by its path. */
export interface Files {
  readonly [path: string]: string | Uint8Array
}

/** A file system of these files, which can be read; there are no others. */
export const layer = (contents: Files): Layer.Layer<FileSystem.FileSystem> => {
  const read = (path: string): Effect.Effect<Buffer, SystemError> => {
    const content = contents[path]
    return content === undefined
      ? new SystemError({
          reason: "NotFound",
          module: "FileSystem",
          method: "readFile",
          pathOrDescriptor: path,
          description: "no such file or directory"
        })
      : Effect.succeed(Buffer.from(content))
  }
  return FileSystem.layerNoop({
    readFile: read,
    readFileString: (path) => Effect.map(read(path), String)
  })
}
