/**
 * The manual, from the table of options: one document, as a page for man(1) and as the text of --help.
 *
 * @since 0.1.0
 */
import { newOptions, type OptionRow, oldOptions, rows } from "./OptionTable.js"

/** A piece of the document. */
type Block =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Term"; readonly term: ReadonlyArray<Span>; readonly text: string }
  | { readonly _tag: "Code"; readonly lines: ReadonlyArray<string> }
  | { readonly _tag: "Heading"; readonly text: string }

/** A piece of a term: to be typed as it is, to be replaced by a value, or between the two. */
interface Span {
  readonly text: string
  readonly is: "literal" | "value" | "between"
}

interface Section {
  readonly title: string
  readonly blocks: ReadonlyArray<Block>
}

const text = (content: string): Block => ({ _tag: "Text", text: content })
const literal = (content: string): Span => ({ text: content, is: "literal" })
const term = (name: string, content: string): Block => ({ _tag: "Term", term: [literal(name)], text: content })
const code = (...lines: ReadonlyArray<string>): Block => ({ _tag: "Code", lines })

/** How an option is written: `-m message_count, --messages=message_count`. */
const synopsis = (row: OptionRow): ReadonlyArray<Span> => {
  const value = (before: string): ReadonlyArray<Span> =>
    row.kind !== "value"
      ? []
      : [
          { text: before, is: "between" },
          { text: row.placeholder, is: "value" }
        ]
  const presets = Object.keys(row.presets).map((name) => [literal(name.length === 1 ? `-${name}` : `--${name}`)])
  const short = row.short === undefined ? [] : [[literal(`-${row.short}`), ...value(" ")]]
  const ways = [...presets, ...short, [literal(`--${row.long}`), ...value("=")]]
  return ways.flatMap((way, index) => (index === 0 ? way : [{ text: ", ", is: "between" as const }, ...way]))
}

const entry = (row: OptionRow): Block => ({
  _tag: "Term",
  term: synopsis(row),
  text: row.default === undefined ? row.description : `${row.description} Default: ${row.default}.`
})

/** In the order of the letters, small before capital, as manuals have them. */
const byLetter = (one: OptionRow, other: OptionRow): number => {
  const key = (row: OptionRow) => {
    const letter = row.short ?? Object.keys(row.presets)[0] ?? row.long
    return `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 0 : 1}`
  }
  return key(one) < key(other) ? -1 : 1
}

const optionBlocks = (): ReadonlyArray<Block> => {
  const sections = [...new Set([oldOptions, ...rows.map((row) => row.section).filter((name) => name !== newOptions)])]
  return [...sections, newOptions].flatMap((section) => {
    const inSection = rows.filter((row) => row.section === section)
    const sorted = section === oldOptions ? inSection.sort(byLetter) : inSection
    return sorted.length === 0 ? [] : [{ _tag: "Heading" as const, text: section }, ...sorted.map(entry)]
  })
}

