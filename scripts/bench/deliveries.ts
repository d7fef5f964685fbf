/**
 * What the books of a proof of delivery cost: ten million messages, booked as accepted, that arrive in random order.
 *
 *     npx tsx scripts/bench/deliveries.ts [messages]
 *
 * Each thousandth is lost, and each thousandth comes twice: the books must say so, or this fails. Prints nanoseconds of CPU a
 * message, and by how much the process has grown.
 */
import { Deliveries } from "../../src/measure/Deliveries.js"
import { violations } from "../../src/measure/DeliveryTally.js"

const messages = Number(process.argv[2] ?? 10_000_000)

/** A permutation without a table: a step that shares no divisor with the number of messages. */
const step = 7_368_787

const timed = (what: string, run: () => void): void => {
  const before = process.cpuUsage()
  run()
  const { system, user } = process.cpuUsage(before)
  console.log(`${what}: ${(((user + system) * 1000) / messages).toFixed(1)} ns a message`)
}

const rss = (): number => process.memoryUsage.rss() / 1e6

const before = rss()
const deliveries = Deliveries.make(1, 0)
const arrive = (message: number): void =>
  deliveries.arrive({ message, place: 0, fate: "confirmed", change: undefined, sentAt: 0, at: 1000 })

timed("booked as accepted", () => {
  for (let message = 0; message < messages; message++) deliveries.book(message, 0, "accepted", message)
})
timed("arrived in random order", () => {
  for (let index = 0, message = 0; index < messages; index++, message = (message + step) % messages) {
    if (message % 1000 === 1) continue
    arrive(message)
    if (message % 1000 === 2) arrive(message)
  }
})
timed("looked for what is missing", () => deliveries.missing())
const { planes, tallies } = deliveries.memory
const grown = (when: string): void =>
  console.log(
    `grown by ${(rss() - before).toFixed(1)} MB ${when}; the planes are ${(planes.byteLength / 1e6).toFixed(1)} MB, ` +
      `and the rest of the books ${(tallies.byteLength / 1e6).toFixed(1)} MB at most`
  )
grown("by then")

const tally = deliveries.tally()
grown("when it was added up")
const few = Math.floor((messages + 998) / 1000)
const wrong = [
  ...violations(tally, { booked: messages }),
  ...(tally.missing === few && tally.duplicates >= few - 1 ? [] : ["the books are wrong"])
]
if (wrong.length > 0) throw new Error(wrong.join("; "))
console.log(
  `${tally.accepted} accepted, ${tally.deliveredAccepted} delivered, ${tally.missing} missing, ${tally.duplicates} duplicates`
)
