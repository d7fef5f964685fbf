/**
 * The turns of speech that are not used here, as data, and the check of texts against them.
 *
 * Pure: texts in, violations out. `check-english.ts` feeds it from disk. `scripts/README.md` has the list for people.
 */

/** A turn that is not used, and what is written instead. */
export interface Turn {
  /** As it stands in the list for people. */
  readonly not: string
  readonly but: string
  readonly pattern: RegExp
}

/** Each pattern leaves out what only looks like the turn: `so long ago that` is good English. */
export const turns: ReadonlyArray<Turn> = [
  {
    not: "takes the place of (of two options)",
    but: "exclude each other; cannot be used with",
    pattern: /--\S+ takes the place of\b/
  },
  { not: "makes no sense", but: "invalid; malformed", pattern: /\bmak(?:e|es|ing) no sense\b/i },
  {
    not: "there is no such …; no plan has such a …; a name that there is not",
    but: "unknown …; … does not exist",
    pattern: /\bthere (?:is|are) no such\b|\bhas such an?\b|\bthat there (?:is|are) not\b/i
  },
  {
    not: "will not do; must be given",
    but: "is required; is not a valid …",
    pattern: /\bwill not do(?=[.,;:"'`])|\bmust be given\b/i
  },
  {
    not: "is told of; told of each … (of who listens)",
    but: "is reported; called with each …",
    pattern: /\b(?:is|are|was|were|be|been) told of\b|(?<!never )\bTold of\b/
  },
  {
    not: "without a word",
    but: "without QUIT; without a reply; the field is left out",
    pattern: /\bwithout a word\b/i
  },
  {
    not: "have a count of their own",
    but: "are counted as …",
    pattern: /\ba count of (?:its|their) own\b/i
  },
  {
    not: "whatever happens, … costs its message",
    but: "a failed message does not end the run",
    pattern: /\bwhatever happens\b/i
  },
  {
    not: "any answer will do, and none will do too",
    but: "any reply is accepted, and so is none",
    pattern: /\bany (?:answer|reply) will do\b/i
  },
  { not: "and that is that", but: "(nothing)", pattern: /\bthat is that\b/i },
  {
    not: "a reply too many; that nobody asked for",
    but: "an unsolicited reply",
    pattern: /\breply too many\b|\bnobody asked for\b/i
  },
  { not: "have a slow message each to show for it", but: "record one slow message each", pattern: /\bto show for\b/i },
  {
    not: "for who …; who is to …",
    but: "for those who …; for people who …",
    pattern: /\bfor who\b|\bwho is to\b/i
  },
  { not: "be it … or …; for (for because)", but: "whether … or …; because", pattern: /\bbe it\b(?! that)/i },
  { not: "nothing else than; not … but for …", but: "only; except", pattern: /\bnothing else than\b/i },
  {
    not: "so many, so long, so often (of what a number says)",
    but: "this many, this long, this often; a limited number",
    pattern: /\bso (?:many|long|often)\b(?! ago that| that)/i
  },
  { not: "the other's own business", but: "not ours; left to …", pattern: /\bown business\b/i },
  {
    not: "how it is told what …; what it came by",
    but: "the name says it: Options of …",
    pattern: /\bhow it is told\b|\bcame by\b(?=[.;,])/i
  },
  { not: "is of no more use", but: "cannot be used any more", pattern: /\bof no more use\b/i }
]

/** A turn that was found. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly words: string
  readonly but: string
}

/** One line, in the form that editors and terminals link to the place. */
export const format = ({ but, file, line, words }: Violation): string =>
  `${file}:${line}: "${words}" is not used here: ${but} (scripts/README.md, English)`

/**
 * The turns in texts, which are keyed by their paths. A turn may be broken over two lines, also of a comment: it is where it
 * begins.
 */
export const violations = (texts: Readonly<Record<string, string>>): ReadonlyArray<Violation> =>
  Object.entries(texts).flatMap(([file, text]) => {
    // Without what begins the lines of a comment; each line end is one character still.
    const lines = text.replace(/\n[ \t]*(?:\*|\/\/)?[ \t]*/g, "\n")
    return turns.flatMap(({ but, pattern }) =>
      [...lines.replaceAll("\n", " ").matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(
        ({ 0: words, index }) => ({
          file,
          line: lines.slice(0, index).split("\n").length,
          words,
          but
        })
      )
    )
  })

/** The rows of the table under the heading `English`. */
export const listed = (page: string): ReadonlyArray<Omit<Turn, "pattern">> => {
  const [, section = ""] = page.split(/^## English$/m)
  return [...section.matchAll(/^\| (?!-|not +\|)(.*?) +\| (.*?) +\|$/gm)].map(([, not, but]) => ({
    not: not!,
    but: but!
  }))
}
