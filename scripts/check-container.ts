/**
 * Checks the container file, without an engine for containers: its steps are carried out in a temporary folder, and what
 * comes of them is used, as its user would.
 *
 *     npm run check:container
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { check } from "./Checks.js"
import { carryOut, environment, parse } from "./container/steps.js"

const root = fileURLToPath(new URL("..", import.meta.url))
const place = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-container-"))
process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }))
// Its user is not the one who made it.
fs.chmodSync(place, 0o755)

const text = fs.readFileSync(path.join(root, "scripts/container/Containerfile"), "utf8")
const image = carryOut(parse(text), root, place)

/** Any user but root: there is none of the image's here. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** What a command of the image has to complain of, if it does not end with 0 and say what it should. */
const complaint = (words: ReadonlyArray<string>, expected: string): string => {
  const [command = "", ...args] = words
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-work-"))
  fs.chmodSync(work, 0o777)
  const options = { cwd: work, env: environment(image), encoding: "utf8", ...nobody } as const
  const { error, status, stderr, stdout } = spawnSync(command, args, options)
  fs.rmSync(work, { recursive: true, force: true })
  const isWell = status === 0 && (stdout + stderr).includes(expected)
  return isWell ? "" : [error?.message, `exit status ${status}`, stdout, stderr].join("\n")
}

const entry = image.entrypoint
check("its user is not root", image.user === "root" || image.user === "0" ? image.user : "")
check("it runs smtp-source", complaint([...entry, "--sink", "--summary", "-m", "100"], "100 accepted"))
check(
  "it sets the sockets' buffers",
  complaint([...entry, "--sink", "--summary", "-m", "5", "-T", "8192"], "5 accepted")
)
check("it has smtp-report", complaint(["smtp-report", "--version"], "smtp-report "))
const segment = ["--segment", "1/2", "--run-id", "r", "-s", "2", "--report", "json=r.json"]
check("it runs a segment", complaint([...entry, "--sink", "-m", "6", "--summary", ...segment], "3 accepted"))

const sizeOf = (folder: string): number =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .reduce((sum, file) => sum + fs.lstatSync(path.join(folder, file)).size, 0)
const size = Math.round(sizeOf(image.folder) / 1e5) / 10
check(`it adds ${size} MB to the image of Node`, size < 15 ? "" : "too much: below 15 MB is expected")
