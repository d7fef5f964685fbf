/**
 * A Containerfile's instructions, and what they do, in folders instead of images.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

/** One instruction: `RUN`, and what stands after it. */
export interface Step {
  readonly instruction: string
  readonly rest: string
}

/** Reads the instructions, without comments, each on one line. */
export const parse = (text: string): ReadonlyArray<Step> =>
  text
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ instruction: line.slice(0, line.indexOf(" ")), rest: line.slice(line.indexOf(" ") + 1).trim() }))

/** What has become of a stage: its folder stands for `/`. */
export interface Stage {
  readonly folder: string
  /** As the image has it, such as `/opt`. */
  workdir: string
  user: string
  entrypoint: ReadonlyArray<string>
  readonly env: Record<string, string>
}

/**
 * Carries the steps out, each stage in a folder of its own under `place`, and gives the last one. What is copied comes from
 * `context`. Commands run in the stage's folder: a step that names another place by its path from / is not for here.
 */
export const carryOut = (steps: ReadonlyArray<Step>, context: string, place: string): Stage => {
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const { instruction, rest } of steps) {
    if (instruction === "ARG") continue
    if (instruction === "FROM") {
      const [, name = "last"] = / AS (\w+)$/.exec(rest) ?? []
      const folder = path.join(place, name)
      fs.mkdirSync(folder)
      stage = { folder, workdir: "/", user: "root", entrypoint: [], env: {} }
      stages.set(name, stage)
      continue
    }
    if (stage === undefined) throw new Error(`${instruction} comes before FROM`)
    const here = path.join(stage.folder, stage.workdir)
    switch (instruction) {
      case "WORKDIR":
        stage.workdir = rest
        fs.mkdirSync(path.join(stage.folder, rest), { recursive: true })
        break
      case "COPY":
        copy(rest, context, stages, here)
        break
      case "RUN":
        run(rest, stage, here)
        break
      case "ENV": {
        const [name = "", value = ""] = rest.split(/=(.*)/s)
        stage.env[name] = value.replace(/\$(\w+)/g, (_, other: string) => process.env[other] ?? "")
        break
      }
      case "USER":
        stage.user = rest
        break
      case "ENTRYPOINT":
        stage.entrypoint = JSON.parse(rest)
        break
      default:
        throw new Error(`${instruction} is not known here`)
    }
  }
  if (stage === undefined) throw new Error("there is no stage")
  return stage
}

const copy = (rest: string, context: string, stages: ReadonlyMap<string, Stage>, here: string): void => {
  const words = rest.split(/\s+/)
  const from = words[0]?.startsWith("--from=") === true ? stages.get(words.shift()!.slice("--from=".length)) : undefined
  const to = words.pop()!
  for (const source of words) {
    const found = path.join(from?.folder ?? context, source)
    const isFile = fs.statSync(found).isFile()
    // A file goes into a folder, and a folder's content into the folder that is named.
    fs.cpSync(found, isFile && to.endsWith("/") ? path.join(here, to, path.basename(source)) : path.join(here, to), {
      recursive: true
    })
  }
}

const run = (command: string, stage: Stage, cwd: string): void => {
  const { status, stderr, stdout } = spawnSync("sh", ["-c", command], {
    cwd,
    env: environment(stage),
    encoding: "utf8"
  })
  if (status !== 0) throw new Error(`RUN ${command}: exit status ${status}\n${stdout}${stderr}`)
}

/** What commands find in the stage: on its PATH, the folders of the image are those of the stage. */
export const environment = ({ env, folder }: Stage): Record<string, string> => {
  const inStage = (entry: string) => (fs.existsSync(path.join(folder, entry)) ? path.join(folder, entry) : entry)
  const PATH = (env.PATH ?? process.env.PATH ?? "").split(":").map(inStage).join(":")
  return { HOME: process.env.HOME ?? "/", ...env, PATH }
}
