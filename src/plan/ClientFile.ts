/**
 * The clients of --clients: a CSV file whose first line names the columns, which are attributes of XCLIENT.
 *
 * The file stays as it is, in memory that threads share; a line is read when a connection asks for it.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ClientIdentity from "../smtp/ClientIdentity.js"
import * as IpAddress from "../smtp/IpAddress.js"
import { AccountsUnusable } from "./AuthFields.js"
import { fileReason } from "./FileReason.js"
import * as Rows from "./Rows.js"

/**
 * Clients, one after another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Population {
  readonly count: number
  /** What the client of this place, from 0, says by an attribute; undefined where it has none. */
  readonly at: (place: number) => (attribute: string) => string | undefined
}

/**
 * The clients of a file that was read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const populationOf = (file: Uint8Array): Population => {
  const { cells, count, names } = Either.getOrThrow(Rows.parse(file))
  const columns = new Map(names.map((name, column) => [name.toUpperCase(), column]))
  return {
    count,
    at: (place) => {
      const row = cells(place)
      return (attribute) => {
        const column = columns.get(attribute)
        const cell = column === undefined ? "" : Buffer.from(row[column]!, "latin1").toString("utf8").trim()
        return cell === "" ? undefined : cell
      }
    }
  }
}

interface ClientsPlan {
  readonly clients?: string | undefined
  readonly proxy?: string | undefined
}

/**
 * Reads the file of a plan, and checks all of its lines. It is `clients` among the options of a run; undefined where the plan
 * names none.
 *
 * @since 0.1.0
 * @category loading
 */
export const read = (
  plan: ClientsPlan
): Effect.Effect<Uint8Array | undefined, AccountsUnusable, FileSystem.FileSystem> => {
  const { clients: path } = plan
  if (path === undefined) return Effect.succeed(undefined)
  const unusable = (reason: string) => new AccountsUnusable({ option: "--clients", reason: `${path}${reason}` })
  return Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
    fileSystem.readFile(path).pipe(
      Effect.mapError((error) => unusable(`: ${fileReason(error)}`)),
      Effect.flatMap((file) =>
        Either.mapBoth(checked(file, plan.proxy !== undefined), {
          onLeft: ({ line, reason }) => unusable(`, line ${line}: ${reason}`),
          onRight: () => {
            const shared = new Uint8Array(new SharedArrayBuffer(file.length))
            shared.set(file)
            return shared
          }
        })
      )
    )
  )
}

const checked = (file: Uint8Array, needsAddress: boolean): Either.Either<void, Rows.RowsFailure> =>
  Either.flatMap(Rows.parse(file), ({ count, line, names }) => {
    const columns = names.map((name) => name.toUpperCase())
    const unknown = names.find((name) => !ClientIdentity.attributes.includes(name.toUpperCase()))
    const expected = `the columns are ${ClientIdentity.attributes.join(", ")}`
    if (unknown !== undefined)
      return Either.left({ line: 1, reason: `${expected}, and not ${JSON.stringify(unknown)}` })
    const { at } = populationOf(file)
    for (let place = 0; place < count; place++) {
      const client = at(place)
      const wrong = (reason: string) => Either.left({ line: line(place), reason })
      const address = client("ADDR")
      if (address === undefined ? needsAddress : IpAddress.parse(address) === undefined && !isTold(address))
        return wrong("an address of IPv4 or IPv6 is expected")
      if (address !== undefined && isTold(address) && needsAddress) return wrong("--proxy needs an address")
      const port = client("PORT")
      if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) return wrong("PORT is no port")
      if (columns.some((column) => /[\0\r\n]/.test(client(column) ?? "")))
        return wrong("a line break or a NUL in a cell")
    }
    return Either.void
  })

/** What XCLIENT says of an address that is not known. */
const isTold = (address: string): boolean => address === "[UNAVAILABLE]" || address === "[TEMPUNAVAIL]"
