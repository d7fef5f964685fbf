import { spawn } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as net from "node:net"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SmtpSinkCli from "../../src/cli/SmtpSinkCli.js"
import * as ManualPage from "../../src/cli/ManualPage.js"
import { planRows, rows } from "../../src/cli/SinkOptionTable.js"
import { cases } from "../../scripts/parity/sink/cases.js"
import { observe } from "../../scripts/parity/sink/Observation.js"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import * as Stamp from "../../src/plan/Stamp.js"
import * as SinkPlan from "../../src/sink/SinkPlan.js"
import { shell, source } from "./Shell.js"

const bin = fileURLToPath(new URL("../../dist/bin/smtp-sink.js", import.meta.url))
const sink = `${process.execPath} ${bin}`
const original = "/usr/sbin/smtp-sink"

/**
 * Words of bash: `listen log words…` starts the command on a free port, behind the shell, and gives the port once it listens, or has
 * ended. The log is made empty first: what the one before wrote there would be taken for its own.
 */
const listen = `listen() { local log=$1; shift; : >"$log"; ${sink} "$@" 127.0.0.1:0 2>"$log" &
  until grep -q listening "$log" || ! kill -0 $!; do sleep 0.05; done; port=$(sed -n 's/.*listening on .*://p' "$log")
  [[ $port ]] || cat "$log" >&2; }`

describe("smtp-sink's options", () => {
  it("are the fields of its plan, each with a variable and a place in the manual", () => {
    const fields = Object.keys(SinkPlan.fields).filter((field) => field !== "listen" && field !== "backlog")
    assert.deepStrictEqual(
      planRows.map(({ field }) => field),
      fields
    )
    const help = ManualPage.help(SmtpSinkCli.manual(), { columns: 80, bold: false }).replace(/\s+/g, " ")
    for (const { description, long } of rows) {
      assert.include(help, `--${long}`)
      assert.include(help, description)
    }
    for (const { long, variable } of planRows) {
      assert.strictEqual(variable, `SMTP_SINK_${long.replaceAll("-", "_").toUpperCase()}`)
    }
  })

  it("have all letters of smtp-sink(1), and no others", () => {
    const letters = rows.flatMap(({ presets, short }) => [
      ...(short === undefined ? [] : [short]),
      ...Object.keys(presets).filter((name) => name.length === 1)
    ])
    assert.strictEqual(letters.sort().join(""), "468ABCDEFHLMNPQRSTWabcdefhmnpqrstuvw".split("").sort().join(""))
  })

  it.live("are refused by name, all at once", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* shell(
        `${sink} --hide=nix -f MAIL,FOO -W x:y -b 5 -m 0 -R / 127.0.0.1:0 x`
      )
      assert.strictEqual(status, 1)
      assert.strictEqual(stdout, "")
      assert.match(stderr, /^smtp-sink: fatal: [^\n]*\n$/)
      for (const name of [
        "--hide: expected one of 8bitmime, auth, ",
        'not "nix"',
        "-f, --hard",
        '"FOO"',
        "-W, --command-delay",
        "-b, --soft-reply",
        "-m, --max-connections",
        "backlog"
      ]) {
        assert.include(stderr, name)
      }
      const root = yield* shell(`${sink} -R / 127.0.0.1:0`)
      assert.match(root.stderr, /^smtp-sink: fatal: -R: Node cannot/)
      assert.include((yield* shell(`${sink} -d x -D y 127.0.0.1:0`)).stderr, "-d and -D exclude each other")
      assert.match((yield* shell(`${sink} --fault`)).stderr, /^smtp-sink: fatal: option '--fault' requires an argument/)
      const files: ReadonlyArray<readonly [string, string]> = [
        ["-d /dev/null/x", "not a directory"],
        ["-D /", "is a directory|permission denied"],
        ["--dump eml=/dev/null", "not a directory"],
        ["--dump mbox=/dev/null/mbox", "not a directory"]
      ]
      for (const [words, reason] of files) {
        const { status, stderr } = yield* shell(`${sink} ${words} 127.0.0.1:0`)
        assert.match(stderr, new RegExp(`^smtp-sink: fatal: ${words.replace(/^.*[ =]/, "")}: (${reason})\n$`))
        assert.strictEqual(status, 1)
      }
      assert.match(
        (yield* shell(`${sink} unix:/no-such-folder/socket`)).stderr,
        /^smtp-sink: fatal: [^\n]*\/no-such-folder\/socket: no such file or directory\n$/
      )
      assert.include((yield* shell(`${sink} nonsense:x:y`)).stderr, '"nonsense:x:y"')
      assert.match(
        (yield* shell(`${sink} --hots x -T 0 --verbose=x 127.0.0.1:0`)).stderr,
        /^smtp-sink: fatal: .*'--hots'.*'--verbose'.*-T, --window-size: .*\(usage: [^\n]*\n$/
      )
    })
  )
})

