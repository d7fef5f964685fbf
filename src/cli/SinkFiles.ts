/**
 * The files that a sink is served with: its certificate, and who may log in.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as AccountFile from "../plan/AccountFile.js"
import { fileReason } from "../plan/FileReason.js"
import type { SinkPlan } from "../sink/SinkPlan.js"
import type { AccountData } from "../smtp/AccountTable.js"
import * as Printable from "../smtp/Printable.js"
import { passphrase } from "./SinkOptionTable.js"

/**
 * It cannot be done as it was asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class Refused extends Data.TaggedError("Refused")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

const wrongWith = (option: string, file: string) => (reason: string) =>
  new Refused({ reason: Printable.escape(`${option}: ${file}: ${reason}`) })

const contentOf = (option: string, file: string): Effect.Effect<Uint8Array, Refused, FileSystem> =>
  Effect.flatMap(FileSystem, (fileSystem) =>
    Effect.mapError(fileSystem.readFile(file), (error) => wrongWith(option, file)(fileReason(error)))
  )

/**
 * The certificate that it is to show, and its key; undefined where it has none.
 *
 * @since 0.1.0
 * @category loading
 */
export const identityOf = ({ tlsCert, tlsKey = tlsCert }: SinkPlan) =>
  Effect.gen(function* () {
    if (tlsCert === undefined || tlsKey === undefined) return undefined
    const text = new TextDecoder()
    const certificate = text.decode(yield* contentOf("--tls-cert", tlsCert))
    const key = text.decode(yield* contentOf("--tls-key", tlsKey))
    if (!certificate.includes("-----BEGIN CERTIFICATE-----")) {
      return yield* wrongWith("--tls-cert", tlsCert)("no certificate in PEM form")
    }
    if (!key.includes("PRIVATE KEY-----")) {
      return yield* tlsKey === tlsCert
        ? wrongWith("--tls-cert", tlsCert)("no private key in PEM form: --tls-key names its file")
        : wrongWith("--tls-key", tlsKey)("no private key in PEM form")
    }
    return Redacted.make({ certificate, key, passphrase: yield* passphrase })
  })

/**
 * Whom the file lets in.
 *
 * @since 0.1.0
 * @category loading
 */
export const accountsIn = (file: string): Effect.Effect<AccountData, Refused, FileSystem> =>
  Effect.gen(function* () {
    const wrong = wrongWith("--accounts", file)
    const bytes = yield* contentOf("--accounts", file)
    const table = yield* Either.mapLeft(AccountFile.parse(bytes), ({ line, reason }) =>
      wrong(line === undefined ? reason : `line ${line}: ${reason}`)
    )
    return table.toData()
  })
