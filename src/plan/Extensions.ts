/**
 * The fields of a plan that ask for extensions of SMTP, and what they come to.
 *
 * It is over 300 lines because fields, their rules and what they come to stand in one room, so that an option is one entry.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Parameters from "../smtp/Parameters.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as Template from "./Template.js"
import * as TlsFields from "./TlsFields.js"

const section = "Extensions"

const Notify = Schema.String.pipe(
  Schema.filter((text) => isNotify(text), {
    message: () => "expected never, or some of success, failure and delay, with commas between"
  })
)

const isNotify = (text: string): boolean => {
  const words = text.split(",")
  return (
    text === "never" ||
    (words.every((word) => /^(?:success|failure|delay)$/.test(word)) && new Set(words).size === words.length)
  )
}

const EnvelopeId = Schema.String.pipe(
  Schema.filter((text) => /^[ -~]{1,100}$/.test(text), {
    message: () => "expected up to 100 printable characters of ASCII"
  })
)

const Chunking = PlanValue.Text.pipe(
  Schema.filter((text) => text === "off" || text === "on" || sizeIn(text) !== undefined, {
    message: () => "expected off, on, or the size of a chunk in bytes, such as 65536 or 64k"
  })
)

const sizeIn = (text: string): number | undefined => {
  const [, digits, unit = ""] = /^(\d{1,9})([kM]?)$/.exec(text) ?? []
  const size = Number(digits) * { "": 1, k: 1000, M: 1_000_000 }[unit as "" | "k" | "M"]
  return size >= 1 ? size : undefined
}

const Depth = Schema.Int.pipe(Schema.between(1, 1000)).annotations({
  message: () => ({ message: "expected a whole number from 1 to 1000", override: true })
})

const ParameterText = Schema.String.annotations({ jsonSchema: { type: "string" } }).pipe(
  Schema.filter((text) => /^[!-~]+(?: [!-~]+)*$/.test(text), {
    message: () => "expected a parameter such as HOLDFOR=60, in printable ASCII"
  })
)

const ParameterTexts = Schema.Union(
  Schema.Array(ParameterText),
  Schema.transform(ParameterText, Schema.Array(ParameterText), {
    strict: true,
    decode: (text) => [text],
    encode: ([text = ""]) => text
  })
).annotations({
  message: () => ({
    message: "expected a parameter such as HOLDFOR=60, in printable ASCII, or a list of them",
    override: true
  })
})

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  whenNotOffered: PlanField.withDefault(Schema.Literal("fail", "skip", "send"), "fail", {
    section,
    description:
      "What to do with a message that needs an extension which the server does not offer: fail it, and send nothing of it (fail); send it without the extension, and count that (skip); or use the extension all the same (send)."
  }),
  declareSize: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description: "Tell the size of each message with its sender (SIZE), so that a server can refuse it before it comes."
  }),
  chunking: PlanField.withDefault(Chunking, "off", {
    section,
    placeholder: "off|on|bytes",
    description:
      "Send messages by BDAT and not by DATA (CHUNKING): each as one chunk (on), or in chunks of this many bytes (64k). With --pipelining a whole transaction is one write. In reports, the last chunk is the steps content and final; those before it are the step chunk."
  }),
  depth: PlanField.withDefault(Depth, 1, {
    section,
    placeholder: "count",
    description:
      "Send this many transactions in one write, and the next ones when all of them are answered: with --chunking and --pipelining full, over connections that are kept. If the connection is lost, all of them may be unknown. All of them have the same duration."
  }),
  mime: PlanField.withDefault(Schema.Literal("auto", "7bit", "8bit", "binary"), "auto", {
    section,
    description:
      "Declare in MAIL what a message consists of (BODY): 7bit; 8bit, for which the server must offer 8BITMIME; binary, for which it must offer BINARYMIME, and which needs --chunking; or auto: 8BITMIME, where the message has bytes beyond ASCII and the server offers it."
  }),
  smtputf8: PlanField.withDefault(Schema.Literal("auto", "always"), "auto", {
    section,
    description:
      "Add SMTPUTF8 to MAIL: always; or auto: where an address has characters beyond ASCII and we have said EHLO."
  }),
  notify: PlanField.optional(Notify, {
    section,
    placeholder: "never|success,failure,delay",
    description:
      "Which notifications to ask for (DSN): never any, so that a test bounces to nobody; or those of success, failure or delay."
  }),
  dsnReturn: PlanField.optional(Schema.Literal("full", "headers"), {
    section,
    description: "What notifications return of the message (DSN): all of it, or its headers."
  }),
  envelopeId: PlanField.optional(EnvelopeId, {
    section,
    placeholder: "text",
    description:
      "The name that notifications have for the message (DSN); {n} in it is the message's number in the run, from 1."
  }),
  requireTls: PlanField.withDefault(Schema.Boolean, false, {
    section,
    description:
      "Ask that each message is passed on over verified TLS alone (REQUIRETLS). It needs --tls, and a server that is verified."
  }),
  mailParameters: PlanField.optional(ParameterTexts, {
    section,
    long: "mail-parameter",
    repeatable: true,
    placeholder: "text",
    description:
      "Add this to MAIL as it is, whether or not the server offers anything like it: HOLDFOR=60, BY=120;R, MT-PRIORITY=3. With --expand, it may have variables, as --template: MT-PRIORITY={{int 0..9}}. May be given several times."
  }),
  rcptParameters: PlanField.optional(ParameterTexts, {
    section,
    long: "rcpt-parameter",
    repeatable: true,
    placeholder: "text",
    description: "Add this to each RCPT as it is; with --expand, with variables, too. May be given several times."
  })
}

/** What of a plan asks for extensions. */
interface ExtendedPlan {
  readonly declareSize: boolean
  readonly chunking: string
  readonly mime: "auto" | "7bit" | "8bit" | "binary"
  readonly smtputf8: "auto" | "always"
  readonly notify?: string | undefined
  readonly dsnReturn?: "full" | "headers" | undefined
  readonly envelopeId?: string | undefined
  readonly requireTls: boolean
  readonly mailParameters?: ReadonlyArray<string> | undefined
  readonly rcptParameters?: ReadonlyArray<string> | undefined
}

