/**
 * The fields of a plan that ask for TLS, and what they come to.
 *
 * It is over 300 lines because fields, their rules and what they come to stand in one room, so that an option is one entry.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Printable from "../smtp/Printable.js"
import type * as Target from "../smtp/Target.js"
import * as Tls from "../smtp/Tls.js"
import { fileReason } from "./FileReason.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as ShapeGrammar from "./ShapeGrammar.js"

const section = "TLS"

const text = (pattern: RegExp, expected: string) =>
  Schema.String.pipe(Schema.pattern(pattern)).annotations({
    message: () => ({ message: `expected ${expected}`, override: true })
  })

const Versions = text(/^1\.[0-3](?:\.\.1\.[0-3])?$/, "a TLS version, or a range of them, such as 1.3 or 1.2..1.3").pipe(
  Schema.filter((versions) => {
    const [oldest, newest] = versionsOf(versions)
    return oldest <= newest ? true : "the older version comes first"
  })
)

const Pin = text(/^sha256:[A-Za-z0-9+/]{43}=$/, "sha256: and the hash of a public key in base64, of 44 characters")

const Pins = Schema.Union(
  Schema.Array(Pin),
  Schema.transform(Pin, Schema.Array(Pin), { strict: true, decode: (pin) => [pin], encode: ([pin = ""]) => pin })
).annotations({
  message: () => ({
    message: "expected sha256: and the hash of a public key in base64, of 44 characters, or a list of them",
    override: true
  })
})

const Resume = text(/^(?:on|off|(?:100|\d{1,2}(?:\.\d+)?)%)$/, "on, off, or a share of connections such as 80%")

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  tls: PlanField.withDefault(Schema.Literal(...Tls.ways), "off", {
    section,
    description:
      "Use TLS: by STARTTLS, which the server must offer; by STARTTLS if it is offered, and in plain text if not; or from the first byte (implicit; the port is 465 unless the target says otherwise). A handshake that fails costs the message, in every case."
  }),
  tlsVerify: PlanField.optional(Schema.Literal("full", "chain", "none"), {
    section,
    description:
      "Accept the server by its certificate: signed by a trusted authority, for the server's name (full, the default); signed by one, for any name (chain); or any certificate (none, which reports mention)."
  }),
  tlsName: PlanField.optional(PlanValue.OneLine, {
    section,
    placeholder: "host",
    description:
      "Ask for this name (SNI), and verify it, instead of the target's. An address is verified and not asked for."
  }),
  tlsCa: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description: "Trust the certificate authorities in this file (PEM), and no others."
  }),
  tlsPins: PlanField.optional(Pins, {
    section,
    long: "tls-pin",
    repeatable: true,
    placeholder: "sha256:base64",
    description:
      "Accept the server by its key: this is the SHA-256 hash of its public key (SubjectPublicKeyInfo). It replaces --tls-verify, and needs no authority. May be given several times: one of them must match."
  }),
  tlsVersions: PlanField.withDefault(Versions, "1.2..1.3", {
    section,
    placeholder: "oldest[..newest]",
    description: "Offer these versions of TLS, of 1.0, 1.1, 1.2 and 1.3."
  }),
  tlsCiphers: PlanField.optional(PlanValue.OneLine, {
    section,
    placeholder: "list",
    description: "Offer these cipher suites, by OpenSSL's names, with colons between."
  }),
  tlsGroups: PlanField.optional(PlanValue.OneLine, {
    section,
    placeholder: "list",
    description: "Offer these groups for the key exchange, such as X25519:P-256."
  }),
  tlsCert: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description: "Show the server the certificate in this file (PEM), with those that lead to its authority after it."
  }),
  tlsKey: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "The private key of --tls-cert (PEM; default: the same file). SMTP_SOURCE_TLS_PASSPHRASE holds its passphrase, if it has one."
  }),
  tlsResume: PlanField.withDefault(Resume, "off", {
    section,
    placeholder: "on|off|share%",
    description:
      "Offer to resume the latest TLS session, with all connections or with a share of them. It saves the server some work, and this machine almost none."
  }),
  tlsKeylog: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Append the secrets of each connection to this file, for Wireshark. Whoever has it can read what was sent."
  })
}

/** What of a plan asks for TLS. */
interface TlsPlan {
  readonly tls: Tls.TlsWay
  readonly shapes?: ReadonlyArray<{ readonly tls?: Tls.TlsWay | undefined }> | undefined
  readonly tlsVerify?: "full" | "chain" | "none" | undefined
  readonly tlsName?: string | undefined
  readonly tlsCa?: string | undefined
  readonly tlsPins?: ReadonlyArray<string> | undefined
  readonly tlsVersions: string
  readonly tlsCiphers?: string | undefined
  readonly tlsGroups?: string | undefined
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
  readonly tlsResume: string
  readonly tlsKeylog?: string | undefined
}

