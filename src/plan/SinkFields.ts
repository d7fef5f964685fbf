/**
 * The fields that make a sink misbehave: those of smtp-sink, and, with `sink` before their names, of the sink that smtp-source
 * starts by --sink, or listens with as --downstream.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as IpAddress from "../smtp/IpAddress.js"
import * as SinkOffer from "./SinkOffer.js"
import * as FaultRule from "./FaultRule.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as SinkRules from "./SinkRules.js"

const list = (item: Schema.Schema<string, string | number>, expected: string) =>
  Schema.transform(
    Schema.Union(Schema.String, Schema.Array(Schema.encodedSchema(item))).annotations({
      message: () => ({ message: `expected ${expected}, or a list of them`, override: true })
    }),
    Schema.Array(item),
    { strict: true, decode: (input) => (typeof input === "string" ? [input] : input), encode: (items) => items }
  )

const schemas = {
  fault: list(PlanValue.parsed(FaultRule.parse), 'a fault, such as "rcpt 5% 451"'),
  latency: list(PlanValue.parsed(SinkRules.parseLatency), 'a time, such as "exp(20ms)"'),
  capacity: PlanValue.parsed(SinkRules.parseCapacity),
  stall: list(PlanValue.parsed(SinkRules.parseStall), 'a stall, such as "60s: 5s"'),
  limit: list(PlanValue.parsed(SinkRules.parseLimit), 'a limit, such as "20 connections/client"'),
  greylist: PlanValue.parsed(SinkRules.parseGreylist),
  tarpit: PlanValue.parsed(SinkRules.parseTarpit)
}

const offers = list(
  PlanValue.readable(PlanValue.Text, SinkOffer.parse),
  "the name of an extension, such as chunking or size=10M"
)

const hidden = list(
  PlanValue.Text.pipe(
    Schema.filter((text) => SinkOffer.extensions.some((name) => name === text), {
      message: () => `expected one of ${SinkOffer.extensions.join(", ")}`
    })
  ),
  "the name of an extension, such as chunking"
)

/** The logins of a plan's own sink are those that the plan logs in by. */
const offering = (logins: string) => ({
  repeatable: true,
  placeholder: "extension[=value]",
  description: `Offer these extensions of SMTP, too: 8bitmime, binarymime, chunking, deliverby, dsn, enhancedstatuscodes, mt-priority, pipelining, requiretls, size=10M (a larger message is refused by 552), smtputf8, xclient, xforward, ${logins}rcptmax=100 (LIMITS: more recipients of a message are refused by 452) and mailmax=20 (more messages over a connection are), or x-anything=text, which is announced and nothing more. Names may have commas between.`
})

const offeringLogins = offering(
  "auth=plain,login (logins with these mechanisms: anybody's, unless --accounts says whose), "
)

const hiding = {
  repeatable: true,
  placeholder: "extension",
  description:
    "Do not offer this extension, and refuse what only it allows: 8bitmime, binarymime, chunking, dsn, enhancedstatuscodes, pipelining, requiretls, size or smtputf8. May be given several times."
}

