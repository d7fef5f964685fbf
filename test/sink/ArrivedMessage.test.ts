import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Stamp from "../../src/plan/Stamp.js"
import * as ArrivedMessage from "../../src/sink/ArrivedMessage.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

interface Copied extends Omit<ArrivedMessage.Arrival, "body"> {
  readonly body: string | undefined
}

/** What arrives at a sink that is sent these bytes, cut as told. */
const arrivals = (
  content: string,
  {
    cuts = [],
    sender = "a@x",
    chunked = false
  }: { cuts?: ReadonlyArray<number>; sender?: string; chunked?: boolean } = {}
): ReadonlyArray<Copied> => {
  const all: Array<Copied> = []
  const sink = SmtpSink.make({
    tap: ArrivedMessage.tap(zlib.crc32, (arrival) =>
      all.push({
        ...arrival,
        recipients: arrival.recipients.slice(),
        confirmed: arrival.confirmed.slice(),
        body: arrival.body && Buffer.from(arrival.body).toString("latin1")
      })
    )
  })
  const session = sink.open()
  session.push(Buffer.from(`EHLO x\r\nMAIL FROM:<${sender}>\r\nRCPT TO:<b@x>\r\n`))
  if (!chunked) session.push(Buffer.from("DATA\r\n"))
  const stuffed = `${content.replace(/^\./, "..").replaceAll("\r\n.", "\r\n..")}.\r\n`
  const bytes = Buffer.from(chunked ? `BDAT ${content.length} LAST\r\n${content}` : stuffed, "latin1")
  let from = 0
  for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length]) {
    session.push(bytes.subarray(from, cut))
    from = Math.max(from, cut)
  }
  return all
}

const only = (...parameters: Parameters<typeof arrivals>): Copied => {
  const [arrival, ...more] = arrivals(...parameters)
  assert.lengthOf(more, 0)
  assert.isDefined(arrival)
  return arrival!
}

const stampOf = (body: string, message = 7): Stamp.Stamp => ({
  run: Stamp.runOf("run"),
  message,
  sentAt: 1234,
  checksum: zlib.crc32(Buffer.from(body, "latin1")),
  size: body.length
})

const headerLines = fc.array(fc.constantFrom("Received: by x\r\n\tfor y", "A: b", "received: z", "Empty:"), {
  maxLength: 6
})
const bodyText = fc
  .array(fc.constantFrom("", ".", "..", ".a", "text", "no: header", "Received: no", "\x80ÿ"), { maxLength: 6 })
  .map((lines) => lines.map((line) => `${line}\r\n`).join(""))
const cuts = fc.array(fc.nat(), { maxLength: 12 })

describe("an arrival", () => {
  it("is the same however the content is cut, with dots and in chunks", () => {
    fc.assert(
      fc.property(headerLines, headerLines, bodyText, cuts, fc.boolean(), (above, below, body, cuts, chunked) => {
        const stamp = stampOf(body)
        const lines = [...above, Stamp.write(stamp).trimEnd(), ...below].map((line) => `${line}\r\n`)
        const arrival = only(`${lines.join("")}\r\n${body}`, { cuts, chunked })
        assert.deepStrictEqual(arrival, {
          sender: "a@x",
          recipients: ["b@x"],
          confirmed: ["b@x"],
          isWithheld: false,
          header: lines.join(""),
          stamp,
          size: body.length,
          checksum: stamp.checksum,
          body: undefined,
          hops: [...above, ...below].filter((line) => /^received/i.test(line)).length,
          returned: undefined
        })
      }),
      { numRuns: 300 }
    )
  })

  it("has the body where that is not what was sent", () => {
    fc.assert(
      fc.property(bodyText, bodyText, cuts, (body, sent, cuts) => {
        const arrival = only(`${Stamp.write(stampOf(sent))}\r\n${body}`, { cuts })
        assert.strictEqual(arrival.body, body === sent ? undefined : body)
      })
    )
  })

  it("has no body where that is too long to be kept", () => {
    const body = `${"x".repeat(70)}\r\n`.repeat(5000)
    const arrival = only(`${Stamp.write(stampOf("other"))}\r\n${body}`, { cuts: [10_000, 100_000, 200_000] })
    assert.deepStrictEqual([arrival.body, arrival.size], [undefined, body.length])
    assert.strictEqual(arrival.checksum, zlib.crc32(body))
  })

  it("is another run's, or nobody's, by its header alone", () => {
    assert.isUndefined(only(`Subject: x\r\n\r\n${Stamp.write(stampOf(""))}`).stamp)
    assert.isUndefined(only(`Subject: x\r\n\r\n${Stamp.write(stampOf(""))}`).returned)
    assert.isUndefined(only("X-Smtp-Source: no stamp\r\n\r\n").stamp)
    // A line that is no header ends the header.
    assert.isUndefined(only(`no header\r\n${Stamp.write(stampOf(""))}\r\n`).stamp)
  })

  it("is whole without a body, and without an end of its header", () => {
    for (const content of [Stamp.write(stampOf("")), `${Stamp.write(stampOf(""))}\r\n`]) {
      const { body, checksum, size, stamp } = only(content, { cuts: [20] })
      assert.deepStrictEqual([body, checksum, size, stamp?.message], [undefined, 0, 0, 7])
    }
  })

  it("holds no more of a header than 64 KiB, and reads it in good time", () => {
    const lines = "A:\r\n".repeat(200_000)
    const content = Stamp.write(stampOf("")) + lines
    const bytes = Buffer.from(content)
    const step = 13
    const cuts = Array.from({ length: 5000 }, (_, index) => index * step)
    const begun = performance.now()
    const { size, stamp } = only(content, { cuts })
    assert.strictEqual(stamp?.message, 7)
    assert.isAbove(size, bytes.length - 2 * ArrivedMessage.longestHeader - 1000)
    assert.isBelow(performance.now() - begun, 5000)
  })
})

