/**
 * The servers that a run's connections go to, and which of them each connection goes to.
 *
 * @since 0.1.0
 */
import type { Recorder } from "../measure/Recorder.js"
import type { Counter } from "../measure/TargetTally.js"
import * as Partition from "../plan/Partition.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as TargetList from "../plan/TargetList.js"
import * as TlsFields from "../plan/TlsFields.js"
import type { Introduction } from "../smtp/Introduction.js"
import * as Target from "../smtp/Target.js"
import * as ConnectionBegin from "./ConnectionBegin.js"

/**
 * The way to one server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly target: Target.Target
  /** How connections to it begin. */
  readonly introduction: Introduction
  /** What it is counted by, where there are several. */
  readonly counter: Counter | undefined
}

/**
 * The ways of a run's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Routes {
  /** The way of the connection of this number. */
  readonly of: (connection: number) => Route
}

/**
 * What ways are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface RoutesOptions {
  /** The targets, in the plan's order. */
  readonly targets: TargetList.TargetList
  /** The name to introduce ourselves by. */
  readonly helloName: string
  readonly tls: TlsFields.TlsFiles
  readonly recorder: Recorder
}

/**
 * The ways of a plan's connections. Each segment takes the targets in turn by itself, and each begins with another one: so both
 * it and the whole run keep to the weights.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: Plan, { helloName, recorder, targets, tls }: RoutesOptions): Routes => {
  const routes = targets.map(({ target }): Route => {
    const use = TlsFields.use(plan, tls, target)
    return {
      target,
      introduction: ConnectionBegin.introductionOf(plan, helloName, use),
      counter: targets.length === 1 ? undefined : recorder.targetCounter(Target.format(target))
    }
  })
  const [only] = routes
  if (routes.length === 1) return { of: () => only! }
  const own = Segment.ofPlan(plan)
  const { count } = Partition.of(own)
  const turn = TargetList.turns(targets)
  return { of: (connection) => routes[turn(count(connection) + own.index)]! }
}
