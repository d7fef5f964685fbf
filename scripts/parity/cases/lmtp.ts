/**
 * LMTP: one answer for each recipient.
 */
import { check, cross, group, unix } from "../Case.js"
import * as Script from "../Script.js"
import { content, data, dialogues, lhlo, mail, quit, twoRcpts } from "../Words.js"

const plain = group(
  "LMTP",
  ["-L", "-L -r 3", "-L -d -m 3 -r 3", "-L -N -r 3 -m 2", "-L -m 3 -c -r 2", "-L -l 100 -S subject"].flatMap(
    (options) => [check(options), check(options, { name: "UNIX", target: unix })]
  ),
  check("-L -s 3 -m 3 -r 2", { order: "lines" })
)

const hello = group(
  "LHLO refused",
  cross(
    ["450 later", "550 no", "421 closing", "500 what?"],
    ["-L -m 2", "-L -A -m 2", "-L -A -d -m 2"],
    (text, manner) => check(manner, { name: text, server: Script.first("hello", Script.reply(text)) })
  )
)

const verdicts = [
  ["250 a", "550 b"],
  ["550 a", "250 b"],
  ["450 a", "450 b"],
  ["421 a", "421 b"],
  ["250 a", "421 b"],
  ["hello", "250 b"],
  ["354 a", "250 b"]
]

const finals = group(
  "LMTP answers to the final dot",
  cross(verdicts, ["-L -r 2 -m 2", "-L -A -r 2 -m 2", "-L -A -d -r 2 -m 2"], (answers, manner) =>
    check(manner, { name: answers.join(" and "), server: Script.first("final", Script.reply(...answers)) })
  ),
  check("-L -r 2", {
    name: "an answer at a time",
    server: Script.first("final", Script.inTurn(Script.reply("250 a"), Script.pause(200), Script.reply("250 b")))
  }),
  check("-L -r 3", {
    name: "too few answers",
    server: Script.first("final", Script.reply("250 a", "250 b")),
    patience: 3
  }),
  check("-L -r 2 -A", {
    name: "closing after one",
    server: Script.first("final", Script.inTurn(Script.reply("250 a"), Script.pause(100), Script.close))
  })
)

const toTwo = lhlo + mail + twoRcpts + data + content + quit

/** The original waits for an answer that the refused recipient does not have. */
const refused = group(
  "LMTP recipients refused",
  cross(["450 later", "550 no", "hello"], [1, 2], (text, turn) =>
    check("-L -A -r 2 -m 2", {
      name: `recipient ${turn} answered ${text}`,
      server: Script.nth("rcpt", turn, Script.reply(text)),
      patience: 3,
      excuse: {
        difference: "LMTP replies",
        ours: { exit: 0, ...dialogues(toTwo, toTwo) }
      }
    })
  ),
  check("-L -A -m 2", { name: "the only recipient", server: Script.first("rcpt", Script.reply("550 no")) }),
  check("-L -A -d -r 2 -m 2", { name: "all recipients", server: Script.always("rcpt", Script.reply("550 no")) }),
  check("-L -r 2", { name: "without -A", server: Script.first("rcpt", Script.reply("550 no")) })
)

const oldMode = group("LMTP in old mode", check("-L -o"), check("-L -o -d -m 2"), check("-L -o -N -m 2"))

export const cases = [...plain, ...hello, ...finals, ...refused, ...oldMode]
