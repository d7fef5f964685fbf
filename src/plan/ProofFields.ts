/**
 * What the fields of a plan that ask for proof of delivery may be.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"

const section = "Proof of delivery"

const Name = Schema.String.pipe(
  Schema.filter((text) => /^[!-9;-~]+$/.test(text), {
    message: () => 'expected the name of a header, such as "Subject" or "X-Virus-*"'
  })
)

const Names = PlanValue.texts(Name, "the name of a header")

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  prove: PlanField.optional(Schema.Literal("messages", "recipients"), {
    section,
    alone: "recipients",
    description:
      "Put a stamp on top of each message, a header X-Smtp-Source that holds the run, the message's number, the time, and the size and the checksum of its body: so that whoever receives it can tell what has arrived, and whether it was changed. --prove=recipients, or --prove alone, tells so of each recipient of a message; --prove=messages of each message alone, for a server that rewrites addresses. With --downstream, the run ends when what was accepted has arrived there, and reports tell what is missing, has come twice, or was changed; unless a verdict names missing, it fails if anything is. With --sink, the sink tells so of what it has taken itself."
  }),
  downstream: PlanField.optional(PlanValue.ListenText, {
    section,
    placeholder: "[host]:port|unix:pathname",
    description:
      "Be the next hop of the server, too: listen here, take what it sends on, and find out what became of each message. The server must be told to send on to it, such as by Postfix's relayhost. Reports then tell duplicates from copies that the server had to send again. --sink-fault and the like make it misbehave."
  }),
  settle: PlanField.optional(PlanValue.Time, {
    section,
    placeholder: "time",
    description:
      "After the last message, wait for what is missing, and for what the server has to send again, until nothing has arrived for this time (30, 10m; default: 2m), or all is there. Servers try again after minutes: Postfix after 5 (minimal_backoff_time), and after 1 where one of its processes died (service_throttle_time)."
  }),
  compareClocks: PlanField.optional(PlanValue.texts(PlanValue.ListenText, "where a sink listens"), {
    section,
    placeholder: "host:port|unix:pathname",
    repeatable: true,
    description:
      "Before the run and after it, ask the smtp-sink --prove=file that listens here for its time, so that smtp-report, which is given that file, tells by how much its clock is ahead or behind, and delivery without that. It is asked sixteen times over a connection of its own, in plain text; the answer that took the shortest time counts, and tells the difference to half of that time. May be given several times, once for each sink; of a run in segments each compares its clock. A sink that does not answer is reported, and the report then says that the clocks were not compared."
  }),
  ignoreHeader: PlanField.optional(Names, {
    section,
    placeholder: "name",
    repeatable: true,
    description:
      "With --downstream or --sink, a message counts as changed also if one of its headers is missing or different when it arrives. Ignore this header, or all that begin so (X-Virus-*). Always ignored are those that servers write or remove themselves: Received, Return-Path, Delivered-To, X-Original-To, Bcc, Content-Length, Authentication-Results, DKIM-Signature, ARC-* and X-Spam-*; and added headers are no change. The headers of a --corpus are not compared. May be given several times."
  })
}

/**
 * The rules between them.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  { asked: ["prove", "bare"], says: "{prove} cannot be used with {bare}, which sends no headers" },
  { asked: ["prove", "calibrate"], says: "{prove} cannot be used with {calibrate}" },
  { asked: ["downstream"], without: ["prove"], says: "{downstream} needs {prove}" },
  { asked: ["downstream", "sink"], says: "{downstream} cannot be used with {sink}, which sends nothing on" },
  { asked: ["compareClocks"], without: ["prove"], says: "{compareClocks} needs {prove}" },
  {
    asked: ["compareClocks", "downstream"],
    says: "{compareClocks} cannot be used with {downstream}, which has the same clock"
  },
  { asked: ["compareClocks", "sink"], says: "{compareClocks} cannot be used with {sink}, which has the same clock" },
  { asked: ["settle"], without: ["downstream"], says: "{settle} needs {downstream}" },
  { asked: ["ignoreHeader"], without: ["downstream", "sink"], says: "{ignoreHeader} needs {downstream}, or {sink}" },
  { asked: ["ignoreHeader", "sink"], without: ["prove"], says: "{ignoreHeader} needs {prove}" }
]
