/**
 * Scripts that complete the command line in bash, zsh and fish, from the table of options.
 *
 * The scripts that @effect/cli makes are not used: they offer options that are not ours, and in bash the values of a
 * choice as one word (`reset,fin`).
 *
 * @since 0.1.0
 */
import * as ReportRequest from "../plan/ReportRequest.js"
import * as ShapeGrammar from "../plan/ShapeGrammar.js"
import type { OptionRow } from "./OptionTable.js"
import type { Shell } from "./Shell.js"

/**
 * The script for a shell: to be sourced, or put where the shell looks for completions.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (shell: Shell, rows: ReadonlyArray<OptionRow>, command: Completed = smtpSource): string =>
  `${scripts[shell](rows, command).join("\n")}\n`

/**
 * The command that is completed, and what its operands are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Completed {
  readonly name: string
  readonly operands: "host" | "file"
}

const smtpSource: Completed = { name: "smtp-source", operands: "host" }

const functionOf = ({ name }: Completed): string => `_${name.replaceAll("-", "_")}`

const bash = (rows: ReadonlyArray<OptionRow>, command: Completed): ReadonlyArray<string> => {
  const valued = rows.filter((row) => row.kind === "value")
  const pattern = (some: ReadonlyArray<OptionRow>) => some.map((row) => names(row).join("|")).join("|")
  const free = valued.filter((row) => wordsOf(row).length === 0 && !isFile(row))
  return [
    `# bash completion for ${command.name}`,
    `${functionOf(command)}() {`,
    "  local IFS=$'\\n' word=$2 before=$3 attached=",
    "  # --name=value is three words to bash.",
    '  if [[ $word == "=" ]]; then',
    "    word=",
    '  elif [[ $before == "=" ]]; then',
    `    before=\${COMP_WORDS[COMP_CWORD-2]} attached=yes`,
    "  fi",
    `  [[ \${COMP_WORDS[COMP_CWORD]} == "=" ]] && attached=yes`,
    "  COMPREPLY=()",
    "  case $before in",
    `    ${pattern(valued.filter(isFile))})`,
    "      compopt -o filenames 2>/dev/null",
    '      COMPREPLY=($(compgen -f -- "$word"))',
    "      return ;;",
    ...valued
      .filter((row) => wordsOf(row).length > 0)
      .flatMap((row) => [
        `    ${pattern([row])})`,
        // What also stands alone has no value but after =.
        ...(row.alone === undefined ? [] : ["      if [[ $attached ]]; then"]),
        `      COMPREPLY=($(compgen -W $'${wordsOf(row).join("\\n")}' -- "$word"))`,
        ...(row.alone === undefined ? ["      return ;;"] : ["      return", "      fi ;;"])
      ]),
    `    ${pattern(free)})`,
    "      return ;;",
    "  esac",
    "  if [[ $word == -* ]]; then",
    `    COMPREPLY=($(compgen -W $'${rows.flatMap((row) => [...names(row), ...presets(row), ...negations(row)]).join("\\n")}' -- "$word"))`,
    "  else",
    `    COMPREPLY=($(compgen ${command.operands === "host" ? "-A hostname" : "-f"} -- "$word"))`,
    "  fi",
    "}",
    `complete -F ${functionOf(command)} ${command.name}`
  ]
}

const zsh = (rows: ReadonlyArray<OptionRow>, command: Completed): ReadonlyArray<string> => {
  const specs = rows.flatMap((row) => {
    const text = zshText(summary(row))
    const value =
      row.kind === "value" ? `${row.alone === undefined ? "" : ":"}:${zshText(row.placeholder)}:${zshValues(row)}` : ""
    // A value may be attached to a letter, and follows a long name after = or a blank.
    const spellings = names(row).map((name) =>
      row.kind !== "value" ? name : name.startsWith("--") ? `${name}=${row.alone === undefined ? "" : "-"}` : `${name}+`
    )
    const others = row.kind === "count" ? "*" : `(${names(row).join(" ")})`
    return [
      ...spellings.map((spelling) => quote(`${others}${spelling}[${text}]${value}`)),
      ...presets(row).map((name) => quote(`${name}[${text}]`)),
      ...negations(row).map((name) => quote(`${name}[undo --${row.long}]`))
    ]
  })
  return [
    `#compdef ${command.name}`,
    `${functionOf(command)}() {`,
    "  _arguments -s -S \\",
    ...specs.map((spec) => `    ${spec} \\`),
    command.operands === "host" ? "    ':target:_hosts'" : "    '*:file:_files'",
    "}",
    // Both ways in: loaded from fpath, where the file is the function, or sourced.
    `if [ "$funcstack[1]" = "_${command.name}" ] || [ "$funcstack[1]" = "${functionOf(command)}" ]; then`,
    `  ${functionOf(command)} "$@"`,
    "else",
    `  compdef ${functionOf(command)} ${command.name}`,
    "fi"
  ]
}

const fish = (rows: ReadonlyArray<OptionRow>, command: Completed): ReadonlyArray<string> => [
  `# fish completion for ${command.name}`,
  ...(command.operands === "host" ? [`complete -c ${command.name} -f -a '(__fish_print_hostnames)'`] : []),
  ...rows.flatMap((row) => {
    const letter = row.short === undefined ? "" : ` -s ${row.short}`
    const value =
      row.kind !== "value"
        ? ""
        : isFile(row)
          ? " -r -F"
          : wordsOf(row).length > 0
            ? ` ${row.alone === undefined ? "-x" : "-f"} -a '${wordsOf(row).join(" ")}'`
            : " -x"
    const text = ` -d '${summary(row).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
    return [
      `complete -c ${command.name}${letter} -l ${row.long}${value}${text}`,
      ...presets(row).map((name) => {
        const spelling = name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
        return `complete -c ${command.name} ${spelling}${text}`
      }),
      ...negations(row).map((name) => `complete -c ${command.name} -l ${name.slice(2)} -d 'undo --${row.long}'`)
    ]
  })
]

const scripts: {
  readonly [shell in Shell]: (rows: ReadonlyArray<OptionRow>, command: Completed) => ReadonlyArray<string>
} = {
  bash,
  zsh,
  fish
}

const names = (row: OptionRow): ReadonlyArray<string> => [
  ...(row.short === undefined ? [] : [`-${row.short}`]),
  `--${row.long}`
]

const presets = (row: OptionRow): ReadonlyArray<string> =>
  Object.keys(row.presets).map((name) => (name.length === 1 ? `-${name}` : `--${name}`))

const isFile = (row: OptionRow): boolean => row.placeholder === "file"

/** The first sentence of the description, without what stands in brackets: menus are narrow. */
const summary = (row: OptionRow): string =>
  row.description
    .replaceAll(/ \([^)]*\)/g, "")
    .replace(/[.](\s.*)?$/s, "")
    .replace(/: ".*$/s, "")

/** The words that a value can be, or begin with. */
const wordsOf = (row: OptionRow): ReadonlyArray<string> => {
  if (row.choices.length > 0) return row.choices
  return row.long === "report"
    ? ReportRequest.kinds
    : row.long === "otlp"
      ? ["auto"]
      : row.long === "abandon"
        ? ShapeGrammar.steps
        : []
}

/** What undoes the option. */
const negations = (row: OptionRow): ReadonlyArray<string> => (row.negatable ? [`--no-${row.long}`] : [])

const zshValues = (row: OptionRow): string =>
  isFile(row) ? "_files" : wordsOf(row).length > 0 ? `(${wordsOf(row).join(" ")})` : " "

const zshText = (text: string): string => text.replace(/[\\[\]:]/g, "\\$&")

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
