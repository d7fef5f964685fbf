/**
 * What smtp-report is to do with saved results: the one schema from which its command line and its manual come.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { optional, withDefault } from "./PlanField.js"
import * as ReportRequest from "./ReportRequest.js"
import * as Verdict from "./Verdict.js"

const File = Schema.String.pipe(
  Schema.filter((name) => (name === "" || name.includes("\u0000") ? "expected the name of a file" : undefined))
)

const Expression = Schema.String.pipe(
  Schema.filter((text) => Either.match(Verdict.parse(text), { onLeft: Verdict.describe, onRight: () => undefined }))
)

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const readingFields = {
  files: Schema.Array(File).pipe(Schema.filter((files) => (files.length === 0 ? "no file" : undefined))),
  format: withDefault(Schema.Literal(...ReportRequest.formats), "text" as ReportRequest.Format, {
    description:
      "Show the result in this form: text, json, csv, hgrm (HdrHistogram), prometheus, junit or html (one page that needs nothing else)."
  }),
  output: optional(File, {
    short: "o",
    placeholder: "file",
    description: "Write to this file; without one, to standard output."
  }),
  failIf: optional(Schema.Array(Expression), {
    placeholder: "expression",
    repeatable: true,
    description:
      "Fail, with exit status 99, if the results together show this: 'p99(transaction) > 250ms', 'rejected > 0.1%'. The expressions are those of smtp-source(1). May be given several times."
  }),
  require: optional(Schema.Array(Expression), {
    placeholder: "expression",
    repeatable: true,
    description:
      "Fail, with exit status 99, unless the results together show this: 'p99(transaction) < 250ms'. May be given several times."
  }),
  delivered: optional(Schema.Array(File), {
    placeholder: "path",
    repeatable: true,
    description:
      "Look for the messages of a run with --prove here: in a Maildir, an mbox, or a folder of either or of .eml files, or in what smtp-sink --prove=file has written, which may stand among the results, too. What it is, is seen in its files; maildir:, mbox: or eml: may stand before the path. imap://user@host:port/mailbox and imaps:// are mailboxes on a server; without a user, those of all users of --imap-login. The report then tells what has arrived, what is missing, has come twice or was changed, and, except for an mbox and .eml files, how long delivery took. Messages are counted, and not recipients. If anything is missing, the exit status is 99, unless a verdict names missing. May be given several times: each file of a sink adds what came to that one. Where one of several cannot be read, or its sink was killed, a verdict that depends on it is undecided."
  }),
  imapLogin: optional(File, {
    placeholder: "file",
    description:
      "The passwords for imap:// and imaps://, in a file of CSV whose first line names its columns, user and password. Without TLS, a password is sent to this machine only."
  }),
  imapCa: optional(File, {
    placeholder: "file",
    description:
      "The authorities, in PEM, by which the certificates of IMAP servers are verified. Default: those that Node knows."
  }),
  compare: optional(Schema.Array(File), {
    placeholder: "file",
    repeatable: true,
    description:
      "Compare this result, from before, with the files, from after. May be given several times, once for each run before. The format is text or json."
  }),
  failIfWorse: withDefault(Schema.Boolean, false, {
    description: "With --compare: fail, with exit status 99, if anything is proven to be worse."
  }),
  allowMissing: withDefault(Schema.Boolean, false, {
    description:
      "Judge by what is known, and exit with status 0 or 99, where segments of a run are missing or were cut, or a store of --delivered is lost. Without this option the exit status is then 3, and so it is where a verdict depends on what is lost."
  }),
  force: withDefault(Schema.Boolean, false, {
    description:
      "Merge results of different plans, and segments of different runs, too; a run that is given twice is counted twice."
  })
}

/**
 * The schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct(readingFields)

/**
 * What to do.
 *
 * @since 0.1.0
 * @category models
 */
export type ReadingPlan = typeof schema.Type

/**
 * Reads it from what was given.
 *
 * @since 0.1.0
 * @category parsing
 */
export const decode = Schema.decodeUnknownEither(schema, { errors: "all" })
