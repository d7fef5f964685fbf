/**
 * What ours is expected to say where it differs from the original: the pieces of a usual dialogue.
 */
import { clientName } from "./Case.js"
import type { Observation } from "./Observation.js"

/** Lines as they go over the wire. */
export const lines = (...texts: ReadonlyArray<string>): string => texts.map((text) => `${text}\r\n`).join("")

export const helo = lines(`HELO ${clientName}`)
export const lhlo = lines(`LHLO ${clientName}`)
export const mail = lines(`MAIL FROM:<foo@${clientName}>`)
export const rcpt = lines(`RCPT TO:<foo@${clientName}>`)
/** The two recipients of `-r 2`. */
export const twoRcpts = lines(`RCPT TO:<2foo@${clientName}>`) + rcpt
export const data = lines("DATA")
export const dot = lines(".")
export const quit = lines("QUIT")

/** These dialogues, each ended as usual: by a reset of ours. */
export const dialogues = (...wire: ReadonlyArray<string>): Pick<Observation, "wire" | "endings"> => ({
  wire,
  endings: wire.map(() => "client reset")
})

/** The headers of every message, without their values that no two runs share. */
export const headers = lines(
  `From: <foo@${clientName}>`,
  `To: <foo@${clientName}>`,
  "Date: (a date)",
  `Message-Id: <(an id)@${clientName}>`,
  ""
)

/** The body of a message of which nothing is said. */
export const body = lines("La de da de da 1.", "La de da de da 2.", "La de da de da 3.", "La de da de da 4.")

export const content = headers + body + dot

/** A message to one recipient, as its envelope and content go over the wire. */
export const message = mail + rcpt + data + content

/** A message of `-r 2`. */
export const messageToTwo = mail + twoRcpts + data + content
