/**
 * What the fields of a plan that send the messages of a corpus may be.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Amount from "./Amount.js"
import * as CorpusItem from "./CorpusItem.js"
import * as CorpusPath from "./CorpusPath.js"
import * as ItemOrder from "./ItemOrder.js"
import * as Mbox from "./Mbox.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"
import * as Rewrite from "./Rewrite.js"

const section = "Messages"

const RewriteText = PlanValue.readable(Schema.String, Rewrite.parse)

/** In bytes: a number, or text with a unit. */
const CorpusMemory = Schema.transform(
  Schema.Union(Schema.Number, Schema.String)
    .annotations({ message: () => ({ message: "expected a number of bytes, such as 256M", override: true }) })
    .pipe(
      Schema.filter((value) => (memoryIn(value) === undefined ? "expected a number of bytes, such as 256M" : true))
    ),
  Schema.Number,
  { strict: true, decode: (value) => memoryIn(value) ?? 0, encode: (bytes) => bytes }
)

const memoryIn = (value: number | string): number | undefined => {
  const sizes = Amount.parseSizes(String(value))
  return Either.isRight(sizes) && sizes.right.least === sizes.right.most ? sizes.right.most : undefined
}

/** A list of paths, for which one may stand. */
const Paths = Schema.transform(
  Schema.Union(Schema.String, Schema.Array(Schema.String)).annotations({
    message: () => ({ message: "expected a path, or a list of them", override: true })
  }),
  Schema.Array(Schema.String).pipe(
    Schema.filter((texts) =>
      Either.match(CorpusPath.parseAll(texts), { onLeft: (reason) => reason, onRight: () => true })
    )
  ),
  { strict: true, decode: (input) => (typeof input === "string" ? [input] : input), encode: (list) => list }
)

const Domain = Schema.String.pipe(
  Schema.filter(
    (text) => /^(?:[A-Za-z0-9_](?:[-A-Za-z0-9_.]{0,252}[A-Za-z0-9_])?|\[[0-9A-Za-z:.]{1,60}\])$/.test(text),
    {
      message: () => "expected a domain, such as test.example"
    }
  )
)

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  corpus: PlanField.optional(Paths, {
    section,
    repeatable: true,
    placeholder: "[share:]path",
    description:
      "Send the messages found at this path: an .eml file, an mbox, a Maildir, or a directory of these, with the directories below it. Sender and recipients are those of -f, -t, -r and -N, never those in the messages, unless --envelope says so. Files must not change during the run: a message that was changed is not sent, and fails. May be given several times, also with a share of the messages for each: 90%: ham and 10%: spam.mbox."
  }),
  corpusMemory: PlanField.withDefault(CorpusMemory, 256_000_000, {
    section,
    placeholder: "size",
    description:
      "Keep a --corpus of up to this size in memory, ready to be sent (default: 256M). A larger one stays on disk, and is read as it is sent: cheapest in order, for then it is read ahead. Units are as in -l."
  }),
  envelope: PlanField.withDefault(Schema.Literal("options", "headers"), "options", {
    section,
    description:
      "Where the sender and the recipients of --corpus messages come from: options (-f, -t, -r, -N), or the headers of each message (Return-Path or From; To, Cc and Bcc), moved to the domain of --to-domain. A message whose headers name no recipient is left out, and counted; of more than 1,000 recipients, the first 1,000 are taken."
  }),
  toDomain: PlanField.optional(Domain, {
    section,
    placeholder: "domain",
    description:
      "Move all addresses of --envelope headers to this domain: alice@example.org becomes alice=example.org at this one. Nobody whose address is in the corpus gets mail, or a bounce."
  }),
  mbox: PlanField.withDefault(Schema.Literal(...Mbox.kinds), "auto", {
    section,
    description:
      'How an mbox of --corpus marks lines of a body that begin with "From ": mboxo puts a > before them, which stays; mboxrd does so, too, and it is taken off; mboxcl2 has none, and Content-Length says where a message ends; auto is mboxcl2 where those lengths are right, and mboxo otherwise.'
  }),
  order: PlanField.withDefault(Schema.Literal(...ItemOrder.orders), "sequential", {
    section,
    description:
      "In which order the messages of --corpus are sent: sequential, as they are there, and from the first again; random, any one each time; shuffle, each once in random order, and then again in another order."
  }),
  rewrite: PlanField.optional(RewriteText, {
    section,
    placeholder: "header,...|none",
    description:
      "Replace these headers of --corpus messages by new ones: message-id (the default, because servers drop a message that they know), date, from, to, subject; or none."
  }),
  unusual: PlanField.withDefault(Schema.Literal(...CorpusItem.policies), "skip", {
    section,
    description:
      "What to do with a --corpus message that holds a carriage return without a line feed, which servers read in different ways: skip leaves the message out, and counts it; space sends a space instead; raw sends it as it is, which a server may take for the end of a line, and what follows for commands."
  })
}

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  {
    asked: ["corpus", "subject"],
    when: ({ plan }) => !/\bsubject\b/.test(String(plan.rewrite)),
    says: "{subject} with {corpus} needs {rewrite} subject"
  },
  ...["file", "length", "body", "template", "attach", "bare"].map((field) => ({
    asked: ["corpus", field],
    says: `{corpus} cannot be used with {${field}}`
  })),
  ...["mbox", "order", "rewrite", "unusual", "envelope", "corpusMemory"].map((field) => ({
    asked: [field],
    without: ["corpus"],
    says: `{${field}} needs {corpus}`
  })),
  {
    asked: [["envelope", "headers"]],
    without: ["toDomain"],
    says: "{envelope} headers needs {toDomain}: a corpus is not to mail the people in it"
  },
  {
    asked: ["toDomain"],
    without: [["envelope", "headers"]],
    says: "{toDomain} needs {envelope} headers",
    fields: ["toDomain", "envelope"]
  },
  ...["from", "to", "recipients", "numberRecipients"].map(
    (field): PlanRule.PlanRule => ({
      asked: [["envelope", "headers"], field],
      says: `{envelope} headers cannot be used with {${field}}`
    })
  )
]
