/**
 * What clients may say to a sink: commands in and out of place, damaged, too long, or no commands at all. For fast-check.
 */
import * as fc from "fast-check"

const commands = [
  "HELO x",
  "EHLO x",
  "LHLO x",
  "MAIL FROM:<a@example.com>",
  "MAIL FROM:<> BODY=BINARYMIME SIZE=10",
  "MAIL FROM:<a@example.com> SIZE=99999999999999999999",
  "RCPT TO:<b@example.com>",
  "RCPT TO:<tempfail@example.com>",
  "RCPT TO:<450-4.2.0-x@example.com> NOTIFY=NEVER",
  "RCPT TO:b",
  "DATA",
  ".",
  "..",
  "BDAT 0",
  "BDAT 3",
  "BDAT 5 LAST",
  "BDAT 0 LAST",
  "BDAT -1",
  "BDAT 1e3",
  "BDAT 99999999999999999999 LAST",
  "BDAT",
  "STARTTLS",
  "AUTH PLAIN AHUAc2VjcmV0",
  "AUTH LOGIN",
  "AUTH SCRAM-SHA-256 biws",
  "AUTH CRAM-MD5",
  "*",
  "dQ==",
  "XCLIENT NAME=x",
  "XFORWARD NAME=x",
  "VRFY x",
  "NOOP",
  "RSET",
  "QUIT",
  "PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
  "PROXY UNKNOWN",
  "",
  "Subject: x"
]

const ends = ["\r\n", "\r\n", "\r\n", "\n", "\r", "", "\r\n.\r\n", "\0\r\n"]

const line = fc
  .tuple(fc.constantFrom(...commands), fc.constantFrom(...ends), fc.nat(60))
  .map(([command, end, cut]) => command.slice(0, cut < 8 ? cut : undefined) + end)

const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"))

const long = fc
  .tuple(fc.constantFrom("NOOP ", "MAIL FROM:<", "RCPT TO:<", "AUTH PLAIN ", ""), fc.integer({ min: 500, max: 20_000 }))
  .map(([begin, length]) => `${begin}${"x".repeat(length)}\r\n`)

/** What begins as a message does, and goes on as anything. */
const transaction = fc
  .array(
    fc.constantFrom(
      "EHLO x\r\n",
      "MAIL FROM:<a@b>\r\n",
      "RCPT TO:<c@d>\r\n",
      "DATA\r\n",
      "x\r\n.\r\n",
      "BDAT 2 LAST\r\nxx"
    ),
    { maxLength: 8 }
  )
  .map((lines) => lines.join(""))

/** All that one client says. */
export const dialogue = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: line },
      { weight: 2, arbitrary: noise },
      { weight: 1, arbitrary: long },
      { weight: 3, arbitrary: transaction }
    ),
    { maxLength: 30 }
  )
  .map((parts) => Buffer.from(parts.join(""), "latin1"))

/** Where it is cut into pieces. */
export const cuts = fc.array(fc.nat(20_000), { maxLength: 12 })

/** The same bytes, in pieces. */
export const split = (bytes: Buffer, places: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}
