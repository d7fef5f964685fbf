/**
 * What was sent with stamps, in a report: `smtp-report --delivered` looks for it where mail is stored.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as ClockOffset from "../measure/ClockOffset.js"
import { Deliveries } from "../measure/Deliveries.js"
import type { Stamped } from "../measure/Proved.js"
import * as Amount from "../plan/Amount.js"
import * as Stamp from "../plan/Stamp.js"

/**
 * The schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  run: Schema.String.annotations({ description: "What stands for the run in its stamps." }),
  by: Schema.Literal("messages", "recipients"),
  // In one schema: a reference to that of whole numbers has no type for the bounds beside it.
  width: Schema.Number.pipe(Schema.int(), Schema.between(1, 1_000_000)).annotations({
    description: "How many recipients of a message are told apart. Recipient j of message k has number k·width + j."
  }),
  messageId: Schema.optionalWith(Schema.String, { exact: true }).annotations({
    description:
      "The Message-Id of each, where {k} stands for its number in hexadecimal, in eight digits or more. Absent where messages have their own."
  }),
  accepted: Schema.String.annotations({
    description: "The numbers of those that were accepted: a bit for each, as runs of equal 32-bit words, in base64."
  }),
  open: Schema.String.annotations({
    description: "Those of which nobody knows whether they were accepted, or that were refused at their end."
  }),
  clocks: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({
        sink: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{16}$/)),
        ahead: Schema.Tuple(Schema.Number, Schema.Number)
      })
    ),
    { exact: true }
  ).annotations({
    description:
      "By how much the clocks of sinks were ahead of the generator's (--compare-clocks), at least and at most, in milliseconds."
  })
})

/**
 * What a report's own schema says of it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const description = "What was sent with stamps (--prove), for smtp-report --delivered."

interface WithStamped {
  readonly stamped?: Stamped | undefined
  readonly segments?: ReadonlyArray<{ readonly ended: string }> | undefined
}

/**
 * What a run has sent; the field is left out where it had no stamps.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (stamped: Stamped | undefined): { readonly stamped?: typeof schema.Type } => {
  if (stamped === undefined) return {}
  const { clocks = [], messageId, ...rest } = stamped
  return {
    stamped: {
      ...rest,
      ...(messageId === undefined ? {} : { messageId }),
      ...(clocks.length === 0 ? {} : { clocks })
    }
  }
}

/**
 * Of the segments of a run, what all have sent; those that were cut could not say it. Of different runs, and of what was not
 * written here, nothing.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithStamped>): { readonly stamped?: typeof schema.Type } => {
  const told = reports.filter((report) => report.stamped !== undefined || !isCut(report))
  const [first, ...more] = told.flatMap(({ stamped }) => (stamped === undefined ? [] : [stamped]))
  if (first === undefined || told.some(({ stamped }) => stamped === undefined)) return {}
  const { by, run, width } = first
  if (more.some((each) => each.run !== run || each.width !== width || each.by !== by)) return {}
  const sum = Deliveries.ofSent(width, 0, first)
  for (const each of more) {
    const books = Deliveries.ofSent(width, 0, each)
    if (books === undefined) return {}
    sum?.addSent(books)
  }
  // Hosts that have names of their own make Message-Ids of their own.
  const messageId = more.every((each) => each.messageId === first.messageId) ? first.messageId : undefined
  // What is sent by several clocks has been under way for a time that lies between what each of them says.
  const clocks = ClockOffset.common([first, ...more].map(({ clocks = [] }) => clocks))
  return sum === undefined ? {} : of({ run, by, width, messageId, ...sum.sent(), clocks })
}

/** The end of a report has what was sent: of a segment that was cut there is none. */
const isCut = ({ segments = [] }: WithStamped): boolean =>
  segments.length > 0 && segments.every(({ ended }) => ended === "cut" || ended === "missing")

/**
 * What a run that was cut says of its stamps, by its plan alone: whose they are, and nothing of what was sent. Undefined where it
 * had none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofCut = ({
  ended,
  ids,
  plan,
  segments = []
}: {
  readonly ended: string
  readonly ids: ReadonlyArray<string>
  readonly plan: { readonly [field: string]: unknown }
  readonly segments?: ReadonlyArray<{ readonly run: string }> | undefined
}): Stamped | undefined => {
  const { prove, recipients = 1 } = plan
  const run = segments[0]?.run ?? ids[0]
  if (ended !== "cut" || run === undefined || (prove !== "messages" && prove !== "recipients")) return undefined
  const width =
    prove === "messages" ? Either.right(1) : Either.map(Amount.parseCounts(String(recipients)), ({ most }) => most)
  return Either.getOrUndefined(
    Either.map(width, (width) => ({ run: Stamp.runOf(run), by: prove, width, accepted: "", open: "" }))
  )
}
