/**
 * Whole messages, headers and body, from a template.
 *
 * What stands between the variables is made ready for DATA once. Only where a value may begin a line, or holds several, the
 * message is made ready anew.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import { MadeContent } from "./MadeContent.js"
import * as Stuffing from "./Stuffing.js"
import * as Template from "./Template.js"

/**
 * A template of a message that was read: its line ends are LF.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageTemplate {
  readonly template: Template.Template
  /** Where its headers end, in characters. */
  readonly headEnd: number
}

/**
 * Reads a template of a message.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  text: string,
  values: Template.Values
): Either.Either<MessageTemplate, Template.TemplateFailure> => {
  const lines = text.replaceAll("\r\n", "\n")
  const bare = lines.indexOf("\r")
  if (bare >= 0) {
    const before = lines.slice(0, bare).split("\n")
    const reason = "a carriage return that no line feed follows"
    return Either.left({ line: before.length, column: before.at(-1)!.length + 1, reason })
  }
  const empty = lines.startsWith("\n") ? 0 : lines.indexOf("\n\n")
  const headEnd = empty < 0 ? lines.length : empty
  return Either.map(Template.parse(lines, "template", values), (template) => ({ template, headEnd }))
}

/**
 * The content of each message. `top` is whole lines that come before all others, ready for DATA.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (
  { template: { parts } }: MessageTemplate,
  top: (message: number) => string
): ((message: number) => Content) => {
  const slow = (message: number): Content => {
    const text = Template.render(parts)(message)
    const { body, head } = Either.getOrThrow(Stuffing.content(Buffer.from(text, "latin1")))
    return new MadeContent(top(message) + head, body)
  }
  const beginsLine = parts.some((part, index) => {
    if (typeof part === "string") return false
    const before = parts[index - 1]
    return typeof before !== "string" || before.endsWith("\n")
  })
  if (beginsLine || parts.length === 0) return slow
  const ready = parts.map((part, index) => (typeof part === "string" ? readied(part, index === 0) : part))
  const last = ready.at(-1)
  const end = `${typeof last === "string" && last.endsWith("\n") ? "" : "\r\n"}${SmtpCommand.endOfData}`
  const rest = typeof last === "string" ? last + end : end
  const body = rest.length > Stuffing.longestText ? Buffer.from(rest, "latin1") : undefined
  const tail = SmtpCommand.flat(rest)
  const own = typeof last === "string" ? ready.slice(0, -1) : ready
  return (message) => {
    let head = top(message)
    for (const part of own) {
      if (typeof part === "string") head += part
      else {
        const value = part(message)
        if (value.includes("\n")) return slow(message)
        head += value
      }
    }
    return body === undefined ? new MadeContent(head + tail) : new MadeContent(head, body)
  }
}

/** A text that begins a line, or goes on with one that is not empty. */
const readied = (text: string, isFirst: boolean): string => {
  const stuffed = text.replaceAll("\n.", "\n..")
  return SmtpCommand.flat((isFirst && stuffed.startsWith(".") ? `.${stuffed}` : stuffed).replaceAll("\n", "\r\n"))
}
