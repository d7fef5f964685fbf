/**
 * The manual of smtp-report.
 *
 * @since 0.1.0
 */
import * as ManualPage from "./ManualPage.js"
import type { OptionRow } from "./OptionTable.js"

const { code, entry, term, text } = ManualPage

/**
 * The document, with the options in the order given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (rows: ReadonlyArray<OptionRow>): ManualPage.Document => ({
  name: "smtp-report",
  purpose: "merges, shows and compares results of smtp-source",
  sections: [
    {
      title: "SYNOPSIS",
      blocks: [code("smtp-report [options] FILE...", "smtp-report --compare BEFORE [--compare BEFORE]... AFTER...")]
    },
    {
      title: "DESCRIPTION",
      blocks: [
        text(
          "smtp-report reads what smtp-source saved with --report json=FILE, html=FILE or ndjson=FILE, and shows it in any form. The file - is standard input."
        ),
        text(
          "Several results of the same plan are merged into one: segments of a load that several hosts made, or repetitions. Their histograms add up exactly, so that the percentiles are those of the whole; its rate is over the time in which runs were under way. No run is counted twice. Plans are the same if they differ only in their reports and in the host's own name (-M)."
        ),
        text(
          "The segments of a run (smtp-source --segment) are put together again, however many there are. Results of different runs are refused, and so are two different results of one segment; the same result in two files is counted once. A segment that is missing, or whose journal ends early, is named, and its messages count as lost: planned = accepted + rejected + failed + unknown + not started + lost. A verdict is then given only if it is the same whether all lost messages went well or none of them did; otherwise it is undecided."
        ),
        text(
          "The files that smtp-sink --prove=file has written on several machines may stand among the results, or after --delivered, in any order: together they tell what has come of the run. Two different files of the same sink are refused; the same one given twice is counted once. Of lost segments, the report says how much has come; it may have been accepted or not."
        ),
        text(
          "--compare sets two sides against each other. With two runs or more on each side, Welch's t-test is made of the rate, of the shares of messages by how they ended, and of p50 and p99 of each step; each run is one observation. The intervals hold together, with 95 % confidence for all main figures and for all steps (Bonferroni). A figure has changed if its interval says so; what may as well be chance is called not proven. What is the generator's own (content, start, queued) is never called better or worse. Steps that only one side has are named. --fail-if and --require judge the side after. One run a side does not show how much runs vary: the comparison then says that it cannot tell."
        )
      ]
    },
    { title: "OPTIONS", blocks: rows.map(entry) },
    {
      title: "EXIT STATUS",
      blocks: [
        term("0", "The results were shown, whatever they say."),
        term("1", "Invalid options; or a file cannot be read or written, or is not a result."),
        term(
          "3",
          "A segment or the file of a sink is missing, or a verdict is undecided for what is lost, and --allow-missing was not given; the results were shown."
        ),
        term(
          "99",
          "A verdict failed (--fail-if, --require); or, with --delivered, anything is missing; or, with --fail-if-worse, anything is worse."
        )
      ]
    },
    {
      title: "EXAMPLES",
      blocks: [
        text("What two hosts saw, as one page:"),
        code("smtp-report --format html -o run.html one.json two.json"),
        text("What four segments have sent, and two sinks have seen come:"),
        code("smtp-report [1-4].ndjson came-a.json came-b.json"),
        text("Two runs before a change, and two after it:"),
        code("smtp-report --compare a1.json --compare a2.json b1.json b2.json"),
        text("A limit on a run that is over:"),
        code("smtp-report --fail-if 'p99(transaction) > 250ms' run.json")
      ]
    },
    { title: "SEE ALSO", blocks: [text("smtp-source(1)")] }
  ]
})
