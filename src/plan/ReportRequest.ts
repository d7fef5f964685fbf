/**
 * In which form a report is wanted, and where: `json=run.json`.
 *
 * @since 0.1.0
 */

/**
 * The forms.
 *
 * @since 0.1.0
 * @category constants
 */
export const formats = ["text", "json", "csv", "hgrm", "prometheus", "junit", "html"] as const

/**
 * One of `formats`.
 *
 * @since 0.1.0
 * @category models
 */
export type Format = (typeof formats)[number]

/**
 * The forms, and the journal, which is written while the run goes on.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds = [...formats, "ndjson"] as const

/**
 * One of `kinds`.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = (typeof kinds)[number]

/**
 * One report that is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReportRequest {
  readonly format: Kind
  /** Without one, text goes to standard error and the rest to standard output. */
  readonly file: string | undefined
}

/**
 * Reads a request; undefined where it is none. The file `-` is standard output, where text does not go.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): ReportRequest | undefined => {
  const at = text.indexOf("=")
  const name = at < 0 ? text : text.slice(0, at)
  const format = kinds.find((each) => each === name)
  const file = at < 0 ? undefined : text.slice(at + 1)
  if (format === undefined || file === "" || file?.includes("\u0000") === true) return undefined
  if (file !== "-") return { format, file }
  return format === "text" ? undefined : { format, file: undefined }
}

/**
 * Whether the report goes to standard output.
 *
 * @since 0.1.0
 * @category predicates
 */
export const takesStdout = ({ file, format }: ReportRequest): boolean => file === undefined && format !== "text"
