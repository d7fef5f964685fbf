/**
 * The file of -F, made ready for DATA (RFC 5321 §4.5.2).
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
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
 * Reads the file that -F names, and makes its lines ready for DATA, in memory that threads can share. Undefined where the plan
 * names none. It is `file` among the options of a run.
 *
 * A regular file is read twice, piece by piece: it is in memory once, as it is sent. What can be read only once, such as a
 * pipe, is in memory twice meanwhile.
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
    const { type } = yield* fileSystem.stat(path)
    if (type !== "File") return yield* readOnce(fileSystem, path)
    const file = yield* fileSystem.open(path, { flag: "r" })
    return yield* readTwice(file, path)
  }).pipe(
    Effect.scoped,
    Effect.catchTags({
      BadArgument: (error) => new FileUnusable({ path, reason: fileReason(error) }),
      SystemError: (error) => new FileUnusable({ path, reason: fileReason(error) })
    })
  )
}

const readOnce = (fileSystem: FileSystem.FileSystem, path: string) =>
  Effect.flatMap(fileSystem.readFile(path), (bytes) => Either.mapLeft(stuff(bytes, shared), bareReturn(path)))

const readTwice = (file: FileSystem.File, path: string) =>
  Effect.gen(function* () {
    const survey = new Survey()
    yield* eachPiece(file, (piece) => survey.take(piece))
    const size = yield* Either.mapLeft(survey.size(), bareReturn(path))
    yield* file.seek(0, "start")
    const stuffing = new Stuffing(shared(size))
    yield* eachPiece(file, (piece) => stuffing.take(piece))
    const content = stuffing.end()
    return yield* content === undefined
      ? new FileUnusable({ path, reason: "changed while it was read" })
      : Either.right(content)
  })

/** Reads a file from where it stands, until it ends or `take` says that this is enough. A piece is good until the next one. */
const eachPiece = (file: FileSystem.File, take: (piece: Uint8Array) => boolean): Effect.Effect<void, PlatformError> => {
  const buffer = new Uint8Array(pieceSize)
  const next = Effect.map(file.read(buffer), (size) => size > 0 && take(buffer.subarray(0, Number(size))))
  return Effect.repeat(next, { while: (more) => more })
}

/** In bytes. */
const pieceSize = 262_144

const shared = (size: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(size))

const bareReturn = (path: string) => (line: number) =>
  new FileUnusable({
    path,
    reason: `line ${line} holds a carriage return that no line feed follows: servers differ on what that means`
  })

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
  const survey = new Survey()
  survey.take(file)
  return Either.map(survey.size(), (size) => {
    const out = allocate(size)
    const stuffing = new Stuffing(out)
    stuffing.take(file)
    stuffing.end()
    return out
  })
}

/** The first look at a file, piece by piece: how much room its lines take for DATA, and whether they can be sent. */
class Survey {
  private room = end.length
  private line = 1
  private before = LF
  private bare = false

  /** Takes the next piece; false where the file cannot be sent. */
  take(piece: Uint8Array): boolean {
    let { before, line, room } = this
    for (let index = 0; index < piece.length; index++) {
      const byte = piece[index]!
      if (before === CR && byte !== LF) {
        this.bare = true
        break
      }
      if (byte === DOT && before === LF) room++
      if (byte === LF) {
        if (before !== CR) room++
        line++
      }
      before = byte
    }
    this.before = before
    this.line = line
    this.room = room + piece.length
    return !this.bare
  }

  /** In bytes, of all pieces together; or the line with a bare CR. */
  size(): Either.Either<number, number> {
    const { before, line, room } = this
    if (this.bare || before === CR) return Either.left(line)
    return Either.right(before === LF ? room : room + 2)
  }
}

/** The second look: puts the lines into the room that the first one found. */
class Stuffing {
  private size = 0
  private before = LF
  /** Whether the pieces are not those of the first look. */
  private other = false

  constructor(private readonly out: Uint8Array) {}

  /** Takes the next piece; false where it does not fit what was seen before. */
  take(piece: Uint8Array): boolean {
    const { out } = this
    let { before, size } = this
    for (let index = 0; index < piece.length; index++) {
      const byte = piece[index]!
      if (byte === DOT && before === LF) out[size++] = DOT
      if (byte === LF && before !== CR) out[size++] = CR
      if (byte !== LF && before === CR) this.other = true
      out[size++] = byte
      before = byte
    }
    this.before = before
    this.size = size
    this.other ||= size > out.length
    return !this.other
  }

  /** The content, with the final dot; nothing where the pieces were others. */
  end(): Uint8Array | undefined {
    const { before, out } = this
    const size = before === LF ? this.size : this.size + 2
    if (this.other || before === CR || size + end.length !== out.length) return undefined
    if (before !== LF) {
      out[size - 2] = CR
      out[size - 1] = LF
    }
    out.set(end, size)
    return out
  }
}

const LF = 10
const CR = 13
const DOT = 46
const end = new TextEncoder().encode(SmtpCommand.endOfData)
