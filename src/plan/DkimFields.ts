/**
 * The fields of a plan that have messages signed, and the key that they name.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Dkim from "./Dkim.js"
import * as PartsFile from "./PartsFile.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"

const section = "Messages"

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  dkim: PlanField.optional(PlanValue.readable(Schema.String, Dkim.parse), {
    section,
    placeholder: "domain:selector",
    description:
      "Sign messages with DKIM, for this domain and selector, with the key of --dkim-key. Whoever verifies them looks for the public key at selector._domainkey.domain."
  }),
  dkimKey: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description: "The private key of --dkim, RSA or Ed25519, in PEM without a passphrase."
  }),
  dkimSign: PlanField.withDefault(Schema.Literal(...Dkim.modes), "once", {
    section,
    description:
      "What a signature covers. once: From, Subject, the type and the body, so that messages in which these are the same share a signature. each: To, Date and Message-Id, too, so that each message is signed by itself, which costs a tenth of a millisecond or more."
  })
}

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  { asked: ["dkim"], without: ["dkimKey"], says: "{dkim} needs {dkimKey}" },
  { asked: ["dkimKey"], without: ["dkim"], says: "{dkimKey} needs {dkim}" },
  { asked: ["dkimSign"], without: ["dkim"], says: "{dkimSign} needs {dkim}" },
  { asked: ["dkim", "bare"], says: "{dkim} cannot be used with {bare}, which sends no headers" }
]

/** What of a plan has messages signed. */
interface DkimPlan {
  readonly dkim?: string | undefined
  readonly dkimKey?: string | undefined
  readonly dkimSign: (typeof Dkim.modes)[number]
}

const option = "--dkim-key"

/**
 * Reads the key, and sees that it can be used. Nothing where the plan has nothing signed.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  plan: DkimPlan
): Effect.Effect<Redacted.Redacted<string> | undefined, PartsFile.PartsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const path = plan.dkimKey
    if (plan.dkim === undefined || path === undefined) return undefined
    const fileSystem = yield* FileSystem.FileSystem
    const pem = yield* PartsFile.named(option, path, fileSystem.readFileString(path))
    const crypto = Option.getOrUndefined(yield* Effect.serviceOption(Dkim.DkimCrypto))
    const key: Either.Either<unknown, string> = crypto?.key(pem) ?? Either.left("there is no DkimCrypto to sign with")
    if (Either.isLeft(key)) return yield* new PartsFile.PartsUnusable({ option, reason: `${path}: ${key.left}` })
    return Redacted.make(pem)
  })

/**
 * What a plan's messages are signed with; undefined where they are not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const signing = (
  plan: DkimPlan,
  pem: Redacted.Redacted<string> | undefined,
  startedAt: Date
): Effect.Effect<Dkim.Signing | undefined> =>
  Effect.map(Effect.serviceOption(Dkim.DkimCrypto), (crypto) => {
    if (plan.dkim === undefined || pem === undefined || Option.isNone(crypto)) return undefined
    const { key, sha256 } = crypto.value
    return {
      identity: Either.getOrThrow(Dkim.parse(plan.dkim)),
      mode: plan.dkimSign,
      // It was seen to be good when it was read.
      key: Either.getOrThrow(key(Redacted.value(pem))),
      sha256,
      time: startedAt.getTime()
    }
  })
