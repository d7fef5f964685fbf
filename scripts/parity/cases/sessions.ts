/**
 * Sessions in parallel, and the pauses between messages.
 */
import { check, group, unix } from "../Case.js"
import * as Script from "../Script.js"
import { dialogues, helo, message, quit } from "../Words.js"

const parallel = group(
  "sessions",
  [
    "-s 5 -m 2",
    "-s 2 -m 10",
    "-s 3 -m 3",
    "-s 10 -m 20",
    "-s 3 -m 7 -c",
    "-s 3 -m 3 -r 3",
    "-s 4 -m 4 -L",
    "-s 50 -m 100"
  ].map((options) => check(options, { order: "lines" })),
  [
    "-s 3 -d -m 9",
    "-s 3 -d -m 7 -c",
    "-s 10 -d -m 10",
    "-s 5 -d -m 3",
    "-s 4 -d -m 40 -N -r 2",
    "-s 2 -d -m 6 -L -r 2"
  ].map((options) => check(options, { order: "none" })),
  ["-s 3 -m 6", "-s 3 -m 6 -l 1000"].map((options) => check(options, { name: "UNIX", target: unix, order: "lines" })),
  check("-s 3 -A -m 6", {
    name: "MAIL always refused",
    server: Script.always("mail", Script.reply("450 no")),
    order: "lines"
  }),
  check("-s 3 -A -m 6 -c", {
    name: "final dot always refused",
    server: Script.always("final", Script.reply("450 no")),
    order: "lines"
  })
)

const pausing = group(
  "pauses",
  ["-w 1 -m 2", "-w 1 -d -m 3", "-R 1 -m 2", "-R 1 -d -m 2", "-w 1 -c -m 2", "-w 1 -L -m 2", "-R 2 -d -m 2"].map(
    (options) => check(options)
  ),
  check("-w 1 -s 3 -m 6", { order: "lines" }),
  check("-A -w 1 -m 2", { name: "MAIL answered 421", server: Script.first("mail", Script.reply("421 no")) }),
  ["-w 12 -m 1", "-w 12 -d -m 1"].map((options) =>
    check(options, {
      name: "no message follows",
      patience: 7,
      excuse: {
        difference: "pauses between messages",
        ours: { exit: 0, ...dialogues(helo + message + quit) }
      }
    })
  ),
  ["-w 0.2", "-R 0.2", "-w 0.2 -d"].map((options) =>
    check(`${options} -m 2`, {
      excuse: {
        difference: "pauses between messages",
        ours: {
          exit: 0,
          fatal: false,
          ...(options.includes("-d")
            ? dialogues(helo + message + message + quit)
            : dialogues(helo + message + quit, helo + message + quit))
        }
      }
    })
  )
)

export const cases = [...parallel, ...pausing]