const document = (): ReadonlyArray<Section> => [
  {
    title: "SYNOPSIS",
    blocks: [
      code(
        "smtp-source [options] [inet:]host[:port]",
        "smtp-source [options] unix:pathname",
        "smtp-source [options] --sink"
      )
    ]
  },
  {
    title: "DESCRIPTION",
    blocks: [
      text(
        "smtp-source connects to a mail server and sends it one or more messages, one after another or in parallel. It speaks SMTP or LMTP, over IPv4, IPv6 or a UNIX-domain socket. It is made to measure servers: aim it at those that you run."
      ),
      text(
        "The host is a name or an address; an IPv6 address stands in brackets. The port is a number or one of smtp, submission, submissions and lmtp; without one it is smtp."
      ),
      text(
        "Every message ends in one of five ways, and is counted once: accepted; rejected, by a reply of the server; failed, before its end was sent, and so certainly not delivered; unknown, where its end was sent and no answer came; or not started. Success is silent, unless standard error is a terminal or --summary is given."
      ),
      text(
        "Options may be in clusters (-cdN), have their values attached (-m100), and follow the target. Of an option that is given twice the last one counts. A long option that takes no value is undone by its name after no-, as in --no-reuse."
      )
    ]
  },
  { title: "OPTIONS", blocks: optionBlocks() },
  {
    title: "ENVIRONMENT",
    blocks: [
      text(
        "An option that is not given is taken from the environment, from a variable that has its long name: SMTP_SOURCE_MESSAGES for --messages, SMTP_SOURCE_RANDOM_DELAY for --random-delay. The target is in SMTP_SOURCE_TARGET. An option without a value is set by true, yes, on or 1, and undone by false, no, off or 0; SMTP_SOURCE_VERBOSE holds how often -v would be given."
      ),
      text("Where NO_COLOR is set, and not empty, --help is without bold headings.")
    ]
  },
  {
    title: "EXIT STATUS",
    blocks: [
      term("0", "The run came to its end. With -A that is so even if every message was rejected."),
      term(
        "1",
        "The options make no sense, or the run was ended by an unexpected reply, a lost connection or a time-out. With --keep-going: a message was not accepted."
      ),
      term("70", "The books do not balance: a fault of smtp-source."),
      term("99", "A verdict failed."),
      term("130, 143", "Stopped by SIGINT or SIGTERM. What is known was printed.")
    ]
  },
  {
    title: "SIGNALS",
    blocks: [
      text(
        "The first SIGINT or SIGTERM ends the run in good order: no message is begun any more, those under way have --drain seconds to end, and connections end with QUIT. The second does not wait."
      )
    ]
  },
  {
    title: "EXAMPLES",
    blocks: [
      text("Ten thousand messages of 4 KiB over twenty connections, with a counter:"),
      code("smtp-source -c -d -s 20 -m 10000 -l 4096 localhost:2525"),
      text("LMTP over a UNIX-domain socket, with recipients that the server has not seen before:"),
      code("smtp-source -L -N -t user@example.com -m 100 unix:/run/dovecot/lmtp"),
      text("Whatever happens, send a hundred messages and tell what became of them:"),
      code("smtp-source --keep-going --summary -m 100 -s 10 mail.example.com")
    ]
  },
  {
    title: "DIFFERENCES FROM POSTFIX",
    blocks: [
      text(
        "The letters mean what they mean to Postfix's smtp-source(1) of version 3.7, on the wire and in the exit status, but for these, which are on purpose:"
      ),
      term("Time-outs", "Every wait ends after --timeout seconds, and holds up its own session only."),
      term("LMTP", "One reply is awaited for each recipient that was accepted, not for each one that was sent."),
      term(
        "-F",
        "Lines may end in CRLF or in LF. Nothing is added to the lines of the file, and an empty file is an empty message. A carriage return in the middle of a line is refused."
      ),
      term("-w, -R", "The pause is between messages, and not after the last one. Intervals may have fractions."),
      term("-A", "421 and 521 end the connection at every step, the greeting included."),
      term("Replies", "A reply that nobody asked for does not answer the next command: it ends the connection."),
      term("QUIT", "A server that closes instead of answering QUIT has accepted the message all the same."),
      term("Addresses", "All addresses of a host are tried."),
      term(
        "Numbers",
        "10x is an error, and so is every other value that is not all number; all errors are told at once."
      ),
      term("-f, -t, -S, -M", "Line breaks and NULs are refused: they would go onto the wire as commands or headers."),
      term("Fatal errors", "The exit does not wait for a second."),
      term("Headers", "Date names no zone but UTC; Message-Id is unique over runs and hosts."),
      term("-v", "Shows the dialogue, and nothing of the program's insides; unprintable bytes as \\x1b.")
    ]
  },
  { title: "SEE ALSO", blocks: [text("smtp-sink(1), smtp-source(1) of Postfix; RFC 5321 (SMTP), RFC 2033 (LMTP)")] }
]

const purpose = "parallel SMTP/LMTP test generator"

/**
 * The text of --help, for a terminal of so many columns; headings in bold where it can show them.
 *
 * @since 0.1.0
 * @category rendering
 */
export const help = (options: { readonly columns: number; readonly bold: boolean }): string => {
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
  const sections = document().map(({ blocks, title }) => `${heading(title)}\n${blocks.map(render).join("\n")}`)
  return `smtp-source - ${purpose}\n\n${sections.join("\n")}`
}

/**
 * The manual page, in the man macros of roff.
 *
 * @since 0.1.0
 * @category rendering
 */
export const page = (options: { readonly version: string }): string => {
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
  const sections = document().map(({ blocks, title }) => `.SH ${title}\n${blocks.map(render).join("\n")}`)
  return `${[
    `.TH SMTP-SOURCE 1 "" "smtp-source ${options.version}"`,
    ".SH NAME",
    `smtp-source \\- ${purpose}`,
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
