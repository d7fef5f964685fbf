/**
 * The bytes that two runs of the very same program may differ in, and nothing else: when a message was made, and what
 * tells it from all others.
 *
 * Only what has the right form is replaced, so that a malformed header still shows.
 */

/** A date of RFC 5322 §3.3, its day padded with a space or a zero, with or without the name of the zone. */
const date =
  /^Date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [ \d]\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}(?: \(\w+\))?\r$/gm

/** What stands before the host name is the program's own affair. */
const messageId = /^Message-Id: <([\w.$+-]+)@([^\r\n]*)>\r$/gm

/** What a client said, with those values replaced. */
export const normal = (said: string): string =>
  said.replace(date, "Date: (a date)\r").replace(messageId, "Message-Id: <(an id)@$2>\r")

/** The message ids that a client sent. */
export const messageIds = (said: string): ReadonlyArray<string> =>
  Array.from(said.matchAll(messageId), (match) => match[1] ?? "")
