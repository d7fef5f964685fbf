/**
 * The opening of one connection, over the first of its ways on which a server is found.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as AtHand from "../smtp/AtHand.js"
import type { ConnectFailed } from "../smtp/SmtpError.js"
import type { ConnectOptions, Wire } from "../smtp/Wire.js"
import type { Route, Ways } from "./Routes.js"
import type { Connecting } from "./SharedRun.js"
import type { Restore } from "./Turnstile.js"

/**
 * Tries one way after another, and counts what each attempt comes to. `onRoute` hears of each before it is tried; before that
 * it is the first one. An attempt that failed for want of something on this machine says nothing of the other ways: it is the
 * last.
 *
 * @since 0.1.0
 * @category running
 */
export const connect = (
  { connectOptions, connector, onUnused, recorder }: Connecting,
  ways: Ways,
  options: ConnectOptions,
  restore: Restore,
  onRoute: (route: Route) => void
): Effect.Effect<Wire, ConnectFailed> => {
  const { now } = connectOptions.deadlines
  const attempt = (routes: ReadonlyArray<Route>, place: number): Effect.Effect<Wire, ConnectFailed> => {
    const route = routes[place]!
    const started = now()
    onRoute(route)
    return Effect.matchEffect(restore(connector.connect(route.goes, options)), {
      onFailure: (error) => {
        recorder.onConnectFailed(error, now() - started, route.counter)
        if (error.local || place + 1 >= routes.length) return error
        onUnused(error)
        return attempt(routes, place + 1)
      },
      onSuccess: (wire) => {
        recorder.onConnected(now() - started, route.counter)
        return Effect.succeed(wire)
      }
    })
  }
  const all = ways.all(options)
  // Nothing has to be asked for: the usual case.
  const atHand = AtHand.success(all)
  if (atHand !== undefined) return attempt(atHand.value, 0)
  const started = now()
  onRoute(ways.first)
  return Effect.matchEffect(restore(all), {
    onFailure: (error) => {
      recorder.onConnectFailed(error, now() - started, ways.first.counter)
      return error
    },
    onSuccess: (routes) => attempt(routes, 0)
  })
}
