/**
 * The habits of getopt(3) and getopt_long(3), as a pure function of the argument list: what was given, by long name, and
 * what is left over.
 *
 * Clusters (`-cdN`), attached values (`-m100`), `--`, values that begin with a hyphen, empty values, `--long=value`, and
 * options after the operands. Long names are not abbreviated.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Suggestion from "../plan/Suggestion.js"

/**
 * What has to be known of an option.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionSpec {
  readonly long: string
  readonly short: string | undefined
  readonly kind: "flag" | "count" | "value"
  /** Letters and long names without a value of their own that stand for this option with that value. */
  readonly presets: { readonly [name: string]: string }
  /** The value that the long name stands for alone, which then takes no argument but with `=`. */
  readonly alone: string | undefined
  /** Whether `--no-…` undoes it: a flag or a count that may also be set elsewhere. */
  readonly negatable: boolean
  /** Words that it takes. */
  readonly choices: ReadonlyArray<string>
  /** Whether a text is no value of it; undefined where every text is one. */
  readonly refuses: ((text: string) => boolean) | undefined
}

/**
 * The options given, by long name, each with its values in order: of an option that is not repeatable the last one counts.
 * A flag's value is `true` or, after `--no-…`, `false`; a count's is how often it was given since the last `--no-…`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arguments {
  readonly options: ReadonlyMap<string, ReadonlyArray<string>>
  readonly operands: ReadonlyArray<string>
}

/**
 * An argument list that cannot be read: all that is wrong with it, in getopt's words, and what else it holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Misread {
  readonly problems: readonly [string, ...ReadonlyArray<string>]
  readonly rest: Arguments
}

interface Named {
  readonly spec: OptionSpec
  /** The value that the name itself stands for. */
  readonly stands: string | undefined
}

/**
 * Makes the function that reads argument lists. `advice` says more about an unknown option, by its name.
 *
 * A value may begin with a hyphen, as getopt's may. Where it would be the next option and no value of this one, which has no
 * letter of the original's, it was forgotten: the option is reported, and the next one is read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  specs: ReadonlyArray<OptionSpec>,
  advice: { readonly [name: string]: string } = {}
): ((argv: ReadonlyArray<string>) => Either.Either<Arguments, Misread>) => {
  const names = namesOf(specs)
  const hintFor = (name: string): string =>
    Object.hasOwn(advice, name)
      ? ` (${advice[name]})`
      : names.has(`-${name}`)
        ? Suggestion.hint(`-${name}`)
        : Suggestion.hint(
            Suggestion.nearest(
              `--${name}`,
              [...names.keys()].filter((each) => each.startsWith("--"))
            )
          )
  const isOption = (argument: string): boolean => {
    const [name = ""] = argument.startsWith("--") ? argument.split("=", 1) : [argument.slice(0, 2)]
    return names.has(name)
  }
  const isLong = (argument: string): boolean => names.has(`-${argument.split("=", 1)[0]}`)
  const long = (argument: string): string =>
    `unrecognized option '${argument}' (did you mean -${argument.split("=", 1)[0]}?)`
  const isForgotten = ({ refuses, short }: OptionSpec, next: string | undefined): boolean =>
    next === undefined || (short === undefined && isOption(next) && refuses?.(next) === true)
  return (argv) => {
    const problems: Array<string> = []
    const options = new Map<string, ReadonlyArray<string>>()
    const operands: Array<string> = []
    const put = ({ spec, stands }: Named, value: string) => {
      const before = options.get(spec.long) ?? []
      if (spec.kind === "count") options.set(spec.long, [stands ?? String(Number(before[0] ?? 0) + 1)])
      else options.set(spec.long, [...before, stands ?? value])
    }
    const wants = ({ spec, stands }: Named) => spec.kind === "value" && stands === undefined

    for (let index = 0; index < argv.length; index++) {
      const argument = argv[index]!
      if (argument === "--") {
        operands.push(...argv.slice(index + 1))
        break
      }
      if (argument.startsWith("--")) {
        const equals = argument.indexOf("=")
        const name = equals < 0 ? argument.slice(2) : argument.slice(2, equals)
        const named = names.get(`--${name}`)
        if (named === undefined) {
          problems.push(`unrecognized option '--${name}'${hintFor(name)}`)
        } else if (!wants(named)) {
          if (equals >= 0) problems.push(`option '--${name}' doesn't allow an argument`)
          else put(named, "true")
        } else if (equals >= 0) {
          put(named, argument.slice(equals + 1))
        } else if (named.spec.alone !== undefined) {
          // Nobody means a target by that: it would be sent to.
          const next = argv[index + 1]
          if (next !== undefined && named.spec.choices.includes(next)) {
            problems.push(`option '--${name}' takes its argument after '=': --${name}=${next}`)
            index++
          } else put(named, named.spec.alone)
        } else if (isForgotten(named.spec, argv[index + 1])) {
          problems.push(`option '--${name}' requires an argument${wordsOf(named.spec)}`)
        } else {
          put(named, argv[++index]!)
        }
      } else if (argument.startsWith("-") && argument.length > 1) {
        // By character: half of one would be no letter to name in the error.
        const letters = Array.from(argument)
        const before = problems.length
        for (let position = 1; position < letters.length; position++) {
          const letter = letters[position]!
          const named = names.get(`-${letter}`)
          if (named === undefined) {
            problems.push(`invalid option -- '${letter}'`)
            continue
          }
          if (!wants(named)) {
            put(named, "true")
            continue
          }
          if (position + 1 < letters.length) {
            const value = letters.slice(position + 1).join("")
            if (isLong(argument) && named.spec.refuses?.(value) === true) problems.push(long(argument))
            else put(named, value)
          } else if (++index === argv.length) {
            problems.push(`option requires an argument -- '${letter}'`)
          } else {
            put(named, argv[index]!)
          }
          break
        }
        // One hyphen too few: of its letters, those that are none say nothing.
        if (problems.length > before && isLong(argument)) problems.splice(before, problems.length, long(argument))
      } else {
        operands.push(argument)
      }
    }
    const [first, ...others] = problems
    return first === undefined
      ? Either.right({ options, operands })
      : Either.left({ problems: [first, ...others], rest: { options, operands } })
  }
}

const wordsOf = ({ choices }: OptionSpec): string => (choices.length === 0 ? "" : ` (${choices.join(", ")})`)

const namesOf = (specs: ReadonlyArray<OptionSpec>): ReadonlyMap<string, Named> => {
  const names = new Map<string, Named>()
  for (const spec of specs) {
    names.set(`--${spec.long}`, { spec, stands: undefined })
    if (spec.short !== undefined) names.set(`-${spec.short}`, { spec, stands: undefined })
    if (spec.negatable) names.set(`--no-${spec.long}`, { spec, stands: spec.kind === "count" ? "0" : "false" })
    for (const [name, value] of Object.entries(spec.presets)) {
      names.set(name.length === 1 ? `-${name}` : `--${name}`, { spec, stands: value })
    }
  }
  return names
}
