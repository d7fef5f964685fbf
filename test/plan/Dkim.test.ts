import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as NodeDkimCrypto from "../../src/node/NodeDkimCrypto.js"
import * as Address from "../../src/plan/Address.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as CorpusReader from "../../src/plan/CorpusReader.js"
import * as Dkim from "../../src/plan/Dkim.js"
import * as Message from "../../src/plan/Message.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Stuffing from "../../src/plan/Stuffing.js"

describe("what a body is hashed as", () => {
  // The second is the example of RFC 6376 §3.4.5.
  for (const [text, expected] of [
    ["", ""],
    [" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"],
    ["\r\n\r\n", ""],
    ["a", "a\r\n"],
    ["  \r\n \t\r\n", ""],
    ["a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"]
  ] as const) {
    it(`has single spaces, and no empty lines at its end: ${JSON.stringify(text)}`, () =>
      assert.strictEqual(Dkim.relaxedBody(text), expected))
  }
})

describe("who signs", () => {
  for (const [text, expected] of [
    ["example.com:test", "example.com test"],
    ["a-b.example:s._x.1", "a-b.example s._x.1"],
    ["example.com", "expected a domain and a selector"],
    ["example.com:a:b", "expected a domain and a selector"],
    ["example.com:a b", "expected a domain and a selector"],
    ["exa\r\nmple.com:a", "expected a domain and a selector"],
    [":a", "expected a domain and a selector"]
  ] as const) {
    it(`is read: ${JSON.stringify(text)}`, () =>
      assert.include(
        Either.match(Dkim.parse(text), {
          onLeft: (reason) => reason,
          onRight: ({ domain, selector }) => `${domain} ${selector}`
        }),
        expected
      ))
  }
})

const python = ["/usr/bin/python3", "python3"].find(
  (command) => spawnSync(command, ["-c", "import dkim, nacl"]).status === 0
)

/** Says of each message whether its signature is good: with another program, and without asking anybody's name server. */
const verified = (record: string, messages: ReadonlyArray<string>): ReadonlyArray<boolean> => {
  const script = `import dkim, json, sys
given = json.load(sys.stdin)
record = given["record"].encode()
ask = lambda name, timeout=5: record if name in (b"test._domainkey.example.com.", "test._domainkey.example.com.") else None
print(json.dumps([bool(dkim.verify(message.encode("latin1"), dnsfunc=ask, minkey=1024)) for message in given["messages"]]))`
  const { status, stderr, stdout } = spawnSync(python!, ["-c", script], { input: JSON.stringify({ record, messages }) })
  assert.strictEqual(status, 0, String(stderr))
  return JSON.parse(String(stdout))
}

const keys = {
  rsa: crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ed25519: crypto.generateKeyPairSync("ed25519")
}

const recordOf = (kind: keyof typeof keys): string => {
  const der = keys[kind].publicKey.export({ format: "der", type: "spki" })
  // Of an Ed25519 key the record has the last 32 bytes alone (RFC 8463 §4).
  const own = kind === "rsa" ? der : der.subarray(-32)
  return `v=DKIM1; k=${kind}; p=${own.toString("base64")}`
}

const pemOf = (kind: keyof typeof keys) => keys[kind].privateKey.export({ format: "pem", type: "pkcs8" }).toString()

const runCrypto = Effect.runSync(Effect.provide(Dkim.DkimCrypto, NodeDkimCrypto.layer))

const corpus = new Corpus.Collector({ rewrite: ["message-id"], unusual: "skip" })
corpus.add(Buffer.from("From: a@x\nSubject: another\nSubject:  folded\n\tsubject \n\n.dots\n\n trailing \t\n\n\n"))
corpus.add(Buffer.from(`From: a@x\nSubject: long\n\n${".line \n".repeat(9000)}\xe9\n`, "latin1"))

const ways: ReadonlyArray<readonly [name: string, input: Plan.PlanInput, sources?: Message.Sources]> = [
  ["the default body", { subject: "s" }],
  ["a long body", { length: 100_000 }],
  ["bodies that differ", { length: "1k..40k", body: "words", attach: ["50%: 10k"] }],
  ["a file", { file: "f" }, { file: Either.getOrThrow(MessageFile.stuff(Buffer.from("From: me@x\n\n.dot\n"))) }],
  ["a corpus", { corpus: "c" }, { corpus: CorpusReader.make(corpus.end(), undefined) }],
  ["a stamp on top", { prove: "recipients", numberRecipients: true }],
  ["headers above", { headers: [".Odd: a", "MIME-Version: 1.0"] }]
]

