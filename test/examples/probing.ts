import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Dialogue, Plan, Scenario, type Wire } from "smtp-source"

/** Does the server own up to this user? */
const verify = (wire: Wire.Wire, user: string) =>
  Dialogue.request(wire, `VRFY ${user}`).pipe(
    Scenario.measure("vrfy"),
    Effect.map(({ code }) => code === 250 || code === 251)
  )

/** The users that the server owns up to, asked for over one connection. */
const harvest = (users: ReadonlyArray<string>) =>
  Scenario.open.pipe(
    Effect.flatMap((wire) => Effect.filter(users, (user) => verify(wire, user))),
    Effect.scoped
  )

/** A client that goes away when it has been told to send its message. */
const vanish = Scenario.open.pipe(
  Effect.tap((wire) => Dialogue.mail(wire, "here@example.com")),
  Effect.tap((wire) => Dialogue.rcpt(wire, "there@example.com")),
  Effect.tap((wire) => Dialogue.data(wire)),
  Effect.map((wire) => wire.close("reset")),
  Effect.scoped,
  Scenario.measure("vanish")
)

/** In each of ten sessions: a harvest between vanishing clients, within a minute. */
const probing = (users: ReadonlyArray<string>) =>
  Effect.repeatN(vanish, 4).pipe(
    Effect.zipRight(harvest(users)),
    Effect.zipLeft(Effect.repeatN(vanish, 4)),
    Effect.retry({
      times: 3,
      schedule: Schedule.exponential("1 second"),
      while: ({ _tag }) => _tag === "ConnectFailed"
    }),
    Effect.timeout("1 minute"),
    Effect.catchTag("ReplyRejected", ({ reply, step }) => Effect.succeed([`${step} refused: ${reply.code}`]))
  )

export const probe = (target: string, users: ReadonlyArray<string>) =>
  Scenario.run(Plan.make({ target, sessions: 10 }), probing(users))

// Effect.runPromise(probe("localhost:2525", ["root", "admin"]).pipe(Effect.provide(NodeServices.layer)))
