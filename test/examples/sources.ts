import * as Effect from "effect/Effect"
import { Load, MessageSource, NodeServices, Plan, Scenario } from "smtp-source"

const note = (number: number): MessageSource.Mail => ({
  sender: "me@example.com",
  recipients: [`user${number % 10}@example.com`],
  content: `Subject: note ${number}\n\nHello\n`
})

/** Nine notes for each newsletter, none of them to user 3, and then one message that says that this was all. */
export const traffic = (newsletters: ReadonlyArray<MessageSource.Mail>) =>
  MessageSource.mixed(
    [9, MessageSource.fromFunction(note).pipe(MessageSource.take(90))],
    [1, MessageSource.fromIterable(newsletters)]
  ).pipe(
    MessageSource.filter(({ recipients }) => !recipients.includes("user3@example.com")),
    MessageSource.map((mail) => ({ ...mail, content: `X-Test: yes\n${mail.content}` })),
    MessageSource.concat(MessageSource.fromIterable([{ ...note(0), content: "Subject: the end\n\nBye\n" }]))
  )

/** Sends it all over four connections. */
export const sendAll = (target: string, newsletters: ReadonlyArray<MessageSource.Mail>) =>
  Load.run(
    Plan.make({ target, sessions: 4 }),
    Scenario.forEachMessage(
      (message) => Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message)),
      traffic(newsletters)
    )
  ).pipe(Effect.provide(NodeServices.layer))