const messagesOf = (
  input: Plan.PlanInput,
  sources: Message.Sources | undefined,
  kind: keyof typeof keys,
  mode: "once" | "each",
  sign?: (data: Uint8Array) => Uint8Array
): ReadonlyArray<string> => {
  const plan = Plan.make(input)
  const identity = { helloName: "me.example", runId: "run", startedAt: new Date(Date.UTC(2026, 10, 22)) }
  const addresses = Address.make(plan, identity.helloName, "seed")
  const key = Either.getOrThrow(runCrypto.key(pemOf(kind)))
  const signing: Dkim.Signing = {
    identity: { domain: "example.com", selector: "test" },
    mode,
    key: sign === undefined ? key : { ...key, sign },
    sha256: runCrypto.sha256,
    time: identity.startedAt.getTime()
  }
  const of = Message.make(plan, addresses, { ...identity, seed: "seed" }, { ...sources, signing })
  return [0, 1, 2].map((message) => {
    const content = of(message)
    const { body, head } = content.isDotless === true ? content : Stuffing.dotless(content)
    return head + (body === undefined ? "" : Buffer.from(body).toString("latin1"))
  })
}

describe(`signatures${python === undefined ? " (this machine lacks python3-dkim)" : ""}`, () => {
  for (const kind of ["rsa", "ed25519"] as const) {
    for (const mode of Dkim.modes) {
      it.skipIf(python === undefined)(
        `are good by another program, and not of what was changed: ${kind}, ${mode}`,
        () => {
          const messages = ways.flatMap(([, input, sources]) =>
            (["with a dot", "in chunks"] as const).flatMap((goes) =>
              messagesOf(input, { ...sources, goes }, kind, mode)
            )
          )
          const found = verified(recordOf(kind), messages)
          assert.deepStrictEqual(
            found.flatMap((good, index) => (good ? [] : [`${ways[Math.floor(index / 6)]![0]}, ${index % 6}`])),
            []
          )
          const changed = messages.slice(0, 3).map((message) => message.replace("La de da", "La di da"))
          assert.deepStrictEqual(verified(recordOf(kind), changed), [false, false, false])
        }
      )
    }
  }

  it("end the header of a message that has none", () => {
    const first = (text: string) => {
      const file = Either.getOrThrow(MessageFile.stuff(Buffer.from(text)))
      return messagesOf({ file: "f" }, { file }, "ed25519", "once")[0]!
    }
    assert.match(first("no header\nat all\n"), /^DKIM-Signature: (?:.*\r\n[ \t])*.*\r\n\r\nno header\r\nat all\r\n$/)
    assert.match(first("To: x\n\nbody\n"), /^DKIM-Signature: (?:.*\r\n[ \t])*.*\r\nTo: x\r\n\r\nbody\r\n$/)
  })

  it("are made once where nothing of what they cover differs, and each time where it does", () => {
    const times = (input: Plan.PlanInput, mode: "once" | "each") => {
      let count = 0
      messagesOf(input, undefined, "ed25519", mode, () => {
        count++
        return new Uint8Array(64)
      })
      return count
    }
    assert.deepStrictEqual([times({ numberRecipients: true }, "once"), times({}, "each")], [1, 3])
    assert.strictEqual(times({ length: "1k..40k" }, "once"), 3)
  })

  it("need a key of RSA or Ed25519 in PEM, without a passphrase", () => {
    const ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    const locked = keys.rsa.privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-128-cbc", passphrase: "x" })
    const said = (pem: string) => Either.match(runCrypto.key(pem), { onLeft: (why) => why, onRight: () => "good" })
    assert.strictEqual(said(pemOf("rsa")), "good")
    assert.strictEqual(said("nonsense"), "no private key in PEM, or one with a passphrase")
    assert.strictEqual(said(locked.toString()), "no private key in PEM, or one with a passphrase")
    assert.include(said(ec.export({ format: "pem", type: "pkcs8" }).toString()), "DKIM knows RSA and Ed25519")
  })
})
