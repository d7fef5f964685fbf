/**
 * One situation to put both programs in: a command line, a server, and what to look at. Plain data.
 */
import type { DifferenceName } from "./Differences.js"
import type { Observation } from "./Observation.js"
import { obliging, type Script } from "./Script.js"

/** The words of the command line that say where to connect, and where the server listens for that. */
export interface Target {
  readonly place: "ipv4" | "ipv6" | "unix" | "nowhere"
  /** The address is a port number, or a path. */
  readonly words: (address: string) => ReadonlyArray<string>
}

/**
 * A reason for which the two programs may differ here, and what ours must do instead. Each facet that `ours` states
 * takes the place of the original's; all others must still be the same.
 */
export interface Excuse {
  readonly difference: DifferenceName
  readonly ours: Partial<Observation>
}

/** Which order is part of the comparison, and which is a matter of scheduling. */
export type Order =
  /** Connections and their lines: one session. */
  | "all"
  /** Lines within each connection: sessions in parallel. */
  | "lines"
  /** None: sessions that share their messages out as they come. */
  | "none"

export interface Case extends Situation {
  readonly group: string
}

/** A case that has no group yet. */
export interface Situation {
  readonly name: string
  /** The options, before the words of the target. */
  readonly options: ReadonlyArray<string>
  readonly target: Target
  readonly server: Script
  readonly order: Order
  /** The seconds without any event after which a program is taken to hang. */
  readonly patience: number
  readonly environment: { readonly [name: string]: string }
  readonly excuse: Excuse | undefined
}

/** What is said of a case beside its options. */
export interface Circumstances extends Partial<Omit<Situation, "options">> {
  /** False for a run under the machine's own host name. */
  readonly named?: boolean
}

/** TCP over IPv4, on loopback. */
export const ipv4: Target = { place: "ipv4", words: (port) => [`127.0.0.1:${port}`] }

/** TCP over IPv6, on loopback. */
export const ipv6: Target = { place: "ipv6", words: (port) => [`[::1]:${port}`] }

/** A UNIX-domain socket. */
export const unix: Target = { place: "unix", words: (path) => [`unix:${path}`] }

/** These words, for a server that listens in this place. */
export const to = (place: Target["place"], words: Target["words"]): Target => ({ place, words })

/** These very words, whether or not anybody listens. */
export const words = (...given: ReadonlyArray<string>): Target => ({ place: "nowhere", words: () => given })

/** The host name of most cases. */
export const clientName = "client.example"

/** More than any pause that a case asks for. */
const usualPatience = 15

/** Describes a situation. Options in one text are split at blanks; in a list they are taken as they are. */
export const check = (
  options: string | ReadonlyArray<string>,
  { excuse, name, named = true, ...rest }: Circumstances = {}
): Situation => {
  const list = typeof options === "string" ? options.split(" ").filter((word) => word !== "") : options
  return {
    target: ipv4,
    server: obliging,
    order: "all",
    patience: usualPatience,
    environment: {},
    ...rest,
    name: [name, list.map(readable).join(" ")].filter((part) => part !== undefined && part !== "").join(", "),
    options: named ? ["-M", clientName, ...list] : list,
    excuse
  }
}

/** Makes cases of these, under the name of their group. */
export const group = (
  name: string,
  ...cases: ReadonlyArray<Situation | ReadonlyArray<Situation>>
): ReadonlyArray<Case> => cases.flat().map((one) => ({ ...one, group: name }))

/** What is made of each pair. */
export const cross = <A, B>(
  ones: ReadonlyArray<A>,
  others: ReadonlyArray<B>,
  make: (one: A, other: B) => Situation | ReadonlyArray<Situation>
): ReadonlyArray<Situation> => ones.flatMap((one) => others.flatMap((other) => make(one, other)))

/** A word as a reader can tell it from its neighbours. */
export const readable = (word: string): string => {
  const short = word.length > 40 ? `${word.slice(0, 30)}… (${word.length} characters)` : word
  return /^[\x21-\x7e]+$/.test(short) && !/["\\]/.test(short) ? short : JSON.stringify(short)
}
