/**
 * Replies in every shape that bytes can take.
 */
import { check, cross, group } from "../Case.js"
import * as Script from "../Script.js"
import { data, dialogues, helo, mail, message, rcpt } from "../Words.js"

const code: { readonly [step in Script.Step]: string } = {
  greeting: "220",
  hello: "250",
  mail: "250",
  rcpt: "250",
  data: "354",
  final: "250",
  rset: "250",
  quit: "221"
}

const shapes: { readonly [shape: string]: (code: string) => Script.Answer } = {
  "byte by byte": (code) => Script.drip(`${code}-one`, `${code} two`),
  "in halves": (code) =>
    Script.inTurn(Script.raw(code.slice(0, 2)), Script.pause(100), Script.raw(`${code.slice(2)} ok\r\n`)),
  "after a pause": (code) => Script.inTurn(Script.pause(300), Script.reply(`${code} ok`)),
  "in three lines": (code) => Script.reply(`${code}-a`, `${code}-b`, `${code} c`),
  "in a hundred lines": (code) =>
    Script.reply(...Array.from({ length: 100 }, (_, line) => `${code}-${line}`), `${code} done`),
  "without text": (code) => Script.reply(code),
  "ended by LF alone": (code) => Script.raw(`${code} ok\n`),
  "ended by CR CR LF": (code) => Script.raw(`${code} ok\r\r\n`),
  "of 20,000 bytes": (code) => Script.reply(`${code} ${"x".repeat(20_000)}`),
  "with a first line of 20,000 bytes": (code) => Script.reply(`${code}-${"x".repeat(20_000)}`, `${code} ok`),
  "of binary bytes": (code) => Script.raw(`${code} \x00\x01\x7f\x80\xff\x1b[31m\r\n`)
}

const shaped = group(
  "shapes of replies",
  cross(Script.steps, Object.entries(shapes), (step, [shape, answer]) =>
    check(step === "rset" ? "-A -d -m 2" : "-d -m 2", {
      name: `${step} ${shape}`,
      server: Script.together(
        Script.first(step, answer(code[step])),
        step === "rset" ? Script.first("mail", Script.reply("450 no")) : Script.obliging
      )
    })
  )
)

const oddities: { readonly [name: string]: string } = {
  "a last line of another code": "250-a\r\n550 b\r\n",
  "a first line of another code": "550-a\r\n250 b\r\n",
  "a last line without a code": "250-a\r\nb\r\n",
  "two digits": "25 ok\r\n",
  "four digits": "2500 ok\r\n",
  "no text after the blank": "250 \r\n",
  "no blank after the code": "250ok\r\n",
  "a tab after the code": "250\tok\r\n",
  "blanks before the code": "  250 ok\r\n",
  "an empty line": "\r\n",
  "a NUL": "\0\r\n",
  "a NUL before": "\x00250 ok\r\n",
  "a NUL in the code": "2\x0050 ok\r\n",
  "another protocol": "HTTP/1.1 200 OK\r\n",
  "000": "000 ok\r\n",
  "100": "100 ok\r\n",
  "200": "200 ok\r\n",
  "299": "299 ok\r\n",
  "600": "600 ok\r\n",
  "999": "999 ok\r\n",
  "a hyphen and nothing more": "250-\r\n250 \r\n",
  "a minus before": "-250 ok\r\n"
}

const odd = group(
  "odd replies",
  cross(Object.entries(oddities), ["-m 2", "-A -m 2", "-A -d -m 2"], (oddity, manner) => {
    const [name, bytes] = oddity
    return check(manner, { name, server: Script.first("mail", Script.raw(bytes)) })
  })
)

interface Stray {
  readonly step: Script.Step
  readonly replies: string
  /** What ours has said by then: it says nothing more, for nothing after that can be believed. */
  readonly wire: string
  readonly accepted?: boolean
  /** The first of the replies is a refusal by itself: without -A that ends the run before the second counts. */
  readonly refused?: boolean
}

const strays: ReadonlyArray<Stray> = [
  { step: "greeting", replies: "220 a\r\n220 b\r\n", wire: "" },
  { step: "hello", replies: "250 a\r\n250 b\r\n", wire: helo },
  { step: "mail", replies: "250 a\r\n250 b\r\n", wire: helo + mail },
  { step: "mail", replies: "\r\n250 b\r\n", wire: helo + mail, refused: true },
  { step: "mail", replies: "250-a\r\nb\r\n250 c\r\n", wire: helo + mail, refused: true },
  { step: "rcpt", replies: "250 a\r\n550 b\r\n", wire: helo + mail + rcpt },
  { step: "data", replies: "354 a\r\n354 b\r\n", wire: helo + mail + rcpt + data },
  { step: "data", replies: "354 a\r\n550 b\r\n", wire: helo + mail + rcpt + data },
  { step: "final", replies: "250 a\r\n250 b\r\n", wire: helo + message, accepted: true }
]

const stray = group(
  "an unsolicited reply",
  cross(strays, ["", "-A", "-A -d -m 2"], ({ accepted = false, refused = false, replies, step, wire }, manner) => {
    const over = accepted && !manner.includes("-m")
    return check(manner, {
      name: `${step} answered ${JSON.stringify(replies)}`,
      server: Script.first(step, Script.raw(replies)),
      patience: 4,
      excuse:
        refused && manner === ""
          ? undefined
          : {
              difference: "stray replies",
              ours: { exit: over ? 0 : 1, fatal: !over, quiet: false, lockStep: true, ...dialogues(wire) }
            }
    })
  }),
  check("", {
    name: "quit",
    server: Script.first("quit", Script.reply("221 bye", "221 bye")),
    excuse: { difference: "stray replies", ours: { quiet: false } }
  })
)

export const cases = [...shaped, ...odd, ...stray]
