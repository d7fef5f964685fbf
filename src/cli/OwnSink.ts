/**
 * The sink that a plan is run against where it names no target: it speaks what the plan does.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Amount from "../plan/Amount.js"
import * as AuthFields from "../plan/AuthFields.js"
import type { Plan } from "../plan/Plan.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as SinkFields from "../plan/SinkFields.js"
import * as TlsFields from "../plan/TlsFields.js"
import type { AccountTable } from "../smtp/AccountTable.js"
import type { SinkAuthConfig } from "../sink/SinkAuth.js"
import type { SinkConfig } from "../sink/SinkOptions.js"
import type { Behaviour } from "../sink/Behaviour.js"
import * as SinkOffers from "../sink/SinkOffers.js"
import * as Misbehaviour from "../sink/Misbehaviour.js"
import { EmbeddedSink, type RunningSink, type SinkFailed } from "../sink/EmbeddedSink.js"

const sinkTls = { off: "off", starttls: "required", "if-offered": "offered", implicit: "implicit" } as const

/** Where all connections ask for TLS, a sink that would do without it is not what is meant. */
const tlsOf = (plan: Plan): SinkConfig["tls"] => {
  const [way = "off", ...others] = TlsFields.waysOf({ ...plan })
  return others.length === 0 ? sinkTls[way] : "offered"
}

/**
 * Starts the sink. Where the plan logs in, its accounts are those of the sink, too, and nobody else is served. A proof is told what
 * has come.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (
  plan: Plan,
  accounts: AccountTable | undefined,
  proof?: ProofOrder | undefined
): Effect.Effect<RunningSink, SinkFailed, EmbeddedSink | Scope.Scope> =>
  Effect.flatMap(EmbeddedSink, (embedded) =>
    embedded.start(
      {
        protocol: plan.lmtp ? "lmtp" : "smtp",
        maxRecipients: plan.recipients === undefined ? undefined : Amount.countsOf(plan.recipients).most,
        tls: tlsOf(plan),
        auth: accounts === undefined ? undefined : authOf(plan, accounts),
        // A load balancer's header is no secret, and clients are who they say they are.
        proxy: plan.proxy === undefined ? undefined : "any",
        ...SinkOffers.configOf(offersOf(plan))
      },
      { behaviour: behaviourOf(plan), proof }
    )
  )

/** Whatever the plan says of clients, the sink lets it say. */
const offersOf = (plan: Plan): SinkOffers.SinkOffers => {
  const { hide = [], offer = [] } = SinkFields.offersOf(plan)
  const said = [
    ...(plan.xclient === undefined ? [] : ["xclient"]),
    ...(plan.xforward === undefined ? [] : ["xforward"])
  ]
  return { hide, offer: [...said, ...offer] }
}

/** How it is to misbehave; one that does runs beside the generator, in its thread. */
const behaviourOf = (plan: Plan): Behaviour | undefined => {
  const words = SinkFields.wordsOf(plan)
  if (!Misbehaviour.isAny(words)) return undefined
  return Misbehaviour.behaviourOf(words)
}

const authOf = (plan: Plan, accounts: AccountTable): SinkAuthConfig => ({
  mechanisms: plan.auth === "auto" || plan.accounts !== undefined ? undefined : AuthFields.mechanismsOf(plan),
  accounts: accounts.toData(),
  required: true
})

/**
 * What the files of a plan's TLS hold, and trust in the sink's own certificate, which was made for this run: nobody else
 * vouches for it. A plan with authorities of its own has those alone.
 *
 * @since 0.1.0
 * @category combinators
 */
export const trusting = (files: TlsFields.TlsFiles, sink: RunningSink | undefined): TlsFields.TlsFiles =>
  files.ca === undefined && sink?.certificate !== undefined ? { ...files, ca: sink.certificate } : files
