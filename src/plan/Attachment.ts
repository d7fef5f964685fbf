/**
 * Attached files: those of --attach, and the parts of a message that they are in (RFC 2046 §5.1, RFC 2045 §6.8).
 *
 * What encodes files in general costs more than to send them. Here the headers of a part are made once, a file is encoded once,
 * and files at random are pieces of lines that are base64 already.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import * as Amount from "./Amount.js"
import * as Draw from "./Draw.js"
import type { Ring } from "./Ring.js"
import * as Stuffing from "./Stuffing.js"

/**
 * What is attached, to which share of the messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attachment {
  /** From 0 to 1. */
  readonly share: number
  /** The file, or how large one at random is. */
  readonly what: { readonly path: string } | { readonly sizes: Amount.Amounts }
}

/**
 * Reads `20%: 100k..2M`, `4k`, `report.pdf` or `5%: report.pdf`. What is neither a size nor a share of one names a file.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<Attachment, string> => {
  const [, digits, rest = ""] = /^\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*:\s*(.*)$/.exec(text) ?? [undefined, undefined, text]
  const share = digits === undefined ? 1 : Number(digits) / 100
  if (!(share > 0 && share <= 1)) return Either.left("expected a share of more than 0% and of 100% at most")
  if (rest.trim() === "" || /[\0\r\n]/.test(rest))
    return Either.left("expected a file, or a size such as 100k or 100k..2M")
  const sizes = Amount.parseSizes(rest)
  return Either.right({ share, what: Either.isRight(sizes) ? { sizes: sizes.right } : { path: rest.trim() } })
}

/**
 * Base64 in lines of 76 characters, without the last line's end.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encoded = (file: Uint8Array): Buffer => {
  // Whole lines at a time, so that no string is as long as the file.
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const characters = Math.ceil(file.length / 3) * 4
  const out = Buffer.allocUnsafe(characters + 2 * Math.max(0, Math.ceil(characters / 76) - 1))
  let at = 0
  for (let from = 0; from < bytes.length; from += 57) {
    if (from > 0) at += out.write("\r\n", at, "latin1")
    at += out.write(bytes.toString("base64", from, Math.min(from + 57, bytes.length)), at, "latin1")
  }
  return out
}

/**
 * A file that is attached to some messages: what it is in message k, or nothing where it is not in it. What comes after it is
 * `end`, which begins with a line's end.
 *
 * @since 0.1.0
 * @category models
 */
export type PartOf = (message: number) => ((end: string) => Content) | undefined

/**
 * The files of a plan. `files` holds those that it names, encoded, at the same places.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  attachments: ReadonlyArray<string>,
  files: ReadonlyArray<Uint8Array | undefined>,
  { random, seed }: { readonly random: () => Ring; readonly seed: string }
): ReadonlyArray<PartOf> =>
  attachments.map((text, index) => {
    const { share, what } = Either.getOrThrow(parse(text))
    const [shares, sizes, places] = ["share", "size", "place"].map((of) =>
      Draw.keyOf(`${seed} attachment ${index} ${of}`)
    )
    const isIn = (message: number) => share === 1 || Draw.uniform(shares!, message) < share
    if ("sizes" in what) {
      const head = headers(`attachment-${index + 1}.bin`)
      return (message) => {
        if (!isIn(message)) return undefined
        const characters = Math.ceil(what.sizes.at(Draw.uniform(sizes!, message)) / 3) * 4
        const size = characters + 2 * (Math.ceil(characters / 76) - 1)
        return (end) => {
          const piece = random().piece(size, Draw.uniform(places!, message), end)
          return { ...piece, head: head + piece.head }
        }
      }
    }
    const head = headers(what.path.replace(/^.*[\\/]/s, ""))
    const file = files[index] ?? new Uint8Array()
    const made = new Map<string, Content>()
    const ending = (end: string): Content => {
      const known = made.get(end)
      if (known !== undefined) return known
      const whole = Buffer.concat([file, Buffer.from(end, "latin1")])
      const isShort = whole.length <= Stuffing.longestText
      const content: Content = isShort ? { head: head + whole.toString("latin1") } : { head, body: whole }
      made.set(end, content)
      return content
    }
    return (message) => (isIn(message) ? ending : undefined)
  })

/**
 * The headers of a message that has parts.
 *
 * @since 0.1.0
 * @category encoding
 */
export const multipart = (boundary: string): string =>
  `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n`

/**
 * Puts a text and files together: the body of a message whose headers are `multipart`.
 *
 * @since 0.1.0
 * @category encoding
 */
export const together = (
  boundary: string,
  text: (end: string) => Content,
  files: ReadonlyArray<(end: string) => Content>
): Content => {
  const next = `\r\n--${boundary}\r\n`
  const last = `\r\n--${boundary}--\r\n${SmtpCommand.endOfData}`
  const begin: Content = { head: `--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n` }
  const parts = [text, ...files].map((part, index, all) => part(index === all.length - 1 ? last : next))
  return joined([begin, ...parts])
}

/** Only what comes last can be bytes that are shared; what comes before it is copied. */
const joined = (contents: ReadonlyArray<Content>): Content => {
  const chunks: Array<Uint8Array> = []
  let head = ""
  let first = ""
  for (const { body, head: text } of contents) {
    head += text
    if (body === undefined) continue
    if (chunks.length === 0) first = head
    else chunks.push(Buffer.from(head, "latin1"))
    chunks.push(body)
    head = ""
  }
  if (chunks.length === 0) return { head }
  if (head !== "") chunks.push(Buffer.from(head, "latin1"))
  return { head: first, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }
}

const headers = (name: string): string => {
  const parameter = (of: string) =>
    /^[ -~]*$/.test(name)
      ? `${of}="${name.replaceAll(/["\\]/g, "\\$&")}"`
      : `${of}*=utf-8''${encodeURIComponent(name).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)}`
  const type = types.get(/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "") ?? "application/octet-stream"
  return SmtpCommand.flat(
    `Content-Type: ${type};\r\n ${parameter("name")}\r\nContent-Transfer-Encoding: base64\r\n` +
      `Content-Disposition: attachment;\r\n ${parameter("filename")}\r\n\r\n`
  )
}

/** By the end of the name. */
const types: ReadonlyMap<string, string> = new Map([
  ["csv", "text/csv"],
  ["doc", "application/msword"],
  ["docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["gif", "image/gif"],
  ["gz", "application/gzip"],
  ["htm", "text/html"],
  ["html", "text/html"],
  ["ics", "text/calendar"],
  ["jpeg", "image/jpeg"],
  ["jpg", "image/jpeg"],
  ["json", "application/json"],
  ["mp4", "video/mp4"],
  ["pdf", "application/pdf"],
  ["png", "image/png"],
  ["ppt", "application/vnd.ms-powerpoint"],
  ["pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
  ["txt", "text/plain"],
  ["xls", "application/vnd.ms-excel"],
  ["xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["xml", "application/xml"],
  ["zip", "application/zip"]
])
