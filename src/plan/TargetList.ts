/**
 * Where a run's connections go: one server, or several in turn.
 *
 *     targets = target *( "," target )
 *     target  = ( address / mx ) [ "*" weight ]     ; of every 4 connections, 3 go to the first of a:25*3,b:25
 *     mx      = "mx:" domain [ ":" port ]           ; the mail exchangers of a domain; port 25
 *     weight  = 1 to 100
 *
 * The turns are a smooth weighted round robin: which target a connection goes to depends on its number and the list alone. A
 * pathname may hold commas and stars, as it always could: the next target begins with `,unix:`, `,inet:` or `,mx:` there, and a weight
 * is read in a list only.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Target from "../smtp/Target.js"
import * as Partition from "./Partition.js"

/**
 * A domain, for which its mail exchangers take mail.
 *
 * @since 0.1.0
 * @category models
 */
export interface MailDomain {
  readonly _tag: "Mx"
  readonly domain: string
  readonly port: number
}

/**
 * One target of a list.
 *
 * @since 0.1.0
 * @category models
 */
export interface Aim {
  readonly target: Target.Target | MailDomain
  readonly weight: number
}

/**
 * The targets of a plan, in their order: one at least.
 *
 * @since 0.1.0
 * @category models
 */
export type TargetList = readonly [Aim, ...ReadonlyArray<Aim>]

/** More are a mistake: turns repeat after as many connections as the weights add up to. */
const mostTargets = 256

const mostWeight = 100

/**
 * Reads a list of targets, or says what is wrong with which of them. `missingPort` is that of a target without one.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string, missingPort = 25): Either.Either<TargetList, string> => {
  const pieces = split(text)
  if (pieces.length > mostTargets) return Either.left(`at most ${mostTargets} targets are expected`)
  return Either.flatMap(Either.all(pieces.map((piece) => aimOf(piece, pieces.length > 1, missingPort))), (aims) => {
    const [first, ...others] = aims
    return first === undefined ? Either.left("no target") : Either.right([first, ...others] as const)
  })
}

/** A pathname ends where another target begins with its own name. */
const split = (text: string): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let rest = text
  while (true) {
    const isPath = rest.trimStart().startsWith("unix:")
    const end = isPath ? rest.search(/,\s*(?:unix|inet|mx):/) : rest.indexOf(",")
    if (end < 0) return [...pieces, pieces.length === 0 ? rest : rest.trim()]
    pieces.push(rest.slice(0, end).trim())
    rest = rest.slice(end + 1)
  }
}

const aimOf = (text: string, isOneOfSeveral: boolean, missingPort: number): Either.Either<Aim, string> => {
  if (text === "" && isOneOfSeveral) return Either.left("a target is missing before or after a comma")
  const isWeighted = isOneOfSeveral || !text.startsWith("unix:")
  const [, address = text, digits] = (isWeighted ? /^(.*)\*([^*\]]*)$/s.exec(text) : null) ?? []
  const weight = digits === undefined ? 1 : /^\d+$/.test(digits) ? Number(digits) : 0
  if (weight < 1 || weight > mostWeight) {
    return Either.left(`${JSON.stringify(text)}: a weight from 1 to ${mostWeight} is expected after "*"`)
  }
  const server = Target.parse(address, missingPort)
  // mx:25 and mx:smtp are a host of that name, as they always were.
  const isDomain = /^mx:(?!\d+$)/.test(address) && Either.isLeft(server)
  const target: Either.Either<Aim["target"], string> = isDomain ? mailDomain(address) : server
  return Either.map(target, (target) => ({ target, weight }))
}

const mailDomain = (text: string): Either.Either<MailDomain, string> =>
  Either.flatMap(Target.parse(`inet:${text.slice("mx:".length)}`), (target) =>
    target._tag === "Unix" || !Target.isHostName(target.host)
      ? Either.left(`${JSON.stringify(text)}: a domain is expected after mx:`)
      : Either.right({ _tag: "Mx", domain: target.host, port: target.port })
  )

/**
 * The text that is read as this target.
 *
 * @since 0.1.0
 * @category destructors
 */
export const format = (target: Aim["target"]): string =>
  target._tag === "Mx" ? `mx:${target.domain}${target.port === 25 ? "" : `:${target.port}`}` : Target.format(target)

/**
 * Whether what is sent there stays on this machine. Of a domain nobody knows.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLocal = (target: Aim["target"]): boolean => target._tag !== "Mx" && Target.isLocal(target)

/**
 * One connection's turn.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn {
  /** The place of its target in the list. */
  readonly place: number
  /** How many connections went to that target before. */
  readonly nth: number
}

/**
 * The turn of each connection, by the connection's number from 0.
 *
 * @since 0.1.0
 * @category reading
 */
export const turns = (list: TargetList): ((connection: number) => Turn) => {
  const pattern = Partition.turns(list.map(({ weight }) => weight))
  const times = list.map(() => 0)
  const round = pattern.map((place) => ({ place, before: times[place]!++ }))
  return (connection) => {
    const { before, place } = round[connection % round.length]!
    return { place, nth: Math.floor(connection / round.length) * times[place]! + before }
  }
}
