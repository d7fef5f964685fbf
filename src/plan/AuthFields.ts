/**
 * The fields of a plan that ask for a login, and what they come to.
 *
 * A plan holds no password, only where it is: it is printed, saved in reports, and given to threads.
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
import * as AccountTable from "../smtp/AccountTable.js"
import type { AuthCrypto } from "../smtp/AuthCrypto.js"
import type { AuthSettings } from "../smtp/Authentication.js"
import * as AuthMechanism from "../smtp/AuthMechanism.js"
import * as Printable from "../smtp/Printable.js"
import { ScramKeys } from "../smtp/ScramKeys.js"
import * as Target from "../smtp/Target.js"
import * as ConnectTo from "./ConnectTo.js"
import * as RouteFields from "./RouteFields.js"
import * as TargetList from "./TargetList.js"
import * as AccountFile from "./AccountFile.js"
import { fileReason } from "./FileReason.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as ShapeGrammar from "./ShapeGrammar.js"
import * as TlsFields from "./TlsFields.js"
import * as UserAtHand from "./UserAtHand.js"

const section = "Login"

const names = AuthMechanism.mechanisms.map((mechanism) => mechanism.toLowerCase())

/** The mechanisms of a list; undefined where one of them is none. */
const listed = (auth: string): ReadonlyArray<AuthMechanism.Mechanism> | undefined => {
  const found = auth.split(",").map((name) => AuthMechanism.ofName(name.trim()))
  return found.includes(undefined) ? undefined : found.flatMap((mechanism) => mechanism ?? [])
}

const Auth = Schema.String.pipe(
  Schema.filter((auth) => auth === "off" || auth === "auto" || listed(auth) !== undefined)
).annotations({
  message: () => ({ message: `expected off, auto, or one or more of ${names.join(", ")}`, override: true })
})

const Failures = Schema.Union(PlanValue.Count, Schema.Literal("off")).annotations({
  message: () => ({ message: "expected a whole number, 1 or more, or off", override: true })
})

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  auth: PlanField.withDefault(Auth, "off", {
    section,
    placeholder: "off|auto|mechanism,...",
    description: `Log in once over each connection, after TLS: by the strongest mechanism that the server offers (auto: SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN), or by the first of these that it offers: ${names.join(", ")}. None is tried that is not offered. A refusal costs the message; the step auth has durations of its own.`
  }),
  user: PlanField.optional(PlanValue.OneLine, {
    section,
    placeholder: "name",
    description: "Log in as this user, with the password of --password-file, or of SMTP_SOURCE_PASSWORD."
  }),
  passwordFile: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "The file whose one line is the password of --user, or the token for xoauth2 and oauthbearer; - is standard input. It is safer than SMTP_SOURCE_PASSWORD, which other processes of the user can read. No option takes the password itself, which a list of processes would show."
  }),
  accounts: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Log in as the users of this file: CSV (RFC 4180) whose first line names the columns: user, password and, if it is there, mechanism, which is the one for that user. Lines that begin with # are comments. A million accounts take some 50 MB, and three times as much while they are read."
  }),
  accountOrder: PlanField.withDefault(Schema.Literal("session", "round", "random"), "session", {
    section,
    description:
      "Which account a connection logs in with: session, the same for all connections of a session; round, the next one for each connection; random, one drawn from --seed. After the last account comes the first again."
  }),
  authInitialResponse: PlanField.withDefault(Schema.Literal("auto", "never", "always"), "auto", {
    section,
    description:
      "Send the first response in the line of AUTH: auto, if the line then has at most 512 bytes, which all servers accept; never; or always."
  }),
  authInsecure: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Allow plain, login, xoauth2 and oauthbearer, which show the password or the token, on connections without TLS, too. Over loopback and UNIX-domain sockets they are always allowed."
  }),
  authFailures: PlanField.withDefault(Failures, 10, {
    section,
    placeholder: "count|off",
    description:
      "End the run when this many logins in a row, in one thread, were refused for good (5xx), before the server locks accounts or addresses."
  })
}

