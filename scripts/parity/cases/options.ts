/**
 * Each option of the manual, alone and with each other one.
 */
import { check, group, ipv6 } from "../Case.js"

const harmless = [
  "-A",
  "-c",
  "-d -m 3",
  "-f sender@from.example",
  "-l 200",
  "-L",
  "-m 2",
  "-N",
  "-o",
  "-r 2",
  "-S subject",
  "-t to@rcpt.example",
  "-v"
]

const alone = group(
  "each option alone",
  ["", ...harmless, "-4", "-C 2", "-M other.example", "-R 1", "-s 1", "-T 8192", "-w 1"].map((option) => check(option)),
  check("-6", { target: ipv6 })
)

const inPairs = group(
  "options in pairs",
  harmless.flatMap((one, index) => harmless.slice(index + 1).map((other) => check(`${one} ${other}`)))
)

const together = group(
  "many options at once",
  [
    "-A -c -d -f a@b.example -l 100 -m 3 -r 2 -S subject -t c@d.example",
    "-c -d -L -m 4 -N -r 3 -v",
    "-o -L -d -m 3 -S unseen",
    "-o -N -r 3 -m 2 -l 81 -c",
    "-4 -C 5 -T 65535 -s 1 -m 2 -M [127.0.0.1]",
    "-A -L -N -d -c -m 5 -r 1 -f x -S x",
    "-w 1 -d -c -m 2 -v -v"
  ].map((options) => check(options))
)

const ownName = group(
  "the machine's own name",
  ["", "-o", "-L", "-N -r 2", "-f a@b.example", "-t c@d.example", "-d -m 2 -S subject"].map((options) =>
    check(options, { named: false })
  )
)

export const cases = [...alone, ...inPairs, ...together, ...ownName]
