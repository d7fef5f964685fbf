import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
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

/** Files, each once, in order; and before them a welcome to each who joins while the run goes on. */
export const replay = (paths: ReadonlyArray<string>, joining: Stream.Stream<string>) =>
  MessageSource.fromStream(Stream.map(joining, (name) => ({ ...note(0), recipients: [`${name}@example.com`] }))).pipe(
    MessageSource.concat(
      MessageSource.fromFiles(paths, {
        sender: "",
        recipients: ["archive@example.com"],
        mailParameters: ["BODY=8BITMIME"]
      })
    )
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

/** The same of files, which are read as they are due. */
export const replayAll = (target: string, paths: ReadonlyArray<string>, joining: Stream.Stream<string>) =>
  Load.run(
    Plan.make({ target }),
    Scenario.forEachMessage(
      (message) => Effect.flatMap(Scenario.kept, (wire) => Scenario.deliver(wire, message)),
      replay(paths, joining)
    )
  ).pipe(Effect.provide(NodeServices.layer))