/**
 * A file that --tls-ca, --tls-cert or --tls-key names cannot be read.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsUnreadable extends Data.TaggedError("TlsUnreadable")<{
  readonly option: string
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`${this.option} ${this.path}: ${this.reason}`)
  }
}

/**
 * What the files hold that a plan's TLS needs. It has secrets in it, and goes into no plan and no report.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly identity?: Redacted.Redacted<Tls.TlsIdentity> | undefined
}

/**
 * The environment's variable that holds the passphrase of --tls-key. It stands in for no option: what is secret is not seen in
 * a list of processes.
 *
 * @since 0.1.0
 * @category constants
 */
export const passphraseVariable = "SMTP_SOURCE_TLS_PASSPHRASE"

/** What stands before them in PEM. The library underneath has words of its own for files without. */
const beginnings = { certificate: "-----BEGIN CERTIFICATE-----", "private key": "PRIVATE KEY-----" } as const

/**
 * Reads the files of a plan's TLS, and the passphrase from the environment. It is `tls` among the options of a run.
 *
 * @since 0.1.0
 * @category loading
 */
export const read = (plan: TlsPlan): Effect.Effect<TlsFiles, TlsUnreadable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    if (!isAsked(plan)) return {}
    const fileSystem = yield* FileSystem.FileSystem
    const unreadable = (option: string, path: string) => (reason: string) => new TlsUnreadable({ option, path, reason })
    const file = (option: string, path: string, holds: keyof typeof beginnings) => {
      const wrong = unreadable(option, path)
      return Effect.filterOrFail(
        Effect.mapError(fileSystem.readFileString(path), (error) => wrong(fileReason(error))),
        (text) => text.includes(beginnings[holds]),
        () => wrong(`no ${holds} in PEM form`)
      )
    }
    const ca = plan.tlsCa === undefined ? undefined : yield* file("--tls-ca", plan.tlsCa, "certificate")
    if (plan.tlsCert === undefined) return { ca }
    const certificate = yield* file("--tls-cert", plan.tlsCert, "certificate")
    const key = plan.tlsKey === undefined ? certificate : yield* file("--tls-key", plan.tlsKey, "private key")
    if (!key.includes(beginnings["private key"])) {
      return yield* unreadable("--tls-cert", plan.tlsCert)("no private key in PEM form: --tls-key names its file")
    }
    const passphrase = yield* Effect.orElseSucceed(Config.option(Config.redacted(passphraseVariable)), () =>
      Option.none<Redacted.Redacted<string>>()
    )
    const secret = Option.getOrUndefined(Option.map(passphrase, Redacted.value))
    return { ca, identity: Redacted.make({ certificate, key, passphrase: secret }) }
  })

/**
 * The ways in which a plan's connections use TLS, or don't: its own, or those of its shapes, which may be texts yet.
 *
 * @since 0.1.0
 * @category destructors
 */
export const waysOf = (plan: { readonly [field: string]: unknown }): ReadonlyArray<Tls.TlsWay> => {
  const known = (way: unknown) => Tls.ways.find((each) => each === way)
  const usual = known(plan.tls) ?? "off"
  if (!Array.isArray(plan.shapes) || plan.shapes.length === 0) return [usual]
  const ways = plan.shapes.map((shape: unknown) => {
    const parts = typeof shape === "string" ? Either.getOrElse(ShapeGrammar.parse(shape), () => ({})) : shape
    return (typeof parts === "object" && parts !== null && "tls" in parts ? known(parts.tls) : undefined) ?? usual
  })
  return [...new Set(ways)]
}

/**
 * Whether any connection of the plan uses TLS, or tries to.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAsked = (plan: Pick<TlsPlan, "shapes" | "tls">): boolean =>
  waysOf({ ...plan }).some((way) => way !== "off")

/**
 * How a plan's connections to a target use TLS, or those of them that go this way; undefined where they don't.
 *
 * @since 0.1.0
 * @category constructors
 */