/**
 * Whether the plan asks for what only EHLO tells of.
 *
 * @since 0.1.0
 * @category predicates
 */
export const areAsked = (plan: ExtendedPlan): boolean =>
  plan.declareSize ||
  plan.chunking !== "off" ||
  plan.mime !== "auto" ||
  plan.smtputf8 !== "auto" ||
  plan.notify !== undefined ||
  plan.dsnReturn !== undefined ||
  plan.envelopeId !== undefined ||
  plan.requireTls ||
  plan.mailParameters !== undefined ||
  plan.rcptParameters !== undefined

/**
 * What the messages of a run have in them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sent {
  /** Of the envelopes. */
  readonly addresses: ReadonlyArray<string>
  /** Whether some envelopes may have addresses beyond ASCII, and others none. */
  readonly varies?: boolean | undefined
  /** Whether bytes beyond ASCII are in the content. */
  readonly isEightBit: boolean
  /** What variables of parameters have their values from, where they are to have any. */
  readonly values?: Template.Values | undefined
}

/**
 * The parameters that a plan asks for; undefined where there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const wishes = (
  plan: ExtendedPlan,
  { addresses, isEightBit, values, varies = false }: Sent
): Parameters.Wishes | undefined => {
  const { declareSize, dsnReturn, envelopeId, mailParameters = [], mime, notify, rcptParameters = [] } = plan
  const isForeign = addresses.some((address) => beyond.test(address))
  const mail: ReadonlyArray<Parameters.Parameter> = [
    ...(declareSize ? [{ text: declaredSize, needs: "SIZE" }] : []),
    ...(mime === "binary" ? [{ text: "BODY=BINARYMIME", needs: "BINARYMIME" }] : []),
    ...(mime === "7bit" ? [{ text: "BODY=7BIT", needs: "8BITMIME" }] : []),
    ...(mime === "8bit" || (mime === "auto" && isEightBit)
      ? [{ text: "BODY=8BITMIME", needs: "8BITMIME", ifOffered: mime === "auto" }]
      : []),
    ...(plan.smtputf8 === "always" || (isForeign && !varies) ? [{ text: "SMTPUTF8", needs: "SMTPUTF8" }] : []),
    ...(plan.smtputf8 !== "always" && varies ? [{ text: ifForeign, needs: "SMTPUTF8" }] : []),
    ...(dsnReturn === undefined ? [] : [{ text: dsnReturn === "full" ? "RET=FULL" : "RET=HDRS", needs: "DSN" }]),
    ...(envelopeId === undefined ? [] : [{ text: named(envelopeId), needs: "DSN" }]),
    ...(plan.requireTls ? [{ text: "REQUIRETLS", needs: "REQUIRETLS" }] : []),
    ...asTheyAre(mailParameters, mailOption, values)
  ]
  const rcpt: ReadonlyArray<Parameters.Parameter> = [
    ...(notify === undefined ? [] : [{ text: `NOTIFY=${notify.toUpperCase()}`, needs: "DSN" }]),
    ...asTheyAre(rcptParameters, rcptOption, values)
  ]
  const chunking = plan.chunking !== "off"
  return mail.length === 0 && rcpt.length === 0 && !chunking ? undefined : { mail, rcpt, chunking }
}

/**
 * The parameters that are said as they are, with the option that each is of.
 *
 * @since 0.1.0
 * @category destructors
 */
