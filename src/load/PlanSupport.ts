/**
 * What of a plan a way of running it cannot honour: it says so, rather than do something else.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Corpus from "../plan/Corpus.js"
import { DkimCrypto } from "../plan/Dkim.js"
import { CorpusStore } from "../plan/CorpusStore.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as AuthFields from "../plan/AuthFields.js"
import * as Template from "../plan/Template.js"
import * as TlsFields from "../plan/TlsFields.js"
import { EmbeddedSink } from "../sink/EmbeddedSink.js"
import type { AccountTable } from "../smtp/AccountTable.js"
import * as Target from "../smtp/Target.js"
import type { SocksLogin } from "../smtp/SocksProxy.js"
import type { TlsUnusable } from "../smtp/Tls.js"
import { Connector } from "../smtp/Wire.js"

const pauses = "a scenario waits by itself: use Scenario.pause"

const readFirst = "read it first: what TlsFields.read gives is the run's option tls"

const partsFirst = "read it first: what MessageParts.read gives is the run's option parts"

const reasons = {
  file: "read it first: what Plan.load gives is the run's option file",
  template: partsFirst,
  data: partsFirst,
  expand: partsFirst,
  headers: partsFirst,
  attach: partsFirst,
  dkim: `${partsFirst}; and provide DkimCrypto`,
  corpus: `${partsFirst}; where it is on disk, provide CorpusStore, too`,
  tlsCa: readFirst,
  tlsCert: readFirst,
  auth: "read the accounts first: what AuthFields.read gives is the run's option accounts",
  target: "none is given",
  clients: "read it first: what ClientFile.read gives is the run's option clients",
  socksLogin: "read it first: what SocksLogin.read gives is the run's option socksLogin",
  spread: "the Connector does not tell a name's addresses",
  sink: "start an EmbeddedSink, and give its target",
  calibrate: "that is the command's alone",
  workers: "several threads are for Workers.run, and for plans alone",
  delay: pauses,
  randomDelay: pauses,
  perConnection: "a scenario opens its connections by itself: use Scenario.open for each, or Scenario.kept",
  hold: "a scenario ends its connections by itself: use Scenario.pause before the end",
  think: pauses,
  shapes: "a scenario mixes by itself: use Scenario.mixed",
  abandon: "a scenario ends its connections by itself: use close of its Wire",
  segment: "give it as i/n: auto is the command's alone",
  downstream: "provide an EmbeddedSink, such as NodeSink.layer",
  pipelining: "a scenario's next message does not ride with the one before it: on, not full",
  depth: "a scenario sends one message at a time: --chunking without it, or the plan without a scenario",
  counter: "use the option onContentSent",
  verbose: "use the option onTrace",
  progress: "use Load.stream, or the option sampling",
  summary: "use Summary.render",
  report: "use RunReport.make, and a face of it",
  otlp: "use smtp-source/telemetry"
} as const

/**
 * A field of a plan that some way of running it cannot honour.
 *
 * @since 0.1.0
 * @category models
 */
export type UnsupportedField = keyof typeof reasons

/**
 * The plan asks for what this way of running it cannot do. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class PlanUnsupported extends Data.TaggedError("PlanUnsupported")<{
  readonly fields: ReadonlyArray<UnsupportedField>
}> {
  override get message(): string {
    return `the plan cannot be run like this: ${this.fields.map((field) => `${field} (${reasons[field]})`).join(", ")}`
  }
}

/**
 * Who runs a plan: `plan` in this thread, `workers` over several, `scenario` by scenarios of one's own.
 *
 * @since 0.1.0
 * @category models
 */
export type Way = "plan" | "workers" | "scenario"

