/**
 * Servers that behave as real ones do, or worse, the ways to load them, and what must hold of each run: the matrices of
 * faults, in virtual time and over sockets.
 */
import type { RunResult } from "../../src/load/Load.js"
import type * as Plan from "../../src/plan/Plan.js"
import type { Behaviour } from "../../src/sink/Behaviour.js"
import type { Outcome } from "../../src/smtp/Outcome.js"

/** How fast the servers go: `scale` is what a second takes, in milliseconds. */
export const servers = (scale: number): { readonly [name: string]: Behaviour } => {
  const after = (seconds: number) => seconds * scale
  return {
    "answers at once": {},
    "says 421 to a client that is idle": { idle: { after: after(0.5) } },
    "closes an idle connection without a word": { idle: { after: after(0.5), say: "" } },
    "greets two connections at a time": { connections: { limit: 2, beyond: "wait" } },
    "takes two connections at a time, and says 421 to more": { connections: { limit: 2, beyond: "busy" } },
    "greets late": { faults: [{ at: "greeting", after: after(3) }] },
    "reads contents late": { faults: [{ at: "content", after: after(0.7) }] },
    "closes after two messages": { faults: [{ at: "final", message: 2, end: "close" }] },
    "says 421 to a third message": { faults: [{ at: "mail", message: 3, say: "421 4.7.0 Enough\r\n" }] },
    "resets some connections after a message": { faults: [{ at: "final", every: 3, end: "reset" }] },
    "goes before it answers the dot": { faults: [{ at: "final", every: 3, say: "", end: "close" }] },
    "is reset before it answers the dot": { faults: [{ at: "final", every: 4, say: "", end: "reset" }] },
    "says more between messages": {
      faults: [{ at: "final", every: 2, next: { after: after(0.1), say: "250 2.0.0 One more\r\n" } }]
    },
    "answers the dot twice": { faults: [{ at: "final", every: 2, twice: true }] },
    "answers one recipient of LMTP only": { faults: [{ at: "final", fromRecipient: 2, say: "" }] },
    greylists: { greylist: { after: after(1) } },
    "takes its time at each step": { latency: after(0.3) },
    drips: {
      faults: [
        { at: "final", every: 2, drip: after(0.05) },
        { at: "rcpt", drip: after(0.01) }
      ]
    },
    "refuses some at random": {
      seed: "matrix",
      faults: [
        { at: "mail", percent: 15, say: "421 4.3.2 Down\r\n" },
        { at: "mail", percent: 15, say: "452 4.3.1 Full\r\n" },
        { at: "rcpt", percent: 30, say: "451 4.2.1 Later\r\n" },
        { at: "data", percent: 10, say: "554 5.5.1 No\r\n" },
        { at: "final", percent: 20, say: "550 5.7.1 Spam\r\n" },
        { at: "final", percent: 10, say: "451 4.3.0 Later\r\n" }
      ]
    },
    "talks to the terminal": {
      faults: [
        { at: "rcpt", every: 3, say: "550 \x1b[2J\x07\x9b31m gone\r\n" },
        { at: "final", every: 4, say: "\x1b]0;owned\x07\r\n" }
      ]
    },
    "breaks a line off": { faults: [{ at: "data", every: 3, say: "354 E", end: "close" }] },
    "falls silent": {
      faults: [
        { at: "final", every: 5, say: "" },
        { at: "final", every: 7, end: "stall" },
        { at: "hello", every: 7, end: "stall" }
      ]
    },
    "stops reading": { faults: [{ at: "content", every: 4, after: after(1e6) }] },
    "refuses before it has read": { faults: [{ at: "content", every: 3, say: "552 5.3.4 Too big\r\n" }] },
    "reads slowly, and answers what it has read": { reading: { bytes: 61, every: after(0.02) } }
  }
}

const manners = {
  default: {},
  "-A": { acceptRejection: true },
  "--keep-going": { keepGoing: true }
} satisfies { readonly [name: string]: Plan.PlanInput }

