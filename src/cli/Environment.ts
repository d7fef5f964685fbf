/**
 * The environment's variables that stand in for options, read through the ConfigProvider.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"

/**
 * What stands in a variable; undefined where it is not set, or is empty: scripts and containers set one to an empty text where it
 * is to say nothing. One that cannot be read is as good as none.
 *
 * @since 0.1.0
 * @category reading
 */
export const valueOf = (variable: string): Effect.Effect<string | undefined> =>
  Effect.map(Effect.orElseSucceed(Config.option(Config.string(variable)), Option.none<string>), (value) =>
    Option.getOrUndefined(Option.filter(value, (text) => text !== "" || emptied.has(variable)))
  )

/** An empty text is a value of these: the null sender, and a Subject without a text. */
const emptied: ReadonlySet<string> = new Set(["SMTP_SOURCE_FROM", "SMTP_SOURCE_SUBJECT"])

/**
 * Gives a function that reads variables as `valueOf` does, for callers that ask for many: the provider is asked once which names it has.
 * Mostly that is none of ours, and a question for each of a hundred and fifty options takes a tenth of a short run.
 *
 * @since 0.1.0
 * @category reading
 */
export const reader: Effect.Effect<(variable: string | undefined) => Effect.Effect<string | undefined>> =
  Effect.configProviderWith(({ flattened }) =>
    Effect.match(flattened.enumerateChildren([]), {
      onFailure: () => (variable) => (variable === undefined ? nothing : valueOf(variable)),
      onSuccess: (names) => (variable) =>
        variable !== undefined && mayHave(names, variable) ? valueOf(variable) : nothing
    })
  )

const nothing = Effect.succeed(undefined)

/** The environment's own provider takes a name apart at underscores, and tells the first parts. */
const mayHave = (names: HashSet.HashSet<string>, variable: string): boolean =>
  HashSet.has(names, variable) || HashSet.has(names, variable.slice(0, variable.indexOf("_")))
