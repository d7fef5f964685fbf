/**
 * What has to be so for a fault to strike, and whether it is. Pure.
 *
 * @since 0.1.0
 */
import type { FaultCondition } from "../plan/FaultRule.js"
import type { SinkEvent } from "./SinkEvent.js"

/**
 * What has to be so for a fault to strike. All that is left out is of no interest; texts are compared without regard to case.
 *
 * @since 0.1.0
 * @category models
 */
export type Condition = FaultCondition

/**
 * A condition, made ready: it is asked of each reply, and a server has few of them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const holding = (when: Condition): ((event: Omit<SinkEvent, "stage">) => boolean) => {
  const { client, from, header, sessionOver, sizeOver, to } = when
  const recipient = to === undefined ? undefined : matching(to)
  const sender = from === undefined ? undefined : matching(from)
  const address = client === undefined ? undefined : matching(client)
  return (event) =>
    (recipient === undefined || (event.recipient !== undefined && recipient(event.recipient))) &&
    (sender === undefined || sender(event.sender ?? "")) &&
    (address === undefined || address(event.client ?? "")) &&
    (sizeOver === undefined || (event.size ?? 0) > sizeOver) &&
    (sessionOver === undefined || event.session > sessionOver) &&
    (header === undefined || hasHeader(header, event.headers ?? ""))
}

/** Whether all of a text is this, where `*` is any text. In time that grows with both, whatever the client says. */
const matching = (pattern: string): ((text: string) => boolean) => {
  const [first = "", ...rest] = pattern.toLowerCase().split("*")
  const last = rest.pop()
  if (last === undefined) return (text) => text.toLowerCase() === first
  return (text) => {
    const whole = text.toLowerCase()
    if (!whole.startsWith(first) || whole.length < first.length + last.length || !whole.endsWith(last)) return false
    let at = first.length
    for (const part of rest) {
      const found = whole.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= whole.length - last.length
  }
}

const hasHeader = ({ holds, name }: NonNullable<Condition["header"]>, headers: string): boolean => {
  const wanted = `${name.toLowerCase()}:`
  const text = holds.toLowerCase()
  // A line that begins with a blank belongs to the one before.
  return headers
    .toLowerCase()
    .replace(/\r?\n[ \t]/g, " ")
    .split("\n")
    .some((line) => line.startsWith(wanted) && line.slice(wanted.length).includes(text))
}
