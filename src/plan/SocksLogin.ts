/**
 * The file that a plan names for the login at its SOCKS proxy: the user, a colon and the password, in one line.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { SocksLogin } from "../smtp/SocksProxy.js"
import { AccountsUnusable } from "./AuthFields.js"
import { fileReason } from "./FileReason.js"

/**
 * Reads it. It is `socksLogin` among the options of a run; undefined where the plan names none.
 *
 * @since 0.1.0
 * @category loading
 */
export const read = ({
  socksLogin: path
}: {
  readonly socksLogin?: string | undefined
}): Effect.Effect<Redacted.Redacted<SocksLogin> | undefined, AccountsUnusable, FileSystem.FileSystem> => {
  if (path === undefined) return Effect.succeed(undefined)
  const unusable = (reason: string) => new AccountsUnusable({ option: "--socks-login", reason: `${path}: ${reason}` })
  return Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
    fileSystem.readFileString(path).pipe(
      Effect.mapError((error) => unusable(fileReason(error))),
      Effect.flatMap((text) => Either.mapLeft(parse(text), unusable))
    )
  )
}

/** What is wrong with a text is said without any of it. */
const parse = (text: string): Either.Either<Redacted.Redacted<SocksLogin>, string> => {
  const [, user = "", password = ""] = /^([^:\r\n]+):([^\r\n]+)\r?\n?$/.exec(text) ?? []
  const fits = [user, password].every((part) => {
    const { length } = new TextEncoder().encode(part)
    return length >= 1 && length <= 255
  })
  return fits
    ? Either.right(Redacted.make({ user, password }))
    : Either.left("one line is expected: a user, a colon and a password, of at most 255 bytes each")
}
