/** Workers in this thread, over whatever connector there is: what threads do, in virtual time. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Workers from "../../src/load/Workers.js"
import { Connector } from "../../src/smtp/Wire.js"

/**
 * Workers in this thread. The one of this number dies after so many milliseconds: from then on it says nothing, and its
 * books stand as they did.
 */
export const mortal = (dying: number, after: number) =>
  Layer.effect(
    Workers.Workers,
    Effect.map(Connector, (connector) => {
      let started = 0
      return Workers.Workers.of({
        processors: 2,
        start: (payload, onNews) =>
          Effect.gen(function* () {
            const dies = ++started === dying
            const ledger = dies ? new SharedArrayBuffer(payload.ledger.byteLength) : payload.ledger
            const hurrying = yield* Effect.makeLatch()
            const working = yield* Effect.forkScoped(
              Workers.work({ ...payload, ledger }, { stopping: Effect.never, hurrying: hurrying.await }, onNews).pipe(
                Effect.provideService(Connector, connector)
              )
            )
            const death = Effect.zipRight(
              Effect.sleep(after),
              Effect.suspend(() => {
                new Uint8Array(payload.ledger).set(new Uint8Array(ledger))
                return new Workers.WorkerDied({ reason: "out of \x1b[31mmemory" })
              })
            )
            return { end: dies ? death : Fiber.join(working), tell: () => Effect.asVoid(hurrying.open) }
          })
      })
    })
  )

/** All of them well. */
export const well = mortal(-1, 0)
