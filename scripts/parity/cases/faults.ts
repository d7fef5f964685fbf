/**
 * Every step, answered with every kind of reply that is not hoped for.
 */
import { type Circumstances, check, clientName, cross, group } from "../Case.js"
import { always, first, nth, reply, type Step, steps, together } from "../Script.js"
import { content, data, dialogues, helo, lhlo, lines, mail, messageToTwo, quit } from "../Words.js"

const refusals = ["450 4.0.0 later", "550 5.0.0 no", "421 4.0.0 closing", "521 5.0.0 never", "199 hm", "hello"]

/** A positive reply that belongs to another step. */
const misplaced = (step: Step): string => (step === "data" ? "250 not this" : "354 not this")

const faults = steps.flatMap((step) => [...refusals, misplaced(step)].map((text) => ({ step, text })))

/** Two recipients in each message, and two connections or one. */
const manners = ["-m 2 -r 2", "-d -m 3 -r 2", "-A -m 2 -r 2", "-A -d -m 3 -r 2"]

/** RSET is only said after a refusal. */
const refusing = first("mail", reply("450 4.0.0 not yet"))

const faulty = (step: Step, text: string) =>
  step === "rset" ? together(first(step, reply(text)), refusing) : first(step, reply(text))

const messagesAfter = (manner: string): string => (manner.includes("-d") ? messageToTwo + messageToTwo : messageToTwo)

/** What ours does after a greeting that closes the connection: the next message goes over a new one. */
const excuse = (step: Step, text: string, manner: string): Circumstances =>
  step === "greeting" && /^[45]21/.test(text) && manner.includes("-A")
    ? {
        excuse: {
          difference: "421 greeting",
          ours: dialogues("", helo + messagesAfter(manner) + quit)
        }
      }
    : {}

const once = group(
  "an unexpected reply",
  cross(faults, manners, ({ step, text }, manner) =>
    step === "rset" && !manner.includes("-A")
      ? []
      : check(manner, { name: `${step} answered ${text}`, server: faulty(step, text), ...excuse(step, text, manner) })
  )
)

const throughout = group(
  "an unexpected reply each time",
  cross(steps, ["450 4.0.0 later", "421 4.0.0 closing"], (step, text) =>
    ["-A -m 3 -r 2", "-A -d -m 3 -r 2"].map((manner) =>
      check(manner, {
        name: `${step} always answered ${text}`,
        server:
          step === "rset"
            ? together(always(step, reply(text)), always("mail", reply("450 no")))
            : always(step, reply(text)),
        ...(step === "greeting" && text.startsWith("421")
          ? {
              excuse: {
                difference: "421 greeting",
                ours: dialogues("", "", "")
              }
            }
          : {})
      })
    )
  )
)

/** The envelope of an LMTP message to this many recipients, with numbers from `first`. */
const numbered = (from: number, recipients: number): string =>
  lhlo +
  mail +
  Array.from({ length: recipients }, (_, index) => lines(`RCPT TO:<${from + index}foo@${clientName}>`)).join("")

const rest = data + content + quit

const ofSeveral = group(
  "one recipient of three refused",
  cross([1, 2, 3], ["450 later", "550 no", "421 closing", "hello"], (turn, text) =>
    ["-r 3 -m 2", "-A -r 3 -m 2", "-A -d -r 3 -m 2", "-A -L -N -r 3 -m 2"]
      .filter((manner) => !manner.includes("-L") || text.startsWith("421"))
      .map((manner) =>
        check(manner, {
          name: `recipient ${turn} answered ${text}`,
          server: nth("rcpt", turn, reply(text)),
          excuse:
            manner.includes("-N") && turn < 3
              ? { difference: "numbers of messages", ours: dialogues(numbered(1, turn), numbered(4, 3) + rest) }
              : undefined
        })
      )
  )
)

const later = group(
  "an unexpected reply to a later message",
  cross(["mail", "rcpt", "data", "final"] satisfies ReadonlyArray<Step>, ["450 later", "421 closing"], (step, text) =>
    ["-d -m 3", "-A -d -m 3", "-m 3", "-A -m 3", "-A -d -c -m 3", "-c -m 3"].map((manner) =>
      check(manner, { name: `second ${step} answered ${text}`, server: nth(step, 2, reply(text)) })
    )
  )
)

const twice = group(
  "two unexpected replies",
  check("-A -m 2", {
    name: "HELO and MAIL",
    server: together(first("hello", reply("550 no")), first("mail", reply("550 no")))
  }),
  check("-A -m 2", {
    name: "greeting and HELO",
    server: together(first("greeting", reply("554 no")), first("hello", reply("421 no")))
  }),
  check("-A -d -m 3", {
    name: "DATA and RSET",
    server: together(first("data", reply("451 no")), first("rset", reply("421 no")))
  }),
  check("-A -d -m 3", {
    name: "MAIL and QUIT",
    server: together(first("mail", reply("451 no")), first("quit", reply("500 no")))
  })
)

const oldMode = group(
  "an unexpected reply in old mode",
  cross(["greeting", "mail", "data"] satisfies ReadonlyArray<Step>, ["450 later", "550 no"], (step, text) =>
    ["-o -m 2", "-o -A -m 2", "-o -A -d -m 2"].map((manner) =>
      check(manner, { name: `${step} answered ${text}`, server: first(step, reply(text)) })
    )
  )
)

export const cases = [...once, ...throughout, ...ofSeveral, ...later, ...twice, ...oldMode]
