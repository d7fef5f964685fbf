/**
 * Mailboxes on IMAP servers as stores of mail for a proof of delivery: of one user, or of all who have a password.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as ImapMailbox from "../imap/ImapMailbox.js"
import type { ImapTransport } from "../imap/ImapTransport.js"
import * as ImapUrl from "../imap/ImapUrl.js"
import * as AccountFile from "../plan/AccountFile.js"
import * as PartsFile from "../plan/PartsFile.js"
import * as Printable from "../smtp/Printable.js"
import { Refused } from "./SavedRuns.js"

/**
 * Where passwords and authorities are.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapOptions {
  readonly imapLogin?: string | undefined
  readonly imapCa?: string | undefined
}

/**
 * The second in which a message came, in microseconds since 1970: no more is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface WholeSecond {
  readonly second: number
}

/**
 * What is told while mailboxes are read: that another one begins, and each message of it in the order in which they came.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapEvents {
  readonly onMailbox: () => void
  readonly onMessage: (content: Buffer, at: WholeSecond | undefined) => void
}

/**
 * Gives each message of the mailbox that the URL names, whole. Fails with `Refused` where the URL or a file is invalid, and with
 * `PartsUnusable` where the server does not show the mailbox.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  given: string,
  { imapCa, imapLogin }: ImapOptions,
  { onMailbox, onMessage }: ImapEvents
): Effect.Effect<void, Refused | PartsFile.PartsUnusable, FileSystem | ImapTransport> =>
  Effect.gen(function* () {
    const unusable = (option: string) => (reason: string) =>
      new Refused({ reason: Printable.escape(`${option}: ${reason}`) })
    // What is invalid is shown where it holds no password for sure: one comes after a colon, and may hold whatever it likes.
    const shown = given
      .replace(/^imaps?:/i, "")
      .replace(/\[[\da-f:.]*\]/i, "")
      .includes(":")
      ? ""
      : `${given}: `
    const url = yield* Either.mapLeft(ImapUrl.parse(given), (what) => unusable("--delivered")(shown + what))
    if (imapLogin === undefined) {
      return yield* unusable("--delivered")(`${given}: needs --imap-login, a file with the password`)
    }
    const ca = imapCa === undefined ? undefined : yield* file("--imap-ca", imapCa)
    const accounts = yield* Either.mapLeft(
      AccountFile.parse(yield* file("--imap-login", imapLogin)),
      ({ line, reason }) => unusable("--imap-login")(`${imapLogin}, line ${line}: ${reason}`)
    )
    if (url.user !== undefined && accounts.find(url.user) === undefined) {
      return yield* unusable("--imap-login")(`${imapLogin}: has no user ${url.user}`)
    }
    for (let index = 0; index < (url.user === undefined ? accounts.size : 1); index++) {
      const { password, user } = (url.user === undefined ? undefined : accounts.find(url.user)) ?? accounts.at(index)
      const login = { user, password: Redacted.make(password) }
      onMailbox()
      yield* ImapMailbox.read(url, login, {
        ca: ca?.toString("latin1"),
        onMessage: ({ at, content }) => onMessage(content, at === undefined ? undefined : { second: at * 1000 })
      }).pipe(
        Effect.mapError(({ reason }) => {
          const what = `${ImapUrl.format(url, user)}: ${reason}`
          return new PartsFile.PartsUnusable({ option: "--delivered", reason: what })
        })
      )
    }
  })

const file = (option: string, path: string) =>
  PartsFile.read(option, path).pipe(
    Effect.mapBoth({
      onFailure: ({ reason }) => new Refused({ reason: Printable.escape(`${option}: ${reason}`) }),
      onSuccess: ({ buffer, byteLength, byteOffset }) => Buffer.from(buffer, byteOffset, byteLength)
    })
  )
