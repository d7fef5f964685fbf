/**
 * Command lines: how options are read, and everything that can be wrong with them.
 */
import { type Excuse, check, cross, group, to, words } from "../Case.js"
import { first, reply } from "../Script.js"
import { dialogues, helo, message, quit } from "../Words.js"

const numeric = ["-C", "-l", "-m", "-r", "-R", "-s", "-T", "-w"]
const withValue = [...numeric, "-f", "-F", "-M", "-S", "-t"]

/** Ours does nothing at all. */
const refusal = (difference: Excuse["difference"]): Excuse => ({
  difference,
  ours: { exit: 1, fatal: true, quiet: false, lockStep: true, ...dialogues() }
})

/** Each of them is 0 to the original, or less. */
const notNumbers = ["-0", "00", " ", "x1", "0x10", "0.0", "--", "-", "+", ".", "\u0661", "4294967296"]
const almostNumbers = ["1 ", "1,000", "1;", "1 1", "1\n", "1e1", "1.5"]

const numbers = group(
  "numbers",
  cross(numeric, ["0", "-1", "abc", ""], (option, value) => check([option, value])),
  notNumbers.map((value) => check(["-m", value])),
  cross(numeric, ["10x"], (option, value) => check([option, value], { excuse: refusal("numbers are numbers") })),
  almostNumbers.map((value) => check(["-m", value], { excuse: refusal("numbers are numbers") })),
  cross(["-C", "-m"], ["01", "0001", "+1", " 1"], (option, value) => check([option, value]))
)

const missing = group(
  "values that are missing",
  withValue.map((option) => check(option, { target: words() })),
  withValue.map((option) => check(option, { name: "the target is the value", target: words("127.1.2.3:9") })),
  ["-dm", "-cdf", "-NS"].map((option) => check(option, { target: words() }))
)

const unknown = group(
  "options that are none",
  ["-a", "-b", "-x", "-z", "-1", "-5", "-h", "-?", "-:", "-;", "-dx", "-xd", "-d -q", "-D", "-H", "-X", "-_"].map(
    (option) => check(option)
  ),
  check("---"),
  check("--no-such-option"),
  check(["-\u00e9"])
)

const positionals = group(
  "how many targets",
  check("", { name: "none", target: words() }),
  check("--", { name: "none", target: words() }),
  check("-d", { name: "none", target: words() }),
  check("", { name: "two", target: words("127.1.2.3:9", "127.1.2.3:9") }),
  check("", { name: "three", target: words("127.1.2.3:9", "127.1.2.3:9", "127.1.2.3:9") }),
  check("", { name: "an option after the target", target: words("127.1.2.3:9", "-d") }),
  ["-d", "--"].map((word) =>
    check("", {
      name: `${word} after the target, listening`,
      target: to("ipv4", (port) => [`127.0.0.1:${port}`, word]),
      excuse: {
        difference: "options after the target",
        ours: { exit: 0, fatal: false, quiet: true, ...dialogues(helo + message + quit) }
      }
    })
  ),
  check("", { name: "an empty one after the target", target: to("ipv4", (port) => [`127.0.0.1:${port}`, ""]) }),
  check("", { name: "a hyphen", target: words("-") }),
  check("", { name: "-- --", target: words("--", "--") })
)

const exclusive = group(
  "options that exclude each other",
  ["-F plain -l 1", "-l 1 -F plain", "-w 1 -R 1", "-R 1 -w 1", "-l 1 -d -F plain", "-w 1 -w 2 -R 3"].map((options) =>
    check(options)
  )
)

const several = group(
  "several errors",
  ["-m 0 -s 0", "-x -m 0", "-m 0 -x", "-w 0 -R 0", "-M -bad- -m 0", "-F missing -m 0"].map((options) => check(options)),
  check("-m 0", { name: "and no target", target: words() })
)

const goodNames = [
  "a",
  "A.B",
  "a-b.example",
  "a_b.example",
  "_a.example",
  "1a",
  "a1.2",
  "x".repeat(63),
  `${"x".repeat(63)}.${"y".repeat(63)}.${"z".repeat(63)}.${"w".repeat(61)}`,
  "[127.0.0.1]",
  "[1.2.3.4]",
  "[IPv6:::1]",
  "[ipv6:2001:db8::1]",
  "[IPV6:::ffff:1.2.3.4]",
  "[IPv6:1:2:3:4:5:6:7:8]"
]

