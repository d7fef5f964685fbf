/**
 * The files that cases send with -F.
 *
 * Each goes with what ours sends for it: the file's lines and nothing else, in CRLF, with dots stuffed. The original
 * adds an empty line, so that no file at all is sent alike by both.
 */
import { lines } from "./Words.js"

export interface File {
  readonly name: string
  /** One byte in each character. */
  readonly bytes: string
  /** The content before the final dot, or that the file is refused. */
  readonly sent: string | "refused"
}

const header = "From: a@b.example\nSubject: s\n\n"
const headerSent = lines("From: a@b.example", "Subject: s", "")
const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).filter(
  (byte) => !/[\r\n]/.test(byte)
)

export const files: ReadonlyArray<File> = [
  { name: "plain", bytes: `${header}one\ntwo\n`, sent: headerSent + lines("one", "two") },
  { name: "no-final-newline", bytes: `${header}one\ntwo`, sent: headerSent + lines("one", "two") },
  { name: "crlf", bytes: "A: b\r\n\r\none\r\ntwo\r\n", sent: lines("A: b", "", "one", "two") },
  { name: "crlf-without-the-last", bytes: "A: b\r\n\r\none\r\ntwo", sent: lines("A: b", "", "one", "two") },
  { name: "mixed-line-ends", bytes: "one\r\ntwo\nthree\r\n", sent: lines("one", "two", "three") },
  { name: "bare-cr", bytes: "one\rtwo\nthree\n", sent: "refused" },
  { name: "final-cr", bytes: "one\ntwo\r", sent: "refused" },
  { name: "two-crs", bytes: "one\r\r\ntwo\n", sent: "refused" },
  { name: "dot", bytes: ".\n", sent: lines("..") },
  { name: "dot-without-newline", bytes: ".", sent: lines("..") },
  {
    name: "dots",
    bytes: ".one\n..two\n.\n...\nno.dot\n .\n",
    sent: lines("..one", "...two", "..", "....", "no.dot", " .")
  },
  { name: "dot-crlf", bytes: "one\r\n.\r\ntwo\r\n", sent: lines("one", "..", "two") },
  { name: "newline", bytes: "\n", sent: lines("") },
  { name: "newlines", bytes: "\n\n\n", sent: lines("", "", "") },
  { name: "final-empty-line", bytes: "one\n\n", sent: lines("one", "") },
  { name: "nul", bytes: "one\0two\n\0\nthree\0", sent: lines("one\0two", "\0", "three\0") },
  { name: "eight-bit", bytes: "na\xc3\xafve \xff\xfe\n", sent: lines("na\xc3\xafve \xff\xfe") },
  { name: "every-byte", bytes: `${everyByte.join("")}\n`, sent: lines(everyByte.join("")) },
  { name: "long-line", bytes: `${"x".repeat(50_000)}\n`, sent: lines("x".repeat(50_000)) },
  { name: "long-line-of-dots", bytes: ".".repeat(5000), sent: lines(".".repeat(5001)) },
  { name: "many-lines", bytes: "line\n".repeat(20_000), sent: "line\r\n".repeat(20_000) },
  { name: "many-dots", bytes: ".\n".repeat(20_000), sent: "..\r\n".repeat(20_000) },
  { name: "like-a-command", bytes: "QUIT\nRSET\nDATA\n", sent: lines("QUIT", "RSET", "DATA") },
  { name: "empty", bytes: "", sent: "" }
]