describe("a notice of non-delivery", () => {
  const notice = (action: string, quote = "") =>
    [
      "Content-Type: multipart/report; boundary=b",
      "",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; x",
      "",
      "Original-Recipient: rfc822;1b@x",
      "Final-Recipient: rfc822; other@y",
      `Action: ${action}`,
      "Status: 5.1.1",
      "",
      "Final-Recipient: rfc822; 2b@x",
      "Action: delivered",
      "",
      "--b",
      "Content-Type: text/rfc822-headers",
      "",
      `${quote}${Stamp.write(stampOf("body", 99)).trimEnd()}`,
      "Subject: x",
      "",
      "--b--",
      ""
    ].join("\r\n")

  it("tells which message was not delivered, to whom", () => {
    fc.assert(
      fc.property(cuts, (cuts) => {
        const { returned, stamp } = only(notice("failed"), { sender: "", cuts })
        assert.isUndefined(stamp)
        assert.deepStrictEqual(returned, { stamp: stampOf("body", 99), recipients: ["1b@x"], isDelayed: false })
      })
    )
    assert.strictEqual(only(notice("failed", "> "), { sender: "" }).returned?.stamp.message, 99)
    assert.isTrue(only(notice("delayed"), { sender: "" }).returned?.isDelayed)
  })

  it("may name nobody", () => {
    const { returned } = only(`Subject: failed\r\n\r\nSorry.\r\n\r\n${Stamp.write(stampOf(""))}`, { sender: "" })
    assert.deepStrictEqual(returned, { stamp: stampOf(""), recipients: [], isDelayed: false })
  })

  it("comes from nobody", () => {
    assert.isUndefined(only(notice("failed"), { sender: "mailer@x" }).returned)
    // One of our own messages may come from nobody, too.
    const own = only(`${Stamp.write(stampOf("text\r\n"))}\r\ntext\r\n`, { sender: "" })
    assert.deepStrictEqual([own.stamp?.message, own.returned], [7, undefined])
  })
})

describe("a mail loop", () => {
  it("is refused after more than 50 servers, and told", () => {
    const replies = [50, 51].map((hops) => {
      let told = 0
      const sink = SmtpSink.make({ tap: ArrivedMessage.tap(zlib.crc32, (arrival) => (told = arrival.hops)) })
      const session = sink.open()
      session.push(Buffer.from("EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"))
      const reply = session.push(Buffer.from(`${"Received: by x\r\n".repeat(hops)}\r\nx\r\n.\r\n`))
      assert.strictEqual(told, hops)
      return Buffer.from(reply ?? []).toString()
    })
    assert.match(replies[0]!, /^250 /)
    assert.strictEqual(replies[1], "554 5.4.6 Error: too many hops\r\n")
  })
})
