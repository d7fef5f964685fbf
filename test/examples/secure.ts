import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Capabilities, Dialogue, Introduction, Plan, Scenario, type Tls } from "smtp-source"

/** Whom to talk to, and as whom. */
export interface Secure {
  readonly target: string
  readonly settings: Tls.TlsSettings
  readonly user: string
  readonly password: Redacted.Redacted<string>
}

/** Step by step, so that each can be left out, done twice, or measured: the version of TLS, once we are in. */
const stepByStep = ({ password, settings, user }: Secure) =>
  Effect.gen(function* () {
    const wire = yield* Scenario.connect
    yield* Dialogue.greeting(wire)
    yield* Dialogue.hello(wire, "EHLO", "me.example")
    const { version } = yield* Dialogue.startTls(wire, settings)
    // What was offered before TLS is void.
    wire.capabilities = Capabilities.parse(yield* Dialogue.hello(wire, "EHLO", "me.example"))
    yield* Dialogue.authenticate(wire, { user, password })
    yield* Dialogue.quit(wire)
    return version
  }).pipe(Effect.scoped, Scenario.measure("by hand"))

/** The same as one value, with what the server offers in the end. */
const introduced = ({ password, settings, user }: Secure) =>
  Effect.gen(function* () {
    const wire = yield* Scenario.connect
    const tls: Tls.TlsUse = { how: "starttls", settings }
    const offers = yield* Introduction.run(wire, { verb: "EHLO", name: "me.example", tls })
    yield* Dialogue.authenticate(wire, { user, password })
    yield* Dialogue.quit(wire)
    return offers.has("PIPELINING")
  }).pipe(Effect.scoped, Scenario.measure("introduced"))

/** Over a port where TLS comes first. */
const implicit = ({ settings }: Secure) =>
  Effect.gen(function* () {
    const wire = yield* Scenario.connect
    const { resumed } = yield* wire.startTls(settings)
    yield* Introduction.run(wire, { verb: "EHLO", name: "me.example" })
    yield* Dialogue.quit(wire)
    return resumed
  }).pipe(Effect.scoped, Scenario.measure("implicit"))

const sessions = (target: string) => Plan.make({ target, sessions: 3, timeout: 10 })

export const secure = (options: Secure) =>
  Scenario.run(sessions(options.target), Effect.zip(stepByStep(options), introduced(options)))

export const secureFirst = (options: Secure) => Scenario.run(sessions(options.target), implicit(options))