/**
 * Fails with the fields that this way of running the plan cannot honour.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (
  plan: Plan,
  way: Way,
  {
    accounts,
    clients,
    file,
    parts,
    socksLogin,
    tls
  }: {
    readonly accounts?: AccountTable | undefined
    readonly clients?: Uint8Array | undefined
    readonly file?: Uint8Array | undefined
    readonly parts?: MessageParts.MessageParts | undefined
    readonly socksLogin?: Redacted.Redacted<SocksLogin> | undefined
    readonly tls?: TlsFields.TlsFiles | undefined
  } = {}
): Effect.Effect<void, PlanUnsupported | TlsUnusable, Connector> =>
  Effect.flatMap(
    Effect.all([
      Connector,
      Effect.serviceOption(CorpusStore),
      Effect.serviceOption(EmbeddedSink),
      Effect.serviceOption(DkimCrypto)
    ]),
    ([connector, store, sinks, signer]): Effect.Effect<void, PlanUnsupported | TlsUnusable> => {
      const hasStore = Option.isSome(store)
      const scenario = way === "scenario"
      const asked: { readonly [field in UnsupportedField]?: boolean } = {
        file: plan.file !== undefined && file === undefined,
        template: plan.template !== undefined && parts === undefined,
        data: plan.data !== undefined && parts === undefined,
        expand: plan.expand && parts === undefined,
        corpus:
          plan.corpus !== undefined && (parts?.corpus === undefined || (!hasStore && !Corpus.isKept(parts.corpus))),
        dkim: plan.dkim !== undefined && (parts?.dkimKey === undefined || Option.isNone(signer)),
        attach: parts === undefined && MessageParts.hasFiles(plan),
        headers: parts === undefined && (plan.headers ?? []).some(Template.isTemplate),
        tlsCa: plan.tlsCa !== undefined && tls === undefined,
        tlsCert: plan.tlsCert !== undefined && tls === undefined,
        auth: AuthFields.mechanismsOf(plan).length > 0 && accounts === undefined,
        target: plan.target === undefined && connector.target === undefined && !plan.sink && !plan.calibrate,
        clients: plan.clients !== undefined && clients === undefined,
        socksLogin: plan.socksLogin !== undefined && socksLogin === undefined,
        spread: plan.spread && connector.addresses === undefined,
        sink: plan.sink,
        calibrate: plan.calibrate,
        workers: way !== "workers" && plan.workers !== 1,
        delay: scenario && plan.delay !== undefined,
        randomDelay: scenario && plan.randomDelay !== undefined,
        perConnection: scenario && plan.perConnection !== undefined,
        hold: scenario && plan.hold !== undefined,
        think: scenario && plan.think !== undefined,
        shapes: scenario && plan.shapes !== undefined,
        abandon: scenario && plan.abandon !== undefined,
        segment: plan.segment === "auto",
        downstream: plan.downstream !== undefined && Option.isNone(sinks),
        pipelining: scenario && plan.pipelining === "full",
        depth: scenario && plan.depth > 1
      }
      return Effect.zipRight(refused(asked), usable(plan, tls, connector))
    }
  )

const usable = (
  plan: Plan,
  tls: TlsFields.TlsFiles | undefined,
  { checkTls }: Connector["Type"]
): Effect.Effect<void, TlsUnusable> => {
  const secured = TlsFields.waysOf({ ...plan }).find((way) => way !== "off")
  const use = TlsFields.use(plan, tls ?? {}, Target.inet("localhost", 25), secured ?? "off")
  return use === undefined ? Effect.void : (checkTls?.(use.settings) ?? Effect.void)
}

/**
 * Fails where the plan's TLS cannot be begun with what its files hold.
 *
 * @since 0.1.0
 * @category checks
 */
export const checkTls = (
  plan: Plan,
  tls: TlsFields.TlsFiles | undefined
): Effect.Effect<void, TlsUnusable, Connector> => Effect.flatMap(Connector, (connector) => usable(plan, tls, connector))

/**
 * Fails with the fields that only the command honours.
 *
 * @since 0.1.0
 * @category checks
 */
export const checkProgram = (plan: Plan): Effect.Effect<void, PlanUnsupported> =>
  refused({
    counter: plan.counter,
    verbose: plan.verbose > 0,
    progress: plan.progress === "plain",
    summary: plan.summary,
    report: plan.report !== undefined && plan.report.length > 0,
    otlp: plan.otlp !== undefined
  })

const refused = (asked: { readonly [field in UnsupportedField]?: boolean }): Effect.Effect<void, PlanUnsupported> => {
  // The keys are those of the object above.
  const fields = (Object.keys(reasons) as Array<UnsupportedField>).filter((field) => asked[field] === true)
  return fields.length === 0 ? Effect.void : new PlanUnsupported({ fields })
}