const words = {
  fault: {
    repeatable: true,
    placeholder: "step [share%] what",
    description: `Go wrong at this step (${FaultRule.steps.join(", ")}), always or for a share: a reply by its code, with or without a text ("rcpt 5% 550 5.1.1 No such user"; 421 closes), ${FaultRule.actsListed}, drip 10/s, or "delay exp(2s)", alone or before one of them ("data delay 2s 421"). A condition may follow: "if to *@example.com", from, client, "session > 100", and at final "size > 1M" or "header Subject ~ text", several joined by and. Then the time of the server in which it goes wrong: "during 30s..60s". At rcpt, "by recipient" draws the share for each attempt of a recipient by itself, so that the order of attempts does not matter. The first rule that applies decides. May be given several times.`
  },
  latency: {
    repeatable: true,
    placeholder: "[step] time",
    description:
      'Answer after this time: 20ms, 10..30ms, exp(20ms) (mostly short, with this mean). With the name of a step before it, only that step is delayed: "final exp(20ms)". May be given several times.'
  },
  capacity: {
    placeholder: "count x time",
    description:
      'Serve this many messages at a time, each for this long: "4 x exp(10ms)". Others wait in a queue, as they do at a server with too much to do.'
  },
  stall: {
    repeatable: true,
    placeholder: "time: time",
    description:
      'Do nothing from this time on for this long: "60s: 5s". Time counts from the first connection. May be given several times.'
  },
  limit: {
    repeatable: true,
    placeholder: "limit",
    description:
      'Refuse what goes beyond: "100 connections" or "20 connections/client" (at a time: 421), "50 messages/connection" and "10 recipients" (452), or a rate of messages, "500/s", "60/m/client", or of recipients by their domain, "10/s/domain" (450). A rate lets its number through at once, and then more as time passes. The reply may follow: "500/s 451 4.7.1 Slow down". May be given several times.'
  },
  greylist: {
    placeholder: "time[..time] [/bits]",
    description:
      'Refuse by 450 what a client sends for the first time from this sender to this recipient. Accept it when it comes again between these two times later (the second is 4h by default), and from then on always. "60s..4h /24" looks at 24 bits of the client\'s address.'
  },
  tarpit: {
    placeholder: "time after count errors",
    description:
      'Delay replies by this time for each error of a session beyond this count: "1s after 10 errors". Each reply of 4xx or 5xx is an error.'
  },
  readRate: {
    placeholder: "bytes",
    description: "Read at most this many bytes a second (500, 10k, 1M) from each connection: the client's window fills."
  },
  triggers: {
    description:
      "Let recipients say what becomes of them: tempfail@, permfail@, drop@, delay-5s@, or a code and what is said with it, as in 450-4.2.0-full@."
  }
} as const

/**
 * What smtp-sink offers beside what is usual.
 *
 * @since 0.1.0
 * @category schemas
 */
export const offer = PlanField.optional(offers, {
  ...offeringLogins,
  section: "Extensions",
  description: `${offeringLogins.description} With this option, parameters of MAIL and RCPT that belong to no offered extension are refused by 555; without it they are accepted.`
})

/**
 * From whom smtp-sink expects the header of the PROXY protocol.
 *
 * @since 0.1.0
 * @category schemas
 */
export const proxy = PlanField.optional(
  Schema.String.pipe(
    Schema.filter(
      (text) => text === "any" || text.split(",").every((range) => IpAddress.parseRange(range.trim()) !== undefined),
      {
        message: () => "expected any, or addresses and networks, such as 10.0.0.0/8, with commas between"
      }
    )
  ),
  {
    section: "Extensions",
    placeholder: "any|range,...",
    description:
      "Expect the header of the PROXY protocol, version 1 or 2, at the beginning of connections from these addresses and networks, or of any, and take the client's address from it. A connection from there that begins with anything else is closed without a reply; to others, the header is an unknown command. Name your load balancers: whoever may send the header may claim any address."
  }
)

/**
 * The fields of smtp-sink.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  fault: PlanField.optional(schemas.fault, { ...words.fault, section: "Faults" }),
  latency: PlanField.optional(schemas.latency, { ...words.latency, section: "Faults" }),
  capacity: PlanField.optional(schemas.capacity, { ...words.capacity, section: "Faults" }),
  stall: PlanField.optional(schemas.stall, { ...words.stall, section: "Faults" }),
  limit: PlanField.optional(schemas.limit, { ...words.limit, section: "Faults" }),
  greylist: PlanField.optional(schemas.greylist, { ...words.greylist, section: "Faults" }),
  tarpit: PlanField.optional(schemas.tarpit, { ...words.tarpit, section: "Faults" }),
  readRate: PlanField.optional(PlanValue.BytesPerSecond, { ...words.readRate, section: "Faults" }),
  triggers: PlanField.withDefault(Schema.Boolean, false, { ...words.triggers, section: "Faults" })
}

const section = "Faults of --sink, and of --downstream"

const ofSink = <A extends { readonly description: string }>(field: A): A & { readonly section: string } => ({
  ...field,
  description: `With --sink or --downstream: ${field.description.slice(0, 1).toLowerCase()}${field.description.slice(1)}`,
  section
})

/**
 * The fields of smtp-source.
 *
 * @since 0.1.0
 * @category schemas
 */
