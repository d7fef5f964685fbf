/**
 * The bytes of messages as they are written to files. Pure.
 *
 * @since 0.1.0
 */
import type { SinkTransaction } from "./ContentTap.js"

/**
 * What is to be written where. Plain data. `each` and `all` are smtp-sink(1)'s -d and -D: a file for each message, or one for all,
 * by a template, whatever it was answered. The others have the messages that were accepted: a folder of .eml files, a Maildir, an
 * mbox file; `ndjson` has a line about each message, accepted or not, and no content.
 *
 * @since 0.1.0
 * @category models
 */
export type DumpRequest =
  | {
      readonly format: "each" | "all"
      readonly path: string
      /** What stands before each message. */
      readonly start: string
    }
  | { readonly format: Format; readonly path: string }

/**
 * The formats that have a name.
 *
 * @since 0.1.0
 * @category constants
 */
export const formats = ["eml", "maildir", "mbox", "ndjson"] as const

/**
 * One of `formats`.
 *
 * @since 0.1.0
 * @category models
 */
export type Format = (typeof formats)[number]

/**
 * Reads `FORMAT=PATH`; undefined where it is none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): { readonly format: Format; readonly path: string } | undefined => {
  const equals = text.indexOf("=")
  const format = formats.find((each) => each === text.slice(0, equals))
  const path = text.slice(equals + 1)
  return format === undefined || path === "" || path.includes("\u0000") ? undefined : { format, path }
}

/**
 * What a delivery puts before a message: the sender, and whom it was accepted for.
 *
 * @since 0.1.0
 * @category formatting
 */
export const deliveryOf = ({ recipients, sender }: SinkTransaction): string =>
  [`Return-Path: <${oneLine(sender)}>`, ...recipients.map((each) => `Delivered-To: ${oneLine(each)}`), ""].join("\n")

/**
 * The line that begins a message in an mbox.
 *
 * @since 0.1.0
 * @category formatting
 */
export const fromLine = ({ sender }: SinkTransaction, date: Date): string =>
  `From ${sender === "" ? "MAILER-DAEMON" : oneLine(sender).replace(/[ \t]/g, "_")} ${expand("%a %b %e %H:%M:%S %Y", date)}\n`

const oneLine = (text: string): string => text.replace(/[\u0000\r\n]/g, "?")

/**
 * The client as smtp-sink(1) writes it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const clientOf = ({ client }: SinkTransaction): string =>
  client === undefined
    ? "local"
    : client.includes(":") && !client.startsWith("::ffff:")
      ? `ipv6:${client}`
      : client.replace("::ffff:", "")

/**
 * The headers that smtp-sink(1) puts before a message. Each byte is a character.
 *
 * @since 0.1.0
 * @category formatting
 */
export const headOf = (
  transaction: SinkTransaction,
  { date, hostname, id }: { readonly date: Date; readonly hostname: string; readonly id: string }
): string => {
  const { helo, mailArguments, protocol, rcptArguments } = transaction
  const client = clientOf(transaction)
  let head = `X-Client-Addr: ${client}\nX-Client-Proto: ${protocol}\n`
  if (helo !== undefined) head += `X-Helo-Args: ${helo}\n`
  head += `X-Mail-Args: ${mailArguments}\n`
  for (const recipient of rcptArguments) head += `X-Rcpt-Args: ${recipient}\n`
  head += `Received: from ${helo ?? `[${client}]`} ([${client}])\n`
  return `${head}\tby ${hostname} (smtp-sink) with ${protocol} id ${id};\n\t${dateOf(date)}\n`
}

/** The date of RFC 5322, with the zone's name as a comment: made once a second, for the name of the zone takes its time. */
const dateOf = (date: Date): string => {
  const second = Math.floor(date.getTime() / 1000)
  if (lastDate.second !== second) lastDate = { second, text: written(date) }
  return lastDate.text
}

let lastDate = { second: -1, text: "" }

const written = (date: Date): string => {
  const [day = "", month = "", ofMonth = "", year = "", time = ""] = date.toString().split(" ")
  const zone = date.toLocaleTimeString("en-US", { timeZoneName: "short" }).split(" ").at(-1) ?? ""
  const offset = -date.getTimezoneOffset()
  const two = (number: number) => String(Math.floor(Math.abs(number))).padStart(2, "0")
  const sign = offset < 0 ? "-" : "+"
  return `${day}, ${Number(ofMonth)} ${month} ${year} ${time} ${sign}${two(offset / 60)}${two(offset % 60)} (${zone})`
}

/**
 * A template with the time filled in, as strftime(3) does it in the locale C. What it does not know stays as it is.
 *
 * @since 0.1.0
 * @category formatting
 */
export const expand = (template: string, date: Date): string =>
  template.replace(/%([a-zA-Z%])/g, (whole, letter: string) => conversions[letter]?.(date) ?? whole)

/**
 * The same of one template for many times, which are mostly of the second of the one before.
 *
 * @since 0.1.0
 * @category formatting
 */
export const expanding = (template: string): ((date: Date) => string) => {
  let last = Number.NaN
  let text = ""
  return (date) => {
    const second = Math.floor(date.getTime() / 1000)
    if (second !== last) text = expand(template, date)
    last = second
    return text
  }
}

const pad = (number: number, width = 2, by = "0"): string => String(number).padStart(width, by)
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
const months = "January February March April May June July August September October November December".split(" ")
const hour12 = (date: Date): number => date.getHours() % 12 || 12
const dayOfYear = (date: Date): number =>
  Math.round(
    (new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() -
      new Date(date.getFullYear(), 0, 1).getTime()) /
      86_400_000
  )

const conversions: { readonly [letter: string]: (date: Date) => string } = {
  "%": () => "%",
  a: (date) => days[date.getDay()]!.slice(0, 3),
  A: (date) => days[date.getDay()]!,
  b: (date) => months[date.getMonth()]!.slice(0, 3),
  B: (date) => months[date.getMonth()]!,
  c: (date) => expand("%a %b %e %H:%M:%S %Y", date),
  C: (date) => pad(Math.floor(date.getFullYear() / 100)),
  d: (date) => pad(date.getDate()),
  D: (date) => expand("%m/%d/%y", date),
  e: (date) => pad(date.getDate(), 2, " "),
  F: (date) => expand("%Y-%m-%d", date),
  h: (date) => months[date.getMonth()]!.slice(0, 3),
  H: (date) => pad(date.getHours()),
  I: (date) => pad(hour12(date)),
  j: (date) => pad(dayOfYear(date) + 1, 3),
  k: (date) => pad(date.getHours(), 2, " "),
  l: (date) => pad(hour12(date), 2, " "),
  m: (date) => pad(date.getMonth() + 1),
  M: (date) => pad(date.getMinutes()),
  n: () => "\n",
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  R: (date) => expand("%H:%M", date),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => pad(date.getSeconds()),
  t: () => "\t",
  T: (date) => expand("%H:%M:%S", date),
  u: (date) => String(date.getDay() || 7),
  U: (date) => pad(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7)),
  w: (date) => String(date.getDay()),
  W: (date) => pad(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7)),
  x: (date) => expand("%m/%d/%y", date),
  X: (date) => expand("%H:%M:%S", date),
  y: (date) => pad(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear())
}
