/** A terminal on which these keys are pressed, and nothing is seen. */
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"

/** Letters, or the names of keys; `ctrl-c` leaves. */
export const layer = (keys: ReadonlyArray<string>): Layer.Layer<Terminal.Terminal> =>
  Layer.effect(
    Terminal.Terminal,
    Effect.gen(function* () {
      const inputs = yield* Mailbox.make<Terminal.UserInput>()
      for (const key of keys) {
        if (key === "ctrl-c") break
        const name = key === " " ? "space" : key
        inputs.unsafeOffer({
          input: key.length === 1 ? Option.some(key) : Option.none(),
          key: { name, ctrl: false, meta: false, shift: false }
        })
      }
      if (keys.includes("ctrl-c")) yield* inputs.end
      return Terminal.Terminal.of({
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        isTTY: Effect.succeed(true),
        readInput: Effect.succeed(inputs),
        readLine: new Terminal.QuitException(),
        display: () => Effect.void
      })
    })
  )