export const sinkFields = {
  sinkFault: PlanField.optional(schemas.fault, ofSink(words.fault)),
  sinkLatency: PlanField.optional(schemas.latency, ofSink(words.latency)),
  sinkCapacity: PlanField.optional(schemas.capacity, ofSink(words.capacity)),
  sinkStall: PlanField.optional(schemas.stall, ofSink(words.stall)),
  sinkLimit: PlanField.optional(schemas.limit, ofSink(words.limit)),
  sinkGreylist: PlanField.optional(schemas.greylist, ofSink(words.greylist)),
  sinkTarpit: PlanField.optional(schemas.tarpit, ofSink(words.tarpit)),
  sinkReadRate: PlanField.optional(PlanValue.BytesPerSecond, ofSink(words.readRate)),
  sinkTriggers: PlanField.withDefault(Schema.Boolean, false, ofSink(words.triggers)),
  sinkOffer: PlanField.optional(offers, ofSink(offering(""))),
  sinkHide: PlanField.optional(hidden, ofSink(hiding))
}

/** Extensions that are to be offered, and hidden. */
const contradictions: PlanRule.PlanRule = ({ plan: { sinkHide, sinkOffer } }) =>
  SinkOffer.contradictions(listOf(sinkOffer), listOf(sinkHide)).map((name) => ({
    fields: ["sinkOffer", "sinkHide"],
    rule: `--sink-offer and --sink-hide both name ${name}`
  }))

/** The logins of a plan's own sink are those of the plan. */
const logins: PlanRule.PlanRule = {
  asked: ["sinkOffer"],
  when: ({ plan: { sinkOffer } }) => SinkOffer.contradictions(listOf(sinkOffer), ["auth"]).length > 0,
  says: "leave auth out of {sinkOffer}: a run that logs in offers its sink's clients what --auth says"
}

const listOf = (value: unknown): ReadonlyArray<string> =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String)

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  ...Object.keys(sinkFields).map((field) => ({
    asked: [field],
    without: ["sink", "downstream"],
    says: `{${field}} needs {sink}, or {downstream}`
  })),
  contradictions,
  logins
]

/**
 * How a plan's sink is to misbehave, in the words of smtp-sink's fields.
 *
 * @since 0.1.0
 * @category reading
 */
export const wordsOf = (plan: WithWords) => ({
  capacity: plan.sinkCapacity,
  fault: plan.sinkFault,
  greylist: plan.sinkGreylist,
  latency: plan.sinkLatency,
  limit: plan.sinkLimit,
  readRate: plan.sinkReadRate,
  stall: plan.sinkStall,
  tarpit: plan.sinkTarpit,
  triggers: plan.sinkTriggers,
  seed: plan.seed
})

/**
 * What a plan's sink offers, in the words of smtp-sink's fields.
 *
 * @since 0.1.0
 * @category reading
 */
export const offersOf = ({ sinkHide, sinkOffer }: WithWords) => ({ offer: sinkOffer, hide: sinkHide })

const types = Schema.Struct(sinkFields)
type WithWords = typeof types.Type & { readonly seed?: string | undefined }

/**
 * The same plan without them, for a run against what is its target by now.
 *
 * @since 0.1.0
 * @category combinators
 */
export const without = <A extends { readonly [field in keyof typeof sinkFields]?: unknown }>(plan: A): A => {
  const {
    sinkCapacity,
    sinkFault,
    sinkGreylist,
    sinkHide,
    sinkLatency,
    sinkLimit,
    sinkOffer,
    sinkReadRate,
    sinkStall,
    sinkTarpit,
    ...rest
  } = plan
  return { ...rest, sinkTriggers: false } as A // without what may be left out
}