/** What of a plan asks for a login. */
interface AuthPlan {
  readonly auth: string
  readonly user?: string | undefined
  readonly passwordFile?: string | undefined
  readonly accounts?: string | undefined
  readonly authInitialResponse: AuthSettings["initialResponse"]
  readonly authInsecure: boolean
  readonly socks?: string | undefined
}

/**
 * There is no password to be had, or there are no accounts. No part of a file is in it but the number of a line.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccountsUnusable extends Data.TaggedError("AccountsUnusable")<{
  readonly option: string
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`${this.option}: ${this.reason}`)
  }
}

/**
 * The environment's variable that holds the password of --user.
 *
 * @since 0.1.0
 * @category constants
 */
export const passwordVariable = "SMTP_SOURCE_PASSWORD"

/**
 * The mechanisms that a plan allows, the first that is offered to be used; none where it asks for no login.
 *
 * @since 0.1.0
 * @category destructors
 */
export const mechanismsOf = ({ auth }: Pick<AuthPlan, "auth">): ReadonlyArray<AuthMechanism.Mechanism> =>
  auth === "off" ? [] : auth === "auto" ? AuthMechanism.usual : (listed(auth) ?? [])

/**
 * Reads the accounts of a plan, or its one account, with what is secret. It is `accounts` among the options of a run. Undefined
 * where the plan asks for no login.
 *
 * @since 0.1.0
 * @category loading
 */
export const read = (
  plan: AuthPlan
): Effect.Effect<AccountTable.AccountTable | undefined, AccountsUnusable, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const mechanisms = mechanismsOf(plan)
    if (mechanisms.length === 0) return undefined
    if (plan.accounts !== undefined) return yield* accountsOf(plan.accounts)
    const user = plan.user ?? ""
    if (mechanisms.every(AuthMechanism.needsNoPassword)) return AccountTable.of([{ user, password: "" }])
    const password = yield* passwordOf(plan)
    return AccountTable.of([{ user, password: Redacted.value(password) }])
  })

const readFile = (option: string, path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
    Effect.mapError(
      fileSystem.readFile(path),
      (error) => new AccountsUnusable({ option, reason: `${path}: ${fileReason(error)}` })
    )
  )

const accountsOf = (path: string) =>
  Effect.flatMap(readFile("--accounts", path), (bytes) =>
    Either.mapLeft(
      AccountFile.parse(bytes),
      ({ line, reason }) => new AccountsUnusable({ option: "--accounts", reason: `${path}, line ${line}: ${reason}` })
    )
  )

const passwordOf = ({ passwordFile: path }: AuthPlan) =>
  Effect.gen(function* () {
    if (path === undefined) {
      const known = yield* Effect.orElseSucceed(Config.option(Config.redacted(passwordVariable)), () =>
        Option.none<Redacted.Redacted<string>>()
      )
      if (Option.isSome(known) && Redacted.value(known.value) !== "") return known.value
      const reason = `a password is required: give --password-file, or set ${passwordVariable}`
      return yield* new AccountsUnusable({ option: "--user", reason })
    }
    const bytes = yield* readFile("--password-file", path === "-" ? "/dev/stdin" : path)
    const unusable = (reason: string) =>
      new AccountsUnusable({
        option: "--password-file",
        reason: `${path === "-" ? "standard input" : path}: ${reason}`
      })
    const text = yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, ""),
      catch: () => unusable("the password is not UTF-8")
    })
    if (text === "") return yield* unusable("the password is empty")
    if (/[\r\n\0]/.test(text)) return yield* unusable("a password has one line, and no NUL in it")
    return Redacted.make(text)
  })

/**
 * The options that name a file with passwords which others than its owner can read, each with its file.
 *
 * @since 0.1.0
 * @category loading
 */
export const exposed = ({
  accounts,
  auth,
  passwordFile
}: AuthPlan): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const named = [
      ...(passwordFile === undefined || passwordFile === "-" ? [] : [["--password-file", passwordFile] as const]),
      ...(accounts === undefined ? [] : [["--accounts", accounts] as const])
    ]
    const open: Array<string> = []
    for (const [option, path] of auth === "off" ? [] : named) {
      const info = yield* Effect.option(fileSystem.stat(path))
      if (Option.isSome(info) && info.value.type === "File" && (info.value.mode & 0o077) !== 0) {
        open.push(`${option} ${path}`)
      }
    }
    return open
  })

