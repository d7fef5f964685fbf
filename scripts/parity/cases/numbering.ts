/**
 * -N and -r with whatever decides how many recipients there are, and with recipients of every form.
 */
import { check, cross, group, type Order } from "../Case.js"

const counts = ["", "-N", "-r 1", "-r 2", "-r 12", "-N -r 1", "-N -r 2", "-N -r 12"]
const loads = ["-m 1", "-m 3", "-d -m 1", "-d -m 3", "-s 3 -m 3", "-s 3 -m 5", "-d -s 3 -m 3", "-d -s 3 -m 9"]

/** Who gets which number, or which message, is a matter of scheduling. */
const order = (load: string, count: string): Order => {
  if (!load.includes("-s")) return "all"
  return load.includes("-d") || count.includes("-N") ? "none" : "lines"
}

const recipients = ["user", "user@rcpt.example", "a@b@c.example", "@rcpt.example", "user+@rcpt.example", "1@2", ""]

export const cases = [
  ...group(
    "numbering",
    cross(counts, loads, (count, load) => check(`${count} ${load}`, { order: order(load, count) }))
  ),
  ...group(
    "numbered recipients",
    cross(recipients, ["-N", "-r 2", "-N -r 2", "-N -d -m 2"], (recipient, options) =>
      check(["-t", recipient, ...options.split(" ")])
    )
  )
]