/** Starts the command on a free port, and gives that and what it said in the end. */
const started = (words: ReadonlyArray<string>, use: (port: number) => Promise<unknown>) =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, [bin, ...words, "127.0.0.1:0"])
    let stderr = ""
    let stdout = ""
    child.stdout.on("data", (bytes) => {
      stdout += bytes
    })
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
    const port = await new Promise<number>((resolve) => {
      child.stderr.on("data", (bytes) => {
        stderr += bytes
        const [, found] = /listening on 127\.0\.0\.1:(\d+)\n/.exec(stderr) ?? []
        if (found !== undefined) resolve(Number(found))
      })
    })
    await use(port)
    const kill = setTimeout(() => child.kill("SIGTERM"), 5000)
    const status = await ended
    clearTimeout(kill)
    return { status, stderr, stdout }
  })

/** Says all at once, and gives all that is answered until the sink closes. */
const say = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let replies = ""
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text, "latin1"))
    socket.on("data", (bytes) => {
      replies += bytes.toString("latin1")
    })
    socket.on("error", () => {})
    socket.on("close", () => resolve(replies))
  })

const message = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nx\r\n.\r\n"

describe("smtp-sink", () => {
  it.live("ends after -M messages, the last one answered, and counts as the original", () =>
    Effect.gen(function* () {
      let replies = ""
      const { status, stdout } = yield* started(["-c", "-M", "2"], async (port) => {
        replies = await say(port, message + message)
      })
      assert.strictEqual(status, 0)
      assert.match(stdout, /^sess=0 quit=0 mesg=1\rsess=0 quit=0 mesg=2\r$/)
      assert.strictEqual(replies.match(/250 2\.0\.0 Ok/g)?.length, 2)
    })
  )

  it.live.each([
    ["--latency", "final 300ms"],
    ["--fault", "final delay 300ms"],
    ["--capacity", "1 x 300ms"]
  ])("ends after -M messages with the last one answered, however late: %s %s", ([option, value]) =>
    Effect.gen(function* () {
      let replies = ""
      const { status } = yield* started(["-M", "1", option!, value!], async (port) => {
        replies = await say(port, message)
      })
      assert.strictEqual(status, 0)
      assert.match(replies, /250 2\.0\.0 Ok\r\n$/)
    })
  )

  it.live("serves -m connections at a time, and the next one when one has gone", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const { status } = yield* started(["-m", "1", "-n", "2"], async (port) => {
        const first = net.connect(port, "127.0.0.1")
        await new Promise((resolve) => first.once("data", resolve))
        const second = say(port, "QUIT\r\n").then(() => order.push("second"))
        await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 200))])
        order.push("first")
        first.end()
        await second
      })
      assert.deepStrictEqual(order, ["first", "second"])
      assert.strictEqual(status, 0)
    })
  )

  it.live.each([[], ["--latency", "1ms"]])("turns away those beyond -m where --busy refuses them: %j", (words) =>
    Effect.gen(function* () {
      let second = ""
      yield* started(["-m", "1", "-n", "1", "--busy", "refuse", ...words], async (port) => {
        const first = net.connect(port, "127.0.0.1")
        await new Promise((resolve) => first.once("data", resolve))
        second = await say(port, "QUIT\r\n")
        first.end()
      })
      assert.match(second, /^421 4\.7\.0 smtp-sink /)
    })
  )

  it.live("shows with -v, or -s, what clients say, escaped", () =>
    Effect.gen(function* () {
      const told = (letters: ReadonlyArray<string>) =>
        started([...letters, "-n", "1"], (port) => say(port, `HELO a\u001b[31m\r\nNOOP\r\nQUIT\r\n`))
      assert.include(
        (yield* told(["-v"])).stderr,
        "smtp-sink: 1: HELO a\\x1b[31m\nsmtp-sink: 1: NOOP\nsmtp-sink: 1: QUIT\n"
      )
      assert.match(
        (yield* told(["-s", "noop,quit"])).stderr,
        /listening[^\n]*\nsmtp-sink: 1: NOOP\nsmtp-sink: 1: QUIT\n$/
      )
    })
  )

  it.live("closes a connection that is silent for -t seconds without a word", () =>
    Effect.gen(function* () {
      let replies = ""
      yield* started(["-t", "0.2", "-n", "1"], async (port) => {
        replies = await say(port, "HELO x\r\n")
      })
      assert.strictEqual(replies, "220 smtp-sink ESMTP\r\n250 smtp-sink\r\n")
    })
  )

  it.live("misbehaves in words, tells how often, and says where the words are wrong", () =>
    Effect.gen(function* () {
      let replies = ""
      const { stderr } = yield* started(
        ["--fault", "rcpt 451 4.2.0 Full", "--limit", "1 messages/connection", "-n", "1"],
        async (port) => {
          replies = await say(port, "HELO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nQUIT\r\n")
        }
      )
      assert.match(replies, /451 4\.2\.0 Full\r\n451 4\.2\.0 Full\r\n221 Bye\r\n$/)
      assert.match(
        stderr,
        /^smtp-sink: listening on [^\n]*\nsmtp-sink: it misbehaves: fault rcpt 451 4\.2\.0 Full; limit 1 /
      )
      assert.include(
        stderr,
        "smtp-sink: fault rcpt 451 4.2.0 Full: 2 times\nsmtp-sink: limit 1 messages/connection: 0 times\n"
      )
      const wrong = yield* shell(`${sink} --fault 'rcpt 5%' --limit 5 --latency x 127.0.0.1:0`)
      assert.strictEqual(wrong.status, 1)
      assert.match(wrong.stderr, /--fault: "rcpt 5%", column 8: .*--latency: .*--limit: /)
    })
  )

  it.live("offers what it is told to, knows clients behind a balancer, and reports what came", () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* shell(
        `${listen}
         listen err --offer chunking,smtputf8 --proxy 127.0.0.0/8 --dump ndjson=n -n 2 --report json --fail-if 'messages < 9' >report
         exec 3<>/dev/tcp/127.0.0.1/$port; echo QUIT >&3; cat <&3
         ${source} --chunking on --pipelining full --depth 5 --proxy 2 --client-addresses 192.0.2.8/31 -d -s 2 -m 8 127.0.0.1:$port
         wait $!; echo status $?; cat err report; sed 's/.*"client":"\\([^"]*\\)".*/\\1/' n | sort | uniq -c`
      )
      assert.strictEqual(stderr, "")
      assert.include(stdout, "status 99")
      assert.include(stdout, "smtp-sink: failed: --fail-if: messages < 9: it is 8\n")
      assert.match(stdout, / 192\.0\.2\.8\n +\d 192\.0\.2\.9\n$/)
      const report = JSON.parse(stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1))
      assert.deepInclude(report, { format: "smtp-sink/1", messages: 8, delivered: 8, unproxied: 1, sessions: 2 })
      assert.strictEqual(
        report.seconds.reduce((sum: number, each: { messages: number }) => sum + each.messages, 0),
        8
      )
    })
  )

  it.live("writes what it accepts to folders and files", () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* shell(
        `${listen}
         listen err --dump eml=e --dump maildir=m --dump mbox=b --dump ndjson=n -f VRFY --fault 'final 552 if size > 2M' --max-size 3M -n 2
         ${source} -d -m 3 -r 2 -f a@example.com -t b@example.com 127.0.0.1:$port; ${source} -A -l 2500000 127.0.0.1:$port; wait $!
         ls e | wc -l; ls m/new m/tmp | wc -l; grep -c '^From a@example.com ' b; wc -l <n; stat -c %a e m m/new b n
         head -c 60 m/new/* | grep -c 'Return-Path: <a@example.com>'; tail -1 n`
      )
      assert.strictEqual(stderr, "smtp-source: warning: message rejected: 552 5.3.0 Error: command failed\n")
      const lines = stdout.split("\n")
      // Two folders of a Maildir are listed with their names and a line between.
      assert.deepStrictEqual(lines.slice(0, 10), ["3", "6", "3", "4", "700", "700", "700", "600", "600", "3"])
      const last = JSON.parse(lines[10] ?? "")
      assert.deepInclude(last, {
        session: 2,
        message: 1,
        client: "127.0.0.1",
        reply: "552 5.3.0 Error: command failed"
      })
      assert.isAbove(last.size, 2_500_000)
      assert.deepStrictEqual(
        last.recipients.map(({ accepted }: { readonly accepted: boolean }) => accepted),
        [false]
      )
    })
  )

  it.live("tells in a line of JSON which message of which run it was, where that is proved", () =>
    Effect.gen(function* () {
      const { stdout } = yield* shell(
        `${listen}
         listen err --dump ndjson=n -n 3; ${source} --prove -d -m 2 --run-id a 127.0.0.1:$port
         ${source} --prove --run-id b 127.0.0.1:$port; ${source} 127.0.0.1:$port; wait $!; cat n`
      )
      const stamps = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      const told = stamps.map(({ stamp }) => stamp && [stamp.run, stamp.message])
      assert.deepStrictEqual(told, [[Stamp.runOf("a"), 0], [Stamp.runOf("a"), 1], [Stamp.runOf("b"), 0], undefined])
      // Sent before it came, on the same clock.
      for (const { stamp, time } of stamps.slice(0, 3)) {
        assert.approximately(Date.parse(time) - stamp.sentAt / 1000, 10_000, 10_001)
      }
    })
  )

  it.live("speaks TLS, and lets in the accounts of a file", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* shell(
        `printf 'user,password\nu,secret\n' >a.csv; echo secret >p; echo wrong >w; chmod 600 p w
         ${listen}
         listen err --tls required --accounts a.csv --duration 20 -n 2
         common="--tls starttls --tls-verify none --auth auto --user u --keep-going 127.0.0.1:$port"
         ${source} $common --password-file p; echo $?; ${source} $common --password-file w; echo $?; wait $!; echo $?`
      )
      assert.strictEqual(stdout, "0\n1\n0\n", stderr)
      assert.strictEqual(status, 0)
    })
  )

  it.live(
    "shows the certificate of --tls-cert, and says what is wrong with it",
    () =>
      Effect.gen(function* () {
        const authority = SelfSigned.authority()
        const one = SelfSigned.issue(authority, ["mx.example.com"])
        const files = {
          "ca.pem": authority.certificate,
          "cert.pem": one.certificate,
          "key.pem": one.key,
          "other.pem": SelfSigned.issue(authority, ["mx.example.com"]).key,
          "locked.pem": crypto
            .createPrivateKey(one.key)
            .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
            .toString()
        }
        const written = Object.entries(files).map(([name, text]) => `printf '%s' '${text}' >${name}`)
        const { stderr, stdout } = yield* shell(
          `${written.join("\n")}; cat cert.pem key.pem >both.pem; >empty.pem
         ${listen}
         sink() { ${sink} --tls required --tls-cert "$@" --duration 20 -n 1 127.0.0.1:0; }
         serve() { listen err --tls required --tls-cert "$@" --duration 20 -n 1
           ${source} --tls starttls --tls-ca ca.pem --tls-name mx.example.com 127.0.0.1:$port; echo $?; wait $!; echo $?; cat err >>said; }
         serve both.pem; SMTP_SINK_TLS_PASSPHRASE=secret serve cert.pem --tls-key locked.pem
         sink nowhere.pem; sink cert.pem --tls-key other.pem; sink cert.pem --tls-key locked.pem
         sink empty.pem --tls-key key.pem; sink cert.pem; sink cert.pem --tls off; ${sink} --tls-key key.pem 127.0.0.1:0; cat said`
        )
        // Of the client, and of the sink, which ends with the session.
        assert.match(stdout, /^(?:0\n){4}(?:smtp-sink: listening on .*\n){2}$/, stderr)
        const lines = stderr.trimEnd().split("\n")
        const expected = [
          /--tls-cert: nowhere\.pem: no such file or directory$/,
          /--tls-cert, --tls-key: key values mismatch$/,
          /--tls-cert, --tls-key: (?:bad decrypt|.*passphrase|.*interrupted or cancelled)/i,
          /--tls-cert: empty\.pem: no certificate in PEM form$/,
          /--tls-cert: cert\.pem: no private key in PEM form: --tls-key names its file$/,
          /--tls-cert needs --tls offered, required or implicit$/,
          /--tls-key needs --tls-cert$/
        ]
        assert.strictEqual(lines.length, expected.length, stderr)
        for (const [index, line] of lines.entries()) {
          assert.match(line, /^smtp-sink: fatal: /)
          assert.match(line, expected[index]!)
        }
      }),
    60_000
  )

  it.live("is the sink of smtp-source, with the same words", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* shell(
        `${source} --sink --sink-fault 'rcpt 30% 451' --keep-going --seed 1 -m 50 -d --summary`
      )
      assert.strictEqual(status, 1)
      const [, rejected] = /(\d+) rejected/.exec(stderr) ?? []
      assert.include(stderr, `the sink's fault rcpt 30% 451: ${rejected} times`)
      assert.include(
        (yield* shell(`${source} --sink-fault 'rcpt 451' localhost:1`)).stderr,
        "--sink-fault needs --sink, or --downstream"
      )
    })
  )

  it.live("writes files that nobody else can read, and through no link", () =>
    Effect.gen(function* () {
      const { stdout } = yield* shell(
        `umask 0; echo secret >kept; ln -s kept link
         ${listen}
         listen err -D link -n 1; ${source} 127.0.0.1:$port; wait $!; cat kept err
         listen err -d a/b. -n 1; ${source} 127.0.0.1:$port; wait $!; echo $?; stat -c '%a' a a/b.*`
      )
      assert.match(stdout, /^secret\n[\s\S]*fatal: link: /)
      assert.match(stdout, /\n0\n700\n600\n$/)
    })
  )

  const rootAlone = process.getuid?.() === 0 && fs.existsSync("/proc/self/status") ? "" : " (root on Linux alone)"
  it.live.skipIf(rootAlone !== "")(`becomes the user of -u, and leaves the groups of root${rootAlone}`, () =>
    Effect.gen(function* () {
      const { stdout } = yield* shell(
        `${listen}
         listen err -u nobody -n 1; awk '/^(Uid|Gid):/ { print $1, $2, $3, $4, $5 } /^Groups:/ { $1 = $1; print }' /proc/$!/status
         u=$(id -u nobody) g=$(id -g nobody); echo Uid: $u $u $u $u; echo Gid: $g $g $g $g; echo Groups: $(id -G nobody)
         ${source} 127.0.0.1:$port; wait $!`
      )
      const lines = stdout.trimEnd().split("\n")
      assert.lengthOf(lines, 6)
      assert.deepStrictEqual(lines.slice(0, 3), lines.slice(3))
    })
  )

  it.live("refuses what it cannot keep, and ends where it is to be kept by -D", () =>
    Effect.gen(function* () {
      const { stdout } = yield* shell(
        `${listen}
         listen err --dump mbox=/dev/full --dump eml=e --dump ndjson=n -n 1; ${source} -A -d -m 2 127.0.0.1:$port 2>&1; wait $!; echo status $?; cat err n
         listen err -D /dev/full; ${source} -A 127.0.0.1:$port 2>/dev/null; wait $!; echo status $?; cat err`
      )
      assert.match(
        stdout,
        /^smtp-source: warning: message rejected: 451 4\.3\.0 Error: cannot keep the message\nstatus 1\n/
      )
      assert.match(stdout, /smtp-sink: warning: \/dev\/full: no space left on device\n\{/)
      assert.strictEqual(stdout.match(/"accepted":false\}\].*"reply":"451 4\.3\.0 /g)?.length, 2)
      assert.match(
        stdout,
        /\nstatus 1\nsmtp-sink: listening on [^\n]*\nsmtp-sink: fatal: \/dev\/full: no space left on device\n$/
      )
    })
  )

  it.live.skipIf(rootAlone !== "")(`writes the file of --prove as the user of -u, or does not begin${rootAlone}`, () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* shell(
        `${listen}
         ${sink} -u nobody --prove=own 127.0.0.1:0; echo $?
         chmod 755 .; mkdir -m 1777 open; listen err -u nobody --prove=open/came -n 1
         ${source} --prove 127.0.0.1:$port; wait $!; echo $?; stat -c %U open/came; grep -c '"run":' open/came`
      )
      assert.strictEqual(stderr, "smtp-sink: fatal: --prove: own: permission denied\n")
      assert.strictEqual(stdout, "1\n0\nnobody\n1\n")
    })
  )

  const lacking = fs.existsSync(original) ? "" : " (this machine lacks Postfix's smtp-sink)"
  describe.skipIf(lacking !== "")(`beside Postfix's${lacking}`, () => {
    const some = ["a message", "loose syntax", "-L", "-f RCPT", "-Q .", "-d", "-D -S", "-M", "AUTH"]
    it.live.each(cases.filter(({ name }) => some.includes(name)))(
      "does the same: $name",
      (one) =>
        Effect.gen(function* () {
          const [theirs, ours] = yield* Effect.promise(() => Promise.all([observe(original, one), observe(bin, one)]))
          assert.strictEqual(one.differs?.ours(ours) ?? ours, theirs)
        }),
      30_000
    )
  })
})
