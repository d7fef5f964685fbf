/**
 * The grammar of --fault: what a sink does wrong, when, and how often.
 *
 *     fault  = step [ share ] what [ "if" cond *( "and" cond ) ] [ "during" time ".." time ] [ "by" "recipient" ]
 *     step   = "connect" / "greeting" / "hello" / "starttls" / "tls" / "auth" / "mail" / "rcpt" / "data" / "content"
 *            / "chunk" / "final" / "rset" / "noop" / "quit"
 *     share  = number "%"                                          ; default: all
 *     what   = "delay" timing [ act ] / act                        ; a delay alone goes on as usual
 *     act    = code [ text ] / "close" / "reset" / "silence" / "shut" / "drip" bytes [ "/s" ] / "garbage" / "twice"
 *            / "early" / "endless"
 *     cond   = ( "to" / "from" / "client" ) pattern / "size" ">" bytes / "session" ">" number
 *            / "header" name "~" text                              ; at final
 *
 * A text ends before "if", "during" or "by recipient"; in quotation marks it may hold them. In a pattern `*` is any text.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { Cursor, type ParseFailure, read } from "./Cursor.js"
import type { Distribution } from "./Distribution.js"
import * as Rate from "./Rate.js"
import * as Timing from "./Timing.js"

/**
 * The steps at which something can go wrong.
 *
 * @since 0.1.0
 * @category constants
 */
export const steps = [
  "connect",
  "greeting",
  "hello",
  "starttls",
  "tls",
  "auth",
  "mail",
  "rcpt",
  "data",
  "content",
  "chunk",
  "final",
  "rset",
  "noop",
  "quit"
] as const

/**
 * One of `steps`.
 *
 * @since 0.1.0
 * @category models
 */
export type FaultStep = (typeof steps)[number]

/**
 * What is done by one word, and what that means where the word alone does not say it.
 *
 * @since 0.1.0
 * @category constants
 */
export const acts = {
  close: "",
  reset: "",
  silence: "",
  shut: "stop reading",
  garbage: "",
  twice: "",
  early: "the next reply, too",
  endless: ""
} as const

/**
 * These, as help lists them.
 *
 * @since 0.1.0
 * @category formatting
 */
export const actsListed = Object.entries(acts)
  .map(([name, meaning]) => (meaning === "" ? name : `${name} (${meaning})`))
  .join(", ")

/**
 * What is done instead of what is usual.
 *
 * @since 0.1.0
 * @category models
 */
export type FaultAct =
  | { readonly _tag: "Reply"; readonly code: number; readonly text: string }
  | { readonly _tag: "Drip"; readonly bytesPerSecond: number }
  | { readonly _tag: keyof typeof acts }

/**
 * What has to be so for it to strike. All that is left out is of no interest; texts are compared without regard to case.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultCondition {
  /** The recipient at `rcpt`, and at LMTP's `final`; `*` is any text. */
  readonly to?: string | undefined
  /** The sender, from `mail` on; `*` is any text. */
  readonly from?: string | undefined
  /** The client's address; `*` is any text. */
  readonly client?: string | undefined
  /** At `final`: the content has more bytes than this. */
  readonly sizeOver?: number | undefined
  /** The session's number is higher than this. */
  readonly sessionOver?: number | undefined
  /** At `final`: a header of this name holds the text. */
  readonly header?: { readonly name: string; readonly holds: string } | undefined
}

/**
 * A fault as it was written.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultRule {
  readonly step: FaultStep
  /** Of all, from 0 to 1. */
  readonly share: number
  readonly delay: Distribution | undefined
  readonly act: FaultAct | undefined
  readonly when: FaultCondition | undefined
  /** In milliseconds of the server's time. */
  readonly during: { readonly from: number; readonly to: number } | undefined
  /** Whether the share is of attempts by each recipient, and not of all that come. */
  readonly byRecipient: boolean
}

/**
 * Reads a fault.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<FaultRule, ParseFailure> => read(new Cursor(text), ruleOf)

const ruleOf = (cursor: Cursor): FaultRule | undefined => {
  const name = cursor.take(word)
  const step = steps.find((each) => each === name)
  if (step === undefined) return cursor.fail(`a step: ${steps.join(", ")}`, 0)
  const before = cursor.at
  const digits = cursor.take(/\d+(?:\.\d+)?(?=\s*%)/y)
  if (digits !== undefined) cursor.take(/%/y)
  const share = digits === undefined ? 1 : Number(digits) / 100
  if (!(share > 0 && share <= 1)) return cursor.fail("a share of more than 0% and at most 100%", before)
  const delay = cursor.take(/delay(?!\w)/y) === undefined ? undefined : Timing.timingOf(cursor)
  if (cursor.failure !== undefined) return undefined
  const act = actOf(cursor, delay !== undefined, step)
  if (cursor.failure !== undefined) return undefined
  const when = cursor.take(/if(?!\w)/y) === undefined ? undefined : conditionOf(cursor, step)
  const during = cursor.take(/during(?!\w)/y) === undefined ? undefined : spanOf(cursor)
  const byRecipient = cursor.take(/by\s+recipient(?!\w)/y) !== undefined
  if (byRecipient && step !== "rcpt") return cursor.fail("nothing more: by recipient is for rcpt alone")
  return cursor.failure === undefined ? { step, share, delay, act, when, during, byRecipient } : undefined
}

const word = /[a-z]+/y

/** Those that a text ends before. */
const rest = String.raw`(?=\s+(?:if|during|by\s+recipient)(?!\w)|\s*$)`
const lineText = new RegExp(`[ -~]+?${rest}`, "y")

