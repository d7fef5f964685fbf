/**
 * Servers that end the connection: in good order or not, at every step, with a word or without.
 */
import { type Circumstances, type Excuse, check, cross, group } from "../Case.js"
import * as Script from "../Script.js"
import { dialogues, helo, message, quit } from "../Words.js"

const manners = ["-m 2", "-d -m 2", "-A -m 2", "-A -d -m 2"]
const ways = { "in good order": Script.close, "with a reset": Script.reset }

const goAhead = Script.reply("354 go ahead")
const refusing = Script.first("mail", Script.reply("450 no"))

/** Ours does not need an answer to QUIT. */
const unanswered = (manner: string): Excuse => ({
  difference: "QUIT unanswered",
  ours: {
    exit: 0,
    fatal: false,
    wire: manner.includes("-d") ? [helo + message + message + quit] : [helo + message + quit, helo + message + quit],
    endings: manner.includes("-d") ? ["server"] : ["server", "client reset"]
  }
})

const without = group(
  "closing without a reply",
  cross(Script.steps, Object.entries(ways), (step, [how, end]) =>
    manners
      .filter((manner) => step !== "rset" || manner.includes("-A"))
      .map((manner) =>
        check(manner, {
          name: `${step} ${how}`,
          server: Script.together(Script.first(step, end), step === "rset" ? refusing : Script.obliging),
          excuse: step === "quit" ? unanswered(manner) : undefined
        })
      )
  )
)

const halfway = group(
  "closing halfway",
  cross(Object.entries(ways), manners, ([how, end], manner) => [
    check(manner, { name: `during the content ${how}`, server: Script.first("data", Script.inTurn(goAhead, end)) }),
    check(manner, {
      name: `in the middle of a reply ${how}`,
      server: Script.first("mail", Script.inTurn(Script.raw("250 o"), Script.pause(100), end))
    }),
    check(manner, {
      name: `in the middle of a long reply ${how}`,
      server: Script.first("rcpt", Script.inTurn(Script.reply("250-one"), Script.pause(100), end))
    }),
    check(manner, { name: `at the second message ${how}`, server: Script.nth("mail", 2, end) }),
    check(`${manner} -c`, { name: `at the second final dot ${how}`, server: Script.nth("final", 2, end) })
  ]),
  check("-l 3000000", {
    name: "large content, reset",
    server: Script.first("data", Script.inTurn(goAhead, Script.reset))
  })
)

const farewells: ReadonlyArray<Script.Step> = ["greeting", "hello", "mail", "rcpt", "data", "final"]

const after421 = group(
  "421, then closing",
  cross(farewells, manners, (step, manner) => {
    const excuse: Circumstances =
      step === "greeting" && manner.includes("-A")
        ? {
            excuse: {
              difference: "421 greeting",
              ours: {
                exit: 0,
                fatal: false,
                wire: ["", helo + message + quit],
                endings: ["client reset", "server"]
              }
            }
          }
        : {}
    const server = Script.first(step, Script.inTurn(Script.reply("421 closing"), Script.close))
    return check(manner, { name: step, server, ...excuse })
  })
)

const after250 = group(
  "yes, then closing",
  cross(
    ["greeting", "hello", "mail", "rcpt", "final"] satisfies ReadonlyArray<Script.Step>,
    manners,
    (step, manner) => {
      const text = step === "greeting" ? "220 welcome" : "250 ok"
      const over = step === "final" && !manner.includes("-d")
      const excuse: Excuse = {
        difference: "QUIT unanswered",
        ours: {
          exit: 0,
          fatal: false,
          wire: [helo + message, helo + message + quit],
          endings: ["client reset", "server"]
        }
      }
      return check(manner, {
        name: step,
        server: Script.first(step, Script.inTurn(Script.reply(text), Script.close)),
        excuse: over ? excuse : undefined
      })
    }
  )
)

const silent = group(
  "silence",
  Script.steps
    .filter((step) => step !== "rset" && step !== "quit")
    .map((step) => check("-A -m 2", { name: step, server: Script.first(step, Script.silence), patience: 3 })),
  check("-m 2", {
    name: "quit",
    server: Script.first("quit", Script.silence),
    patience: 8,
    excuse: {
      difference: "QUIT unanswered",
      ours: { exit: 0, ...dialogues(helo + message + quit, helo + message + quit) }
    }
  }),
  Script.steps
    .filter((step) => step !== "rset" && step !== "quit")
    .map((step) =>
      check("-m 2", {
        name: `${step}, with a time-out that only ours knows`,
        server: Script.first(step, Script.silence),
        environment: { SMTP_SOURCE_TIMEOUT: "1" },
        patience: 4,
        excuse: {
          difference: "bounded waits",
          ours: { exit: 1, fatal: true, quiet: false, endings: ["client reset"] }
        }
      })
    ),
  check("-m 2", { name: "half a reply", server: Script.first("mail", Script.raw("250 o")), patience: 3 })
)

export const cases = [...without, ...halfway, ...after421, ...after250, ...silent]