const badNames = [
  "",
  "-",
  "-bad",
  "bad-",
  "a.-b",
  "a-.b",
  ".",
  ".a",
  "a.",
  "a..b",
  "1",
  "1.2.3.4",
  "12345",
  "a b",
  "a!b",
  "j\u00f6rg.example",
  "a\tb",
  "a\nb",
  "<a>",
  "x".repeat(64),
  `${"x.".repeat(130)}y`,
  "[",
  "]",
  "[]",
  "[127.0.0.1",
  "127.0.0.1]",
  "[127.0.0.1]x",
  "[127.0.0]",
  "[127.0.0.256]",
  "[127.0.0.1.1]",
  "[01.2.3.4]",
  "[::1]",
  "[IPv6:]",
  "[IPv6:::1",
  "[IPv6:127.0.0.1]",
  "[IPv6:1::2::3]",
  "[IPv6:12345::]",
  "[IPv6:1:2:3:4:5:6:7]",
  "[IPv6:1:2:3:4:5:6:7:8:9]",
  "[IPv6:fe80::1%lo]",
  "[IPv6: ::1]",
  "[localhost]"
]

const names = group(
  "host names",
  [...goodNames, ...badNames].map((name) => check(["-M", name])),
  check(["-M", "-bad", "-M", "good.example"]),
  check("-M first.example -M last.example -d -m 2")
)

const unsafe = ["a\nb", "a\rb", "a\r\nb", "\n", "a\n"]

const injected = group(
  "line breaks in values",
  cross(["-f", "-t", "-S"], unsafe, (option, value) =>
    check([option, value], { excuse: refusal("one line is one line"), patience: 4 })
  )
)

const getopt: ReadonlyArray<ReadonlyArray<string>> = [
  ["-cd"],
  ["-cdN", "-m", "2"],
  ["-cdNm", "2"],
  ["-cdNm2"],
  ["-m2"],
  ["-dm2"],
  ["-dm", "2"],
  ["-dm2", "-r3"],
  ["-vvv"],
  ["-v", "-v", "-v"],
  ["-cc"],
  ["-c", "-c", "-d", "-d"],
  ["-ddm2"],
  ["-m", "5", "-m", "2"],
  ["-m5", "-dm2"],
  ["-f", "a@b", "-f", "c@d"],
  ["-t", "a@b", "-t", "c@d"],
  ["-S", "one", "-S", "two"],
  ["-l", "5", "-l", "90"],
  ["-r", "5", "-r", "2"],
  ["-s", "5", "-s", "1"],
  ["-L", "-L"],
  ["-o", "-o"],
  ["--"],
  ["-d", "--"],
  ["-m", "2", "--"],
  ["-f", "--"],
  ["-f", "-x"],
  ["-f", "-d", "-m", "2"],
  ["-t", "-t"],
  ["-S", "-S"],
  ["-S", "--help"],
  ["-S-x"],
  ["-f-"],
  ["-f="],
  ["-m=2"],
  ["-fa@b"],
  ["-ta@b"],
  ["-Shello", "there"],
  ["-S", "-", "-d"],
  ["-f", "", "-d"],
  ["-dcS", "", "-m", "2"],
  ["-Mx.example"],
  ["-l080"],
  ["-m", "-m"],
  ["-m-1"],
  ["-Ad", "-m2", "-c"],
  ["-cvL", "-r2"],
  ["-oL"],
  ["-4d"],
  ["-4", "-m", "2"],
  ["-No"],
  ["-NL", "-r2", "-m2"]
]

const reading = group(
  "how options are read",
  getopt.map((options) => check(options)),
  check("-d", { name: "-- before the target", target: to("ipv4", (port) => ["--", `127.0.0.1:${port}`]) }),
  check("", { name: "options around --", target: to("ipv4", (port) => ["--", "-d", `127.0.0.1:${port}`]) })
)

/** Numbers that the original cuts to what fits into a machine word. */
const large = group(
  "numbers without measure",
  cross(["-C", "-m", "-s"], ["99999999999999999999", "9223372036854775808"], (option, value) => check([option, value]))
)

const failing = { difference: "no sleep before the end", ours: { prompt: true } } satisfies Excuse

const sleepless = group(
  "the time it takes to fail",
  ["-m 0", "-x", "-M -bad-", "-F missing"].map((options) => check(options, { excuse: failing })),
  check("", { name: "nobody listens", target: words("127.1.2.3:9"), excuse: failing }),
  check("", { name: "MAIL refused", server: first("mail", reply("550 no")), excuse: failing })
)

export const cases = [
  ...sleepless,
  ...numbers,
  ...large,
  ...missing,
  ...unknown,
  ...positionals,
  ...exclusive,
  ...several,
  ...names,
  ...injected,
  ...reading
]