const actOf = (cursor: Cursor, isOptional: boolean, step: FaultStep): FaultAct | undefined => {
  const before = cursor.at
  const code = cursor.take(/[2-5]\d\d(?!\w)/y)
  if (code !== undefined) {
    if (step === "tls" || step === "content") {
      if (step === "tls")
        return cursor.fail("close, reset, shut or a delay: nothing is said during a handshake", before)
    }
    if (cursor.isAtEnd() || cursor.take(/(?=(?:if|during|by\s+recipient)(?!\w))/y) !== undefined) {
      return { _tag: "Reply", code: Number(code), text: usualText(code) }
    }
    const quoted = cursor.take(/"[ !#-~]*"/y)
    const text = quoted === undefined ? cursor.take(lineText) : quoted.slice(1, -1)
    return text === undefined
      ? cursor.fail("the text of a reply, of printable ASCII")
      : { _tag: "Reply", code: Number(code), text }
  }
  if (cursor.take(/drip(?!\w)/y) !== undefined) {
    const bytesPerSecond = bytesOf(cursor)
    if (bytesPerSecond === undefined) return undefined
    cursor.take(/\/s(?!\w)/y)
    return { _tag: "Drip", bytesPerSecond }
  }
  const found = cursor.take(actWord)
  const name = actNames.find((each) => each === found)
  if (name !== undefined) {
    if (step === "tls" && name !== "close" && name !== "reset" && name !== "shut") {
      return cursor.fail("close, reset, shut or a delay: nothing is said during a handshake", before)
    }
    if (step === "content" && (name === "twice" || name === "early")) {
      return cursor.fail("another fault: a content has no reply of its own; final has", before)
    }
    return { _tag: name }
  }
  if (isOptional) return undefined
  const words = ["delay 2s", "drip 10/s", ...actNames]
  return cursor.fail(
    `what goes wrong: a code such as 451 or 550 5.7.1 text, ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
  )
}

const actNames = Object.keys(acts) as ReadonlyArray<keyof typeof acts>
const actWord = new RegExp(`(?:${actNames.join("|")})(?!\\w)`, "y")

const usualText = (code: string): string =>
  code === "421" ? "4.3.2 Error: shutting down" : `${code[0]}.3.0 ${code[0] === "2" ? "Ok" : "Error: command failed"}`

const bytesOf = (cursor: Cursor): number | undefined => {
  const before = cursor.at
  const [, digits = "0", unit = ""] =
    /^(\d+(?:\.\d+)?)(k|M|Ki|Mi)?$/.exec(cursor.take(/\d+(?:\.\d+)?(?:Ki|Mi|k|M)?/y) ?? "") ?? []
  const bytes = Number(digits) * (units[unit] ?? 1)
  return bytes > 0 ? bytes : cursor.fail("a number of bytes, such as 500, 10k or 1M", before)
}

const units: { readonly [unit: string]: number } = { "": 1, k: 1000, M: 1_000_000, Ki: 1024, Mi: 1_048_576 }

const conditionOf = (cursor: Cursor, step: FaultStep): FaultCondition | undefined => {
  let when: FaultCondition = {}
  do {
    const before = cursor.at
    const subject = cursor.take(word)
    switch (subject) {
      case "to":
      case "from":
      case "client": {
        const pattern = cursor.take(/[^\s"]+/y)
        if (pattern === undefined) return cursor.fail("a pattern, such as *@example.com")
        if (subject === "to" && step !== "rcpt" && step !== "final") {
          return cursor.fail("another condition: the recipient is known at rcpt, and at LMTP's final", before)
        }
        when = { ...when, [subject]: pattern }
        break
      }
      case "size": {
        if (step !== "final") return cursor.fail("another condition: the size is known at final", before)
        const bytes = cursor.take(/>/y) === undefined ? cursor.fail('">" and a size') : bytesOf(cursor)
        if (bytes === undefined) return undefined
        when = { ...when, sizeOver: bytes }
        break
      }
      case "session": {
        const digits = cursor.take(/>/y) === undefined ? undefined : cursor.take(/\d+/y)
        if (digits === undefined) return cursor.fail('">" and the number of a session')
        when = { ...when, sessionOver: Number(digits) }
        break
      }
      case "header": {
        if (step !== "final") return cursor.fail("another condition: headers are known at final", before)
        const name = cursor.take(/[!-9;-~]+/y)
        const holds = name === undefined || cursor.take(/~/y) === undefined ? undefined : textOf(cursor)
        if (name === undefined || holds === undefined)
          return cursor.fail('a header\'s name, "~", and a text that it holds')
        when = { ...when, header: { name, holds } }
        break
      }
      default:
        return cursor.fail("a condition: to, from, client, size, session or header", before)
    }
  } while (cursor.take(/and(?!\w)/y) !== undefined)
  return when
}

const textOf = (cursor: Cursor): string | undefined => cursor.take(/"[^"]*"/y)?.slice(1, -1) ?? cursor.take(/[^\s"]+/y)

const spanOf = (cursor: Cursor): FaultRule["during"] => {
  const before = cursor.at
  const first = Rate.timeOf(cursor)
  const second = first === undefined || cursor.take(/\.\./y) === undefined ? undefined : Rate.timeOf(cursor)
  if (first === undefined || second === undefined) return cursor.fail("two times, such as 30s..60s", before)
  const from = first.number * (first.unit ?? second.unit ?? 1000)
  const to = second.number * (second.unit ?? 1000)
  return to > from ? { from, to } : cursor.fail("a later time than the first", before)
}
