/**
 * The manual of smtp-sink.
 *
 * @since 0.1.0
 */
import * as ManualOptions from "./ManualOptions.js"
import * as ManualPage from "./ManualPage.js"
import type { OptionRow } from "./OptionTable.js"

const { code, term, text } = ManualPage

/**
 * The document, with the options in the order given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (rows: ReadonlyArray<OptionRow>): ManualPage.Document => ({
  name: "smtp-sink",
  purpose: "a mail server for tests, which throws away what it is sent",
  sections: [
    {
      title: "SYNOPSIS",
      blocks: [code("smtp-sink [options] [inet:][host]:port [backlog]", "smtp-sink [options] unix:pathname [backlog]")]
    },
    {
      title: "DESCRIPTION",
      blocks: [
        text(
          "smtp-sink listens on a port or a UNIX-domain socket, takes messages by SMTP or LMTP, and throws them away. It never relays. It is made to measure and to test clients, and takes whatever stands after a command."
        ),
        text(
          "Without a host it listens on every interface, and anybody can connect; without an address it listens on port 2525 of this machine alone. The port is a number or one of smtp, submission, submissions and lmtp; 0 is any that is free, which it names on standard error. It is the counterpart of smtp-source(1)."
        ),
        text(
          "Options may be in clusters (-cvL), have their values attached (-m100), and follow the address. Of an option that is given twice the last one counts. A long option that takes no value is undone by its name after no-."
        )
      ]
    },
    { title: "OPTIONS", blocks: ManualOptions.blocks(rows) },
    {
      title: "DUMP FILES",
      blocks: [
        text(
          "Where a file of -d or -D cannot be written, smtp-sink ends, as the original does, with exit status 1; what --report asks for is written before. A message that cannot be written to a file of --dump is refused by 451, so that the client tries again; it is counted, there is a warning at most once a minute for each file, and the exit status is 1 in the end."
        ),
        text(
          "A message of -d or -D is written as lines that end in LF: the string of -S; X-Client-Addr, X-Client-Proto, X-Helo-Args, X-Mail-Args, and X-Rcpt-Args for each recipient; a Received header of three lines; the message as it came, without carriage returns and without the dots that were stuffed; and an empty line."
        )
      ]
    },
    {
      title: "ENVIRONMENT",
      blocks: [
        text(
          "An option that is not given is taken from the environment, from a variable that has its long name: SMTP_SINK_HOSTNAME for --hostname. The address is in SMTP_SINK_LISTEN, and the backlog in SMTP_SINK_BACKLOG. The command line overrides the environment, and the environment the file of --scenario. An empty variable counts as not set. There is a warning for an unknown name that begins with SMTP_SINK_."
        )
      ]
    },
    {
      title: "STANDARD ERROR",
      blocks: [
        text(
          "It says where it listens if standard error is a terminal, if no address was typed, if it was to choose the port, or if it misbehaves by more than its letters. Otherwise it is silent, as the original is. At its end it says how often each rule has struck, a line for each:"
        ),
        code("smtp-sink: fault rcpt 5% 451: 493 times")
      ]
    },
    {
      title: "EXIT STATUS",
      blocks: [
        term("0", "The number of messages (-M) or of sessions (-n) was reached, or the time of --duration is over."),
        term("1", "Invalid options, or it cannot listen, become the user of -u, or write what it was to write."),
        term("70", "A fault of the program itself, which it names."),
        term("99", "A condition of --fail-if is true, whatever ended it."),
        term("129, 130, 143", "Stopped by SIGHUP, SIGINT or SIGTERM.")
      ]
    },
    {
      title: "EXAMPLES",
      blocks: [
        text("Count what comes to port 2525 of this machine:"),
        code("smtp-sink -c 127.0.0.1:2525"),
        text("Refuse every recipient, and every second end of a message late:"),
        code("smtp-sink -f RCPT 127.0.0.1:2525", "smtp-sink -W .:1:50 127.0.0.1:2525"),
        text("Offer more than Postfix's does, behind a load balancer, and fail unless a thousand messages came:"),
        code(
          "smtp-sink --offer chunking,size=10M --proxy 10.0.0.0/8 --report text --fail-if 'messages < 1000' -u nobody :2525"
        ),
        text("Keep each message in a file:"),
        code("smtp-sink -d '%Y%m%d/%H%M.' 127.0.0.1:2525 100")
      ]
    },
    {
      title: "DIFFERENCES FROM POSTFIX",
      blocks: [
        text(
          "The letters mean what they mean to Postfix's smtp-sink(1) of version 3.7, on the wire, on standard output and in files, except for these differences, which are on purpose:"
        ),
        term("AUTH", "The reply is 235, which clients expect, and not 250."),
        term("-M", "The last message is answered before the end."),
        term(
          "Commands",
          "A bare line feed ends one, for people who type by hand, and never ends a message. One that is too long is answered 500, where the original closes the connection."
        ),
        term("-n", "It works without -c, too."),
        term("-R", "It is refused."),
        term(
          "-s, -v",
          "What clients say goes to standard error, and not to syslog; nothing in it reaches a terminal unescaped."
        ),
        term("-d, -D", "Files can be read by their owner only, and are never written through a symbolic link."),
        term("-u", "Root may do without it where only this machine can connect."),
        term("Times", "They may have fractions."),
        term("Operands", "The backlog may be left out, and so may the address."),
        term("Errors", "All invalid options are named at once, without a pause.")
      ]
    },
    { title: "SEE ALSO", blocks: [text("smtp-source(1), smtp-report(1)")] }
  ]
})
