/**
 * What is emitted for an engine: a plan, and what there is to know of it where segments run elsewhere.
 *
 * @since 0.1.0
 */
import * as Arrival from "../plan/Arrival.js"
import * as Attachment from "../plan/Attachment.js"
import * as Either from "effect/Either"
import * as CorpusPath from "../plan/CorpusPath.js"
import * as Plan from "../plan/Plan.js"
import * as PlanField from "../plan/PlanField.js"

/**
 * The plan, in how many segments, and the command's arguments.
 *
 * @since 0.1.0
 * @category models
 */
export interface Emitted {
  readonly plan: Plan.Plan
  readonly segments: number
  readonly args: ReadonlyArray<string>
}

/**
 * How many seconds the engine may let it take: the run's own time and a little, or a day where nobody knows.
 *
 * @since 0.1.0
 * @category reading
 */
export const secondsOf = ({ plan }: Emitted): number => {
  const { end } = Arrival.make(plan, plan.seed ?? "") ?? Arrival.make({ ...plan, rate: "1/s" }, "") ?? { end: 0 }
  return end < Number.POSITIVE_INFINITY ? Math.ceil(end / 1000 + plan.drain) + 600 : 86_400
}

/**
 * A file that the command reads.
 *
 * @since 0.1.0
 * @category models
 */
export interface NeededFile {
  /** The option that names it: `--password-file`. */
  readonly option: string
  readonly path: string
  readonly isSecret: boolean
}

/** Whoever reads them can log in, or speak for us. */
const secret: ReadonlyArray<string> = ["passwordFile", "accounts", "tlsKey", "dkimKey"]

/** It is written. */
const written: ReadonlyArray<string> = ["tlsKeylog"]

/**
 * The files that a segment reads wherever it runs.
 *
 * @since 0.1.0
 * @category reading
 */
export const filesOf = (plan: Plan.Plan): ReadonlyArray<NeededFile> => {
  const values: { readonly [field: string]: unknown } = { ...plan }
  return Object.entries(Plan.planFields).flatMap(([field, schema]) => {
    const value = values[field]
    const described = PlanField.of(schema)
    if (described?.placeholder === undefined || value === undefined || written.includes(field)) return []
    const { placeholder } = described
    if (!/(^|[\]|])(file|path)\b/.test(placeholder) || placeholder.startsWith("format")) return []
    const option = PlanField.optionOf(field, schema)
    return [value].flat().flatMap((each) => {
      const path = placeholder.startsWith("[share") ? shared(field, String(each)) : String(each)
      return path === undefined ? [] : [{ option, path, isSecret: secret.includes(field) }]
    })
  })
}

/** What has a share may be no file. */
const shared = (field: string, text: string): string | undefined =>
  field === "corpus" ? CorpusPath.parse(text).path : attached(text)

const attached = (text: string): string | undefined =>
  Either.match(Attachment.parse(text), {
    onLeft: () => undefined,
    onRight: ({ what }) => ("path" in what ? what.path : undefined)
  })

/**
 * Whether the password of `--user` comes from the environment.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsPassword = ({ passwordFile, user }: Plan.Plan): boolean =>
  user !== undefined && passwordFile === undefined

/**
 * Comment lines that name the files which a segment reads: they must be where it runs.
 *
 * @since 0.1.0
 * @category formatting
 */
export const filesNote = (plan: Plan.Plan, where: string): string => {
  const files = filesOf(plan)
  if (files.length === 0) return ""
  const line = ({ isSecret, option, path }: NeededFile) =>
    `#   ${oneLine(path)} (${option})${isSecret ? ", a secret" : ""}\n`
  return `# These files must be ${where}:\n${files.map(line).join("")}`
}

/** A path cannot end its comment. */
const oneLine = (path: string): string => JSON.stringify(path).slice(1, -1)