export const parametersOf = ({
  mailParameters = [],
  rcptParameters = []
}: Pick<ExtendedPlan, "mailParameters" | "rcptParameters">): ReadonlyArray<readonly [option: string, text: string]> => [
  ...mailParameters.map((text) => [mailOption, text] as const),
  ...rcptParameters.map((text) => [rcptOption, text] as const)
]

const mailOption = "--mail-parameter"
const rcptOption = "--rcpt-parameter"

/** Those with variables are made for each message. */
const asTheyAre = (
  texts: ReadonlyArray<string>,
  option: string,
  values: Template.Values | undefined
): ReadonlyArray<Parameters.Parameter> =>
  texts.map((text, index) => {
    if (values === undefined || !Template.isTemplate(text)) return { text }
    const of = Template.render(Either.getOrThrow(Template.parse(text, `${option} ${index}`, values)).parts)
    return { text: (_, message) => of(message) }
  })

/**
 * How large the chunks of messages are, in bytes; undefined where each message is one.
 *
 * @since 0.1.0
 * @category reading
 */
export const chunkSize = ({ chunking }: { readonly chunking: string }): number | undefined => sizeIn(chunking)

/** Of messages that have an address beyond ASCII. */
const ifForeign: Parameters.Parameter["text"] = ({ mail, rcpts }) =>
  beyond.test(mail) || rcpts.some((command) => beyond.test(command)) ? "SMTPUTF8" : ""

const beyond = /[^\0-\x7f]/

const declaredSize: Parameters.Parameter["text"] = ({ content }) => `SIZE=${Parameters.sizeOf(content)}`

const named = (id: string): Parameters.Parameter["text"] => {
  const parts = id.split("{n}").map(Parameters.xtext)
  return parts.length === 1 ? `ENVID=${parts[0]}` : (_, message) => `ENVID=${parts.join(String(message + 1))}`
}

/** The fields that ask for something. */
const asking = [
  "declareSize",
  "chunking",
  "mime",
  "smtputf8",
  "notify",
  "dsnReturn",
  "envelopeId",
  "requireTls",
  "mailParameters",
  "rcptParameters"
]

/** What goes between or around transactions that go together. */
const apart = ["lmtp", "delay", "randomDelay", "think", "hold", "abandon", "shapes", "rate", "stages"]

/**
 * The rules between the fields.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  {
    asked: [["mime", "binary"]],
    without: ["chunking"],
    says: "{mime} binary needs {chunking}",
    fields: ["mime", "chunking"]
  },
  {
    asked: ["depth"],
    when: ({ asks }) => !asks("chunking") || !asks(["pipelining", "full"]),
    says: "{depth} needs {chunking} and {pipelining} full",
    fields: ["depth", "chunking", "pipelining"]
  },
  {
    asked: ["depth"],
    without: ["reuse", "perConnection"],
    says: "{depth} needs connections that are kept: {reuse}, or {perConnection}"
  },
  ...apart.map((field) => ({ asked: ["depth", field], says: `{depth} cannot be used with {${field}}` })),
  ...asking.map((field) => ({ asked: ["bare", field], says: `{${field}} needs EHLO, which {bare} leaves out` })),
  {
    asked: ["requireTls"],
    when: ({ asks, plan }) =>
      asks(["tlsVerify", "none"]) || !TlsFields.waysOf(plan).every((way) => way === "starttls" || way === "implicit"),
    says: "{requireTls} needs {tls} starttls or implicit, and a server that is verified",
    fields: ["requireTls", "tls", "tlsVerify"]
  },
  {
    asked: ["whenNotOffered"],
    without: [...asking, "xclient", "xforward"],
    says: "{whenNotOffered} needs an extension that is asked for"
  }
]
