/**
 * What there was in the files of a corpus, what of it was left out, and why.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { CorpusCounts } from "../plan/Corpus.js"

const Count = Schema.Number

/**
 * As a report has it: counts of messages, but for `doubtful`, which is of lines.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  found: Count,
  bareReturn: Count,
  tooLarge: Count,
  noRecipients: Count,
  nul: Count,
  eightBit: Count,
  longLine: Count,
  headless: Count,
  doubtful: Count
})

/**
 * What it says.
 *
 * @since 0.1.0
 * @category constants
 */
export const description =
  "Messages in the files of a corpus: found; left out because a carriage return stands alone in them, because they are larger than 256 MB, or because their headers name no recipients; of those that are sent, with NUL, with bytes beyond ASCII, with lines of more than 998 bytes, without headers. And lines that begin with From after an empty line, and were not taken for the beginning of a message."

/**
 * A report, as far as its corpus goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface WithCorpus {
  readonly corpus?: CorpusCounts | undefined
}

/**
 * What was counted; nothing where there was no corpus.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ corpus }: WithCorpus): { readonly corpus?: CorpusCounts } =>
  corpus === undefined ? {} : { corpus }

/**
 * Of several reports: the files of segments are the same, so that nothing is added up. Of other files, those with more messages.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithCorpus>): { readonly corpus?: CorpusCounts } => {
  const all = reports.flatMap(({ corpus }) => (corpus === undefined ? [] : [corpus]))
  const [most] = all.sort((a, b) => b.found - a.found || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return of({ corpus: most })
}

/**
 * What is worth telling, with the number of each.
 *
 * @since 0.1.0
 * @category formatting
 */
export const told = ({ corpus }: WithCorpus): ReadonlyArray<readonly [number: number, what: string]> =>
  corpus === undefined
    ? []
    : (
        [
          [corpus.bareReturn, "left out: a carriage return stands alone"],
          [corpus.tooLarge, "left out: larger than 256 MB"],
          [corpus.noRecipients, "left out: no recipients in the headers"],
          [corpus.nul, "with NUL"],
          [corpus.eightBit, "with bytes beyond ASCII"],
          [corpus.longLine, "with lines over 998 bytes"],
          [corpus.headless, "without headers"],
          [corpus.doubtful, "lines that may have begun another message"]
        ] as const
      ).filter(([number]) => number > 0)
