/**
 * What the messages hold: generated bodies, headers, and files.
 */
import { check, cross, group, words } from "../Case.js"
import { files } from "../Files.js"
import { data, dialogues, dot, helo, mail, quit, rcpt } from "../Words.js"

const aroundTheLines = [77, 78, 79, 80, 81, 82, 83, 158, 159, 160, 161, 162, 163, 240]

const lengths = group(
  "generated bodies",
  [1, 2, 3, ...aroundTheLines, 799, 800, 801, 880, 1000, 65_536, 100_000, 1_000_000].map((length) =>
    check(`-l ${length}`)
  ),
  [1, 80, 81, 1000, 100_000].map((length) => check(`-o -l ${length}`)),
  [1, 80, 100_000].map((length) => check(`-d -m 3 -l ${length}`))
)

const texts = [
  "",
  " ",
  "plain",
  "two words",
  " lead and trail ",
  "-d",
  "tab\there",
  "j\u00f6rg \u2713",
  "<a>",
  "a:b",
  "x".repeat(3000)
]

const headers = group(
  "texts in commands and headers",
  cross(["-f", "-t", "-S"], texts, (option, text) => check([option, text])),
  check(["-S", "subject", "-S", ""]),
  check(["-S", "unseen", "-o"]),
  check(["-f", "", "-t", "", "-S", ""])
)

const zones = group(
  "dates",
  ["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "XXX-14", "YYY+12", ""].map((zone) =>
    check("-S zone", { name: `TZ=${zone}`, environment: { TZ: zone } })
  )
)

const sent = group(
  "files",
  files.map(({ name, sent }) => {
    const ours = (content: string) =>
      sent === "refused" ? { exit: 1, fatal: true, quiet: false, ...dialogues() } : dialogues(content)
    const transaction = mail + rcpt + data + sent + dot
    const excuse = (content: string) => ({ difference: "lines of a file" as const, ours: ours(content) })
    return check(`-F ${name} -d -m 2`, { excuse: excuse(helo + transaction + transaction + quit) })
  }),
  check("-F plain -o -S unseen", {
    excuse: {
      difference: "lines of a file",
      ours: { wire: [mail + rcpt + data + files[0]!.sent + dot + quit] }
    }
  })
)

const unusable = group(
  "files that cannot be sent",
  ["missing", ".", "plain/below"].map((path) => check(`-F ${path}`)),
  check(["-F", ""]),
  check("-F missing", { name: "before the target is looked at", target: words("nobody.invalid:1:2") }),
  check("-F plain -l 10"),
  check("-l 10 -F plain"),
  check("-l 10 -F missing")
)

export const cases = [...lengths, ...headers, ...zones, ...sent, ...unusable]
