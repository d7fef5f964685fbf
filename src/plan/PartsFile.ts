/**
 * Reads the files that messages are made of.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Printable from "../smtp/Printable.js"
import { fileReason } from "./FileReason.js"

/**
 * What a plan's messages are to be made of cannot be used. The error names the option, and the file's line where there is one.
 *
 * @since 0.1.0
 * @category errors
 */
export class PartsUnusable extends Data.TaggedError("PartsUnusable")<{
  /** As it is written on the command line: `--template`. */
  readonly option: string
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`${this.option} ${this.reason}`)
  }
}

/**
 * The most that there can be of an option, in bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 512_000_000

/**
 * Reads a file whole.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (option: string, path: string): Effect.Effect<Uint8Array, PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const bytes = yield* named(option, path, fileSystem.readFile(path))
    return bytes.length > most ? yield* new PartsUnusable({ option, reason: `${path}: larger than 512 MB` }) : bytes
  })

/**
 * Names the option and the path in what a file system says.
 *
 * @since 0.1.0
 * @category combinators
 */
export const named = <A, R>(
  option: string,
  path: string,
  effect: Effect.Effect<A, PlatformError, R>
): Effect.Effect<A, PartsUnusable, R> =>
  Effect.mapError(effect, (error) => new PartsUnusable({ option, reason: `${path}: ${fileReason(error)}` }))