/**
 * How a plan's connections to a target log in, and go there or elsewhere; undefined where they don't log in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settings = (
  plan: AuthPlan,
  { asked, goes }: { readonly asked: Target.Target; readonly goes: Target.Target },
  crypto: AuthCrypto["Type"] | undefined
): AuthSettings | undefined => {
  const mechanisms = mechanismsOf(plan)
  if (mechanisms.length === 0) return undefined
  return {
    mechanisms,
    initialResponse: plan.authInitialResponse,
    // What a proxy is given leaves the machine, wherever the proxy is.
    insecure: plan.authInsecure || (plan.socks === undefined && Target.isLocal(goes)),
    host: asked._tag === "Unix" ? "localhost" : asked.host,
    port: asked._tag === "Unix" ? 0 : asked.port,
    crypto,
    keys: crypto === undefined ? undefined : new ScramKeys(crypto)
  }
}

/**
 * Whether the sender of messages is the user of the connection: `{user}` is in it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSender = ({
  auth,
  from = ""
}: Pick<AuthPlan, "auth"> & { readonly from?: string | undefined }): boolean => auth !== "off" && UserAtHand.isIn(from)

/** The fields that say how a login is done, where there is one. */
const details = Object.keys(fields).filter((field) => field !== "auth")

/** The mechanisms of a plan, as far as they can be read. */
const mechanismsIn = ({ auth }: PlanRule.Given["plan"]) =>
  mechanismsOf({ auth: typeof auth === "string" ? auth : "off" })

/** Whether passwords are shown to whoever listens on the way to a target. */
const showsPasswords = ({ plan }: PlanRule.Given): boolean => {
  const mechanisms = mechanismsIn(plan)
  if (mechanisms.length === 0 || !mechanisms.every(AuthMechanism.isClear)) return false
  if (!TlsFields.waysOf(plan).includes("off")) return false
  const routes = RouteFields.rulesOf(plan)
  const targets = Either.getOrElse(TargetList.parse(String(plan.target ?? "")), () => [])
  return targets.some(
    ({ target }) =>
      plan.socks !== undefined || target._tag === "Mx" || !Target.isLocal(ConnectTo.redirect(routes, target))
  )
}

/** Senders that are the users of logins, where there are none. */
const usersOfNoLogin: PlanRule.PlanRule = ({ asks, plan }) => {
  if (!UserAtHand.isIn(String(plan.from ?? "")) || (asks("auth") && (asks("user") || asks("accounts")))) return []
  const rule = "-f: {user} is the user of a login, and there is none: it needs --auth, and --user or --accounts"
  return [{ fields: ["from", "auth"], rule }]
}

/**
 * The rules between the fields.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  {
    some: details,
    without: ["auth"],
    says: "{*} without {auth}: add {auth} auto, or {auth} with the names of mechanisms"
  },
  { asked: ["user", "accounts"], says: "{user} and {accounts} exclude each other" },
  { asked: ["passwordFile"], without: ["user"], says: "{passwordFile} needs {user}" },
  {
    asked: ["auth"],
    without: ["user", "accounts"],
    when: ({ plan }) => mechanismsIn(plan).some((mechanism) => !AuthMechanism.needsNoPassword(mechanism)),
    says: "{auth} needs {user} or {accounts}, except for external and anonymous"
  },
  {
    asked: ["auth", "accountOrder"],
    without: ["accounts"],
    says: "{accountOrder} needs {accounts}",
    fields: ["accountOrder"]
  },
  {
    asked: ["auth", "target"],
    without: ["authInsecure"],
    when: showsPasswords,
    says: "the mechanisms of {auth} show the password to anybody who listens: use {tls}, or {authInsecure}"
  },
  usersOfNoLogin,
  {
    without: ["auth"],
    when: ({ plan }) => ShapeGrammar.isAbandonedAfter(plan, "auth"),
    says: "{abandon} auth needs {auth}: without it there is no login to leave after",
    fields: ["abandon", "shapes"]
  },
  { asked: ["bare", "auth"], says: "AUTH needs EHLO, which {bare} leaves out" }
]
