/**
 * A manual as a document: set as a page for man(1), and as the text of --help.
 *
 * It is not the HelpDoc of @effect/cli. That one has no page for man(1) and no width to set its text to, no place for examples
 * that are to stay as they are, and no way to tell in a term what is typed from what a value takes the place of, which a page
 * sets in bold and in italics; and --help would load a parser that it has no other use for.
 *
 * @since 0.1.0
 */
import type { OptionRow } from "./OptionTable.js"

/**
 * A piece of a manual.
 *
 * @since 0.1.0
 * @category models
 */
export type Block =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Term"; readonly term: ReadonlyArray<Span>; readonly text: string }
  | { readonly _tag: "Code"; readonly lines: ReadonlyArray<string> }
  | { readonly _tag: "Heading"; readonly text: string }

/**
 * A piece of a term: to be typed as it is, to be replaced by a value, or between the two.
 *
 * @since 0.1.0
 * @category models
 */
export interface Span {
  readonly text: string
  readonly is: "literal" | "value" | "between"
}

/**
 * A section with its title.
 *
 * @since 0.1.0
 * @category models
 */
export interface Section {
  readonly title: string
  readonly blocks: ReadonlyArray<Block>
}

/**
 * A paragraph.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (content: string): Block => ({ _tag: "Text", text: content })
const literal = (content: string): Span => ({ text: content, is: "literal" })

/**
 * A word and what it means.
 *
 * @since 0.1.0
 * @category constructors
 */
export const term = (name: string, content: string): Block => ({ _tag: "Term", term: [literal(name)], text: content })

/**
 * Lines as they are typed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const code = (...lines: ReadonlyArray<string>): Block => ({ _tag: "Code", lines })

/**
 * A manual: of which command, what it is for, and its sections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Document {
  readonly name: string
  readonly purpose: string
  readonly sections: ReadonlyArray<Section>
}

const optional = (value: ReadonlyArray<Span>): ReadonlyArray<Span> => [
  { text: "[", is: "between" },
  ...value,
  { text: "]", is: "between" }
]

/** How an option is written: `-m message_count, --messages=message_count`. */
const synopsis = (row: OptionRow): ReadonlyArray<Span> => {
  const value = (before: string): ReadonlyArray<Span> =>
    row.kind !== "value"
      ? []
      : [
          { text: before, is: "between" },
          { text: row.placeholder, is: "value" }
        ]
  const attached = row.alone === undefined ? value("=") : optional(value("="))
  const presets = Object.keys(row.presets).map((name) => [literal(name.length === 1 ? `-${name}` : `--${name}`)])
  const short = row.short === undefined ? [] : [[literal(`-${row.short}`), ...value(" ")]]
  const ways = [...presets, ...short, [literal(`--${row.long}`), ...attached]]
  return ways.flatMap((way, index) => (index === 0 ? way : [{ text: ", ", is: "between" as const }, ...way]))
}

/**
 * An option with its spellings, its description and its default.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entry = (row: OptionRow): Block => ({
  _tag: "Term",
  term: synopsis(row),
  text: row.default === undefined ? row.description : `${row.description} Default: ${row.default}.`
})

/**
 * The text of --help, for a terminal of this many columns; headings in bold where it can show them.
 *
 * @since 0.1.0
 * @category rendering
 */
export const help = (document: Document, options: { readonly columns: number; readonly bold: boolean }): string => {
  const width = Math.max(40, Math.min(options.columns, 100)) - 1
  const heading = (title: string) => (options.bold ? `\u001b[1m${title}\u001b[22m` : title)
  const render = (block: Block): string => {
    switch (block._tag) {
      case "Text":
        return `${wrap(block.text, 4, width)}\n`
      case "Code":
        return `${block.lines.map((line) => `    ${line}`).join("\n")}\n`
      case "Heading":
        return `  ${heading(block.text)}\n`
      case "Term":
        return `    ${block.term.map((span) => span.text).join("")}\n${wrap(block.text, 8, width)}\n`
    }
  }
  const sections = document.sections.map(({ blocks, title }) => `${heading(title)}\n${blocks.map(render).join("\n")}`)
  return `${document.name} - ${document.purpose}\n\n${sections.join("\n")}`
}

/**
 * The manual page, in the man macros of roff.
 *
 * @since 0.1.0
 * @category rendering
 */
export const page = (document: Document, options: { readonly version: string }): string => {
  const render = (block: Block): string => {
    switch (block._tag) {
      case "Text":
        return `.PP\n${roff(block.text)}`
      case "Code":
        return `.PP\n.in +4n\n.nf\n${block.lines.map(roff).join("\n")}\n.fi\n.in`
      case "Heading":
        return `.SS ${roff(block.text)}`
      case "Term":
        return `.TP\n${block.term.map(roffSpan).join("")}\n${roff(block.text)}`
    }
  }
  const sections = document.sections.map(({ blocks, title }) => `.SH ${title}\n${blocks.map(render).join("\n")}`)
  return `${[
    `.TH ${document.name.toUpperCase()} 1 "" "smtp-source ${options.version}"`,
    ".SH NAME",
    `${document.name.replaceAll("-", "\\-")} \\- ${document.purpose}`,
    ...sections
  ].join("\n")}\n`
}

const roffSpan = (span: Span): string =>
  span.is === "between" ? roff(span.text) : `${span.is === "literal" ? "\\fB" : "\\fI"}${roff(span.text)}\\fR`

/** What is meant to be typed or copied stays what it is: roff would set these as typographic signs. */
const roffEscapes: { readonly [character: string]: string } = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti"
}

/** Text that is itself to roff. A line that begins with a dot is no request. */
const roff = (content: string): string =>
  content.replace(/[\\\-'`^~]/g, (character) => roffEscapes[character] ?? character).replace(/^\./, "\\&.")

const wrap = (content: string, indent: number, width: number): string => {
  const lines: Array<string> = []
  let line = ""
  for (const word of content.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === "" ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each).join("\n")
}
