import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import type { Outcome } from "../../src/smtp/Outcome.js"
import { servers } from "./Faults.js"
import { drive, type Simulation, simulate } from "./ScriptedServer.js"

// Every way to load a server meets every server: it comes to its end, its books balance and agree with the server's own
// count, and nothing that the server says gets through raw.

const messages = 6

const manners = {
  default: {},
  "-A": { acceptRejection: true },
  "--keep-going": { keepGoing: true }
} satisfies { readonly [name: string]: Plan.PlanInput }

const paces = {
  "a closed loop": { sessions: 3 },
  pauses: { sessions: 3, delay: 1 },
  "two messages per connection": { sessions: 3, perConnection: "2" },
  "connections that are held": { sessions: 3, perConnection: "2", hold: 2 },
  "some abandoned": { sessions: 3, abandon: "rcpt 30%" },
  "a rate": { rate: "4/s", maxSessions: 3 },
  "a rate, two messages per connection": { rate: "4/s", maxSessions: 3, perConnection: "2" }
} satisfies { readonly [name: string]: Plan.PlanInput }

interface Cell {
  readonly name: string
  readonly input: Plan.PlanInput
}

const cells: ReadonlyArray<Cell> = Object.entries(paces).flatMap(([pace, paced]) =>
  Object.entries(manners).flatMap(([manner, mannered]) =>
    [false, true].flatMap((reuse) =>
      [false, true].flatMap((lmtp) =>
        (["off", "on", "full"] as const).map((pipelining) => ({
          name: `${pace}, ${manner}, -d ${reuse}, LMTP ${lmtp}, pipelining ${pipelining}`,
          input: {
            messages,
            recipients: 2,
            reuse: reuse && !("perConnection" in paced),
            lmtp,
            pipelining,
            timeout: 10,
            seed: "matrix",
            ...paced,
            ...mannered
          }
        }))
      )
    )
  )
)

/** The numbers of the messages that the server accepted, as their Message-Ids have them. */
const acceptedBy = ({ server }: Simulation): ReadonlyArray<number> =>
  server.accepted.map((content) => Number(/^Message-Id: <[^>@]*\.(\d+)@/m.exec(content)?.[1]))

const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const messageOf = (outcome: Outcome): string =>
  outcome._tag === "Failed" || outcome._tag === "Unknown" ? outcome.error.message : ""

/** What is wrong with a cell's result; nothing, where all is right. */
const wrong = (input: Plan.PlanInput, result: Simulation, troubles: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { accepted, recipients, unknown } = result.accounting
  const [claimed, count, open] =
    input.lmtp === true
      ? [recipients.accepted, result.server.delivered(), recipients.unknown]
      : [accepted, result.server.accepted.length, unknown]
  const taken = acceptedBy(result)
  const failed = taken.filter((message) => {
    const { _tag } = result.outcomes[message]!
    return _tag === "Failed" || _tag === "NotStarted" || (_tag === "Rejected" && input.lmtp !== true)
  })
  const said = [
    ...troubles,
    ...result.outcomes.map(messageOf),
    ...result.recorder.errors().map(({ example }) => example)
  ]
  return [
    ...(claimed <= count ? [] : [`claims ${claimed}, the server accepted ${count}`]),
    ...(count <= claimed + open ? [] : [`claims ${claimed}, and ${open} unknown; the server accepted ${count}`]),
    ...failed.map((message) => `message ${message}: accepted by the server, ${result.ends[message]}`),
    ...(new Set(taken).size === taken.length ? [] : [`delivered twice: ${taken.join(" ")}`]),
    ...said.filter((text) => !isPrintable(text)).map((text) => `not printable: ${JSON.stringify(text)}`)
  ]
}

const run = (input: Plan.PlanInput, behaviour: ReturnType<typeof servers>[string]) => {
  const troubles: Array<string> = []
  const onTrouble = (_: string, text: string) => void troubles.push(text)
  return Effect.map(simulate(input, { behaviour, offers: ["PIPELINING"], onTrouble }), (result) =>
    wrong(input, result, troubles)
  )
}

describe("whatever the load, the books agree with a server that", () => {
  for (const [name, behaviour] of Object.entries(servers(1000))) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const found = yield* drive(
          Effect.forEach(
            cells,
            (cell) =>
              Effect.map(run(cell.input, behaviour), (faults) => faults.map((fault) => `${cell.name}: ${fault}`)),
            { concurrency: 16 }
          )
        )
        assert.deepStrictEqual(found.flat(), [])
      })
    )
  }
})