const paces = (scale: number): { readonly [name: string]: Plan.PlanInput } => {
  const second = scale / 1000
  return {
    "a closed loop": { sessions: 3 },
    pauses: { sessions: 3, delay: second },
    "two messages per connection": { sessions: 3, perConnection: "2" },
    "connections that are held": { sessions: 3, perConnection: "2", hold: Number((2 * second).toFixed(3)) },
    "some abandoned": { sessions: 3, abandon: "rcpt 30%" },
    "a rate": { rate: Math.round(4 / second), maxSessions: 3 },
    "a rate, two messages per connection": { rate: Math.round(4 / second), maxSessions: 3, perConnection: "2" }
  }
}

/** A way to load a server. */
export interface Cell {
  readonly name: string
  readonly input: Plan.PlanInput
}

/** Every combination of pace, manner, -d, LMTP and pipelining. */
export const cells = (scale: number): ReadonlyArray<Cell> =>
  Object.entries(paces(scale)).flatMap(([pace, paced]) =>
    Object.entries(manners).flatMap(([manner, mannered]) =>
      // What says how many messages a connection has leaves nothing to -d.
      ("perConnection" in paced ? [false] : [false, true]).flatMap((reuse) =>
        [false, true].flatMap((lmtp) =>
          (["off", "on", "full"] as const).map((pipelining) => ({
            name: `${pace}, ${manner}, -d ${reuse}, LMTP ${lmtp}, pipelining ${pipelining}`,
            input: {
              messages: 6,
              recipients: 2,
              reuse,
              lmtp,
              pipelining,
              seed: "matrix",
              ...paced,
              ...mannered
            }
          }))
        )
      )
    )
  )

/** What the server says of a run. */
export interface Took {
  /** The contents that it accepted. */
  readonly contents: ReadonlyArray<string>
  /** The recipients that it accepted them for. */
  readonly recipients: number
}

const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const messageOf = (outcome: Outcome): string =>
  outcome._tag === "Failed" || outcome._tag === "Unknown" ? outcome.error.message : ""

/** What is wrong with a run; nothing, where its books agree with the server and nothing raw got through. */
export const wrong = (
  { lmtp = false }: Plan.PlanInput,
  { accounting, recorder }: Pick<RunResult, "accounting" | "recorder">,
  outcomes: ReadonlyArray<Outcome>,
  troubles: ReadonlyArray<string>,
  took: Took
): ReadonlyArray<string> => {
  const { accepted, recipients, unknown } = accounting
  const [claimed, count, open] = lmtp
    ? [recipients.accepted, took.recipients, recipients.unknown]
    : [accepted, took.contents.length, unknown]
  // The numbers of the messages, as their Message-Ids have them, in hexadecimal.
  const numbers = took.contents.map((content) =>
    Number.parseInt(/^Message-Id: <[^>@]*\.([0-9a-f]+)@/m.exec(content)?.[1] ?? "", 16)
  )
  const lost = numbers.filter((message) => {
    const tag = outcomes[message]?._tag
    return tag !== "Accepted" && tag !== "Unknown" && !(lmtp && tag === "Rejected")
  })
  const said = [...troubles, ...outcomes.map(messageOf), ...recorder.errors().map(({ example }) => example)]
  return [
    ...(claimed <= count ? [] : [`claims ${claimed}, the server accepted ${count}`]),
    ...(count <= claimed + open ? [] : [`claims ${claimed}, and ${open} unknown; the server accepted ${count}`]),
    ...lost.map((message) => `message ${message}: accepted by the server, ${outcomes[message]?._tag ?? "no outcome"}`),
    ...(new Set(numbers).size === numbers.length ? [] : [`delivered twice: ${numbers.join(" ")}`]),
    ...said.filter((text) => !isPrintable(text)).map((text) => `not printable: ${JSON.stringify(text)}`)
  ]
}
