/**
 * The file of -F: read once, and made ready for DATA (RFC 5321 §4.5.2).
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Printable from "../smtp/Printable.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import { fileReason } from "./FileReason.js"

/**
 * The file that -F names cannot be sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class FileUnusable extends Data.TaggedError("FileUnusable")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return `-F ${Printable.escape(`${this.path}: ${this.reason}`)}`
  }
}

/**
 * Reads the file that -F names, once, and makes its lines ready for DATA, in memory that threads can share. Undefined where
 * the plan names none. It is `file` among the options of a run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (plan: {
  readonly file?: string | undefined
}): Effect.Effect<Uint8Array | undefined, FileUnusable, FileSystem.FileSystem> => {
  const path = plan.file
  if (path === undefined) return Effect.succeed(undefined)
  return Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const bytes = yield* Effect.mapError(
      fileSystem.readFile(path),
      (error) => new FileUnusable({ path, reason: fileReason(error) })
    )
    return yield* Either.mapLeft(
      stuff(bytes, (size) => new Uint8Array(new SharedArrayBuffer(size))),
      (line) =>
        new FileUnusable({
          path,
          reason: `line ${line} holds a carriage return that no line feed follows: servers differ on what that means`
        })
    )
  })
}

/**
 * Makes the lines of a file ready for DATA: CRLF and LF both end a line, a last line may lack its end, a dot is put
 * before a line that begins with one, and the final dot follows. A bare CR is refused, with the number of its line:
 * what it means differs between servers (CVE-2023-51764).
 *
 * @since 0.1.0
 * @category encoding
 */
export const stuff = (
  file: Uint8Array,
  allocate: (size: number) => Uint8Array = (size) => new Uint8Array(size)
): Either.Either<Uint8Array, number> => {
  let added = end.length
  let line = 1
  let before = LF
  for (let index = 0; index < file.length; index++) {
    const byte = file[index]!
    if (before === CR && byte !== LF) return Either.left(line)
    if (byte === DOT && before === LF) added++
    if (byte === LF) {
      if (before !== CR) added++
      line++
    }
    before = byte
  }
  if (before === CR) return Either.left(line)
  if (before !== LF) added += 2

  const out = allocate(file.length + added)
  let size = 0
  before = LF
  for (let index = 0; index < file.length; index++) {
    const byte = file[index]!
    if (byte === DOT && before === LF) out[size++] = DOT
    if (byte === LF && before !== CR) out[size++] = CR
    out[size++] = byte
    before = byte
  }
  if (before !== LF) {
    out[size++] = CR
    out[size++] = LF
  }
  out.set(end, size)
  return Either.right(out)
}

const LF = 10
const CR = 13
const DOT = 46
const end = new TextEncoder().encode(SmtpCommand.endOfData)