export const use = (
  plan: TlsPlan,
  { ca, identity }: TlsFiles,
  target: Target.Target,
  way: Tls.TlsWay = plan.tls
): Tls.TlsUse | undefined => {
  if (way === "off") return undefined
  const [oldest, newest] = versionsOf(plan.tlsVersions)
  const settings = Tls.settings({
    // A server behind a UNIX-domain socket is on this machine.
    name: plan.tlsName ?? (target._tag === "Unix" ? "localhost" : target.host),
    verify: plan.tlsVerify ?? "full",
    pins: (plan.tlsPins ?? []).map((pin) => pin.slice("sha256:".length)),
    oldest,
    newest,
    ciphers: plan.tlsCiphers,
    groups: plan.tlsGroups,
    resume: plan.tlsResume === "on" ? 1 : plan.tlsResume === "off" ? 0 : Number.parseFloat(plan.tlsResume) / 100,
    keylog: plan.tlsKeylog,
    ca,
    identity
  })
  return { how: way, settings }
}

/**
 * What a user should know of a plan's TLS before it runs: where its secrets are written, and that a cipher may not be the one that
 * is used.
 *
 * @since 0.1.0
 * @category destructors
 */
export const notices = (plan: TlsPlan): ReadonlyArray<string> => {
  if (!isAsked(plan)) return []
  const { tlsCiphers = "", tlsKeylog, tlsVersions } = plan
  const [, newest] = versionsOf(tlsVersions)
  const suites = tlsCiphers.split(":").filter((name) => /^[A-Z\d]+(?:[-_][A-Z\d]+)+$/.test(name))
  const isNewer = suites.length > 0 && newest === "1.3" && !suites.some((name) => name.startsWith("TLS_"))
  return [
    ...(tlsKeylog === undefined
      ? []
      : [`--tls-keylog: the secrets of this run's TLS are in ${tlsKeylog}: who reads it can read what was sent`]),
    ...(isNewer
      ? ["--tls-ciphers names none of TLS 1.3, which is offered with its own: --tls-versions 1.2 leaves it out"]
      : [])
  ]
}

/** Of a text that fits `Versions`. */
const versionsOf = (versions: string): readonly [oldest: Tls.TlsVersion, newest: Tls.TlsVersion] => {
  const [oldest = "1.2", newest = oldest] = versions.split("..")
  const known = (text: string) => Tls.versions.find((version) => version === text) ?? "1.3"
  return [known(oldest), known(newest)]
}

/** The fields that say how TLS is done, where it is. */
const details = Object.keys(fields).filter((field) => field !== "tls")

const goes = ({ plan }: PlanRule.Given, ...these: ReadonlyArray<Tls.TlsWay>): boolean =>
  waysOf(plan).some((way) => these.includes(way))

/** Whether some connections begin with TLS, and others don't. */
const isMixed = ({ plan }: PlanRule.Given): boolean => waysOf(plan).length > 1 && waysOf(plan).includes("implicit")

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  {
    some: details,
    when: (given) => !goes(given, "starttls", "if-offered", "implicit"),
    says: "options that begin with --tls- need {tls} starttls, if-offered or implicit"
  },
  { asked: ["tlsPins", "tlsVerify"], says: "{tlsPins} and {tlsVerify} exclude each other" },
  { asked: ["tlsKey"], without: ["tlsCert"], says: "{tlsKey} needs {tlsCert}" },
  {
    asked: ["bare", "tls"],
    when: (given) => goes(given, "starttls", "if-offered"),
    says: "STARTTLS needs EHLO, which {bare} leaves out"
  },
  {
    asked: ["bare", "shapes"],
    without: ["tls"],
    when: (given) => goes(given, "starttls", "if-offered"),
    says: "STARTTLS needs EHLO, which {bare} leaves out"
  },
  {
    when: (given) =>
      ShapeGrammar.isAbandonedAfter(given.plan, "tls") && !goes(given, "starttls", "if-offered", "implicit"),
    says: "{abandon} tls needs {tls}",
    fields: ["abandon", "shapes"]
  },
  {
    when: (given) => ShapeGrammar.isAbandonedAfter(given.plan, "starttls") && !goes(given, "starttls", "if-offered"),
    says: "{abandon} starttls needs {tls} starttls or if-offered",
    fields: ["abandon", "shapes"]
  },
  {
    asked: ["shapes", "sink"],
    when: isMixed,
    says: "{shapes}: {sink} has implicit TLS for all connections or for none"
  },
  {
    asked: ["shapes", "calibrate"],
    without: ["sink"],
    when: isMixed,
    says: "{shapes}: {calibrate} has implicit TLS for all connections or for none"
  }
]
