/**
 * The manual of smtp-source, from the table of options.
 *
 * @since 0.1.0
 */
import * as ManualOptions from "./ManualOptions.js"
import * as ManualPage from "./ManualPage.js"
import { rows } from "./OptionTable.js"

const { code, term, text } = ManualPage

const document = (): ReadonlyArray<ManualPage.Section> => [
  {
    title: "SYNOPSIS",
    blocks: [
      code(
        "smtp-source [options] [inet:]host[:port]",
        "smtp-source [options] unix:pathname",
        "smtp-source [options] --sink",
        "smtp-source [options] --calibrate"
      )
    ]
  },
  {
    title: "DESCRIPTION",
    blocks: [
      text(
        "smtp-source connects to a mail server and sends it one or more messages, one after another or in parallel. It speaks SMTP or LMTP, over IPv4, IPv6 or a UNIX-domain socket. It is made to measure servers: aim it at those that you run."
      ),
      text(
        "The host is a name or an address; an IPv6 address stands in brackets. The port is a number or one of smtp, submission, submissions and lmtp; without one it is smtp."
      ),
      text(
        "Several targets have commas between them. They get connections in turn, or by weight: with one:25*3,two:25, three of every four go to the first. The number of a connection alone decides where it goes. Each target is counted by itself. With --keep-going, a target that is down costs the messages of its own connections: they are not sent to another, and the others go on. Without it, the first connection that fails ends the run with exit status 1, as with a single target. Further attempts of -C go to the same target. After a pathname, the next target begins with unix:, inet: or mx:."
      ),
      text(
        "mx:example.org connects to the mail exchangers (MX records) of the domain: to the preferred ones, in turn where there are several, and to the others where none of those can be reached. Each host, and each attempt that failed, is counted by itself. TLS asks for, and verifies, the name of the host. A domain without such records is its own host; one with a null MX takes no mail, and the connection fails. A server that answers is the one that is measured: after a refusal no other is tried."
      ),
      text(
        "Every message ends in one of five ways, and is counted once: accepted; rejected, by a reply of the server; failed, before its end was sent, so that it is certainly not delivered; unknown, where its end was sent and no answer came; or not started. A run that succeeds prints nothing, unless standard error is a terminal or --summary is given."
      ),
      text(
        "Options may be in clusters (-cdN), have their values attached (-m100), and follow the target. Of an option that is given twice the last one counts. A long option that takes no value is undone by its name after no-, as in --no-reuse."
      )
    ]
  },
  { title: "OPTIONS", blocks: ManualOptions.blocks(rows) },
  {
    title: "ENVIRONMENT",
    blocks: [
      text(
        "An option that is not given is taken from the environment, from a variable that has its long name: SMTP_SOURCE_MESSAGES for --messages, SMTP_SOURCE_RANDOM_DELAY for --random-delay. The target is in SMTP_SOURCE_TARGET, and the file of --scenario in SMTP_SOURCE_SCENARIO. The environment overrides such a file, and the command line overrides both, also where options exclude each other. An option without a value is set by true, yes, on or 1, and undone by false, no, off or 0; SMTP_SOURCE_VERBOSE holds the number of -v. A variable holds one value, also for an option that may be given several times. An empty variable counts as not set, but for SMTP_SOURCE_FROM, which then is the null sender, and SMTP_SOURCE_SUBJECT. There is a warning for an unknown name that begins with SMTP_SOURCE_."
      ),
      text("Where NO_COLOR is set, and not empty, --help is without bold headings.")
    ]
  },
  {
    title: "EXIT STATUS",
    blocks: [
      term("0", "The run came to its end. With -A that is so even if every message was rejected."),
      term(
        "1",
        "Invalid options, or output that could not be written; or an unexpected reply, a lost connection or a time-out ended the run. With --keep-going: a message was not accepted; abandoned ones (--abandon) do not count."
      ),
      term("70", "The books do not balance: a fault of smtp-source."),
      term("75", "The segment of --segment was started before: its result is there. Nothing was sent."),
      term("99", "A verdict failed (--fail-if, --require, --abort-if); or, with --prove, anything is missing."),
      term("129, 130, 143", "Stopped by SIGHUP, SIGINT or SIGTERM. What is known was printed.")
    ]
  },
  {
    title: "SIGNALS",
    blocks: [
      text(
        "The first SIGINT, SIGTERM or SIGHUP stops the run in good order: no more messages begin, those under way have --drain seconds to end, and connections end with QUIT. A second signal does not wait. Before the run has begun, and after it, a signal ends the command at once."
      )
    ]
  },
  {
    title: "MANY MACHINES",
    blocks: [
      text(
        "A run that is too large for one machine is cut into segments: one process each, which do not talk to each other. Each knows which messages are its own, and all that belongs to a message (its number, recipients, content and the time when it is due) is the same whoever sends it: together they are the single run. Give all of them the same options, the same --run-id and, for names in the content, the same -M; and have them begin together with --start-at, for which their clocks must agree. What starts the processes is an engine that is there already, such as Slurm, Kubernetes, GNU parallel or ssh."
      ),
      text(
        "Each needs a file for its result, as a journal (ndjson) or as JSON. In names of --report, {run} and {segment} stand for the name of the run and the number of the segment. The file must not be there: a segment that is started again, by hand or by an engine that replaces what has died, is refused with exit status 75, for its messages would be sent twice. Verdicts judge a segment by its own messages; those on the whole run are for smtp-report."
      ),
      code(
        "smtp-source --segment 3/8 --run-id n17 --rate 9/s --duration 1h \\",
        "  --start-at 2026-12-01T10:00Z --report 'ndjson={run}.{segment}' mx",
        "smtp-source --segments 8 --dry-run --rate 9/s --duration 1h mx",
        "smtp-report n17.*"
      )
    ]
  },
  {
    title: "THE GENERATOR",
    blocks: [
      text(
        "What is measured is the server's only as long as the generator keeps up. Summaries and reports say first that it was the bottleneck where its busiest thread worked, or was ready to and had no processor, for more than 95 % of the time; where its timers were late by more than 10 ms on average; or where more than one message in a hundred of --rate or --stages began more than 10 ms late with a session free. A run of less than half a second is judged by the last alone."
      ),
      text(
        "Writes that waited for the socket are the other side's doing: the server, or the network, reads more slowly than is written."
      )
    ]
  },
  {
    title: "EXAMPLES",
    blocks: [
      text("Ten thousand messages of 4 KiB over twenty connections, with a counter:"),
      code("smtp-source -c -d -s 20 -m 10000 -l 4096 localhost:2525"),
      text("LMTP over a UNIX-domain socket, with recipients that the server has not seen before:"),
      code("smtp-source -L -N -t user@example.com -m 100 unix:/run/dovecot/lmtp"),
      text("Send a hundred messages, whatever fails, and count how they ended:"),
      code("smtp-source --keep-going --summary -m 100 -s 10 mail.example.com")
    ]
  },
  {
    title: "DIFFERENCES FROM POSTFIX",
    blocks: [
      text(
        "The letters mean what they mean to Postfix's smtp-source(1) of version 3.7, on the wire and in the exit status, except for these differences, which are on purpose:"
      ),
      term("Time-outs", "Every wait ends after --timeout seconds, and holds up its own session only."),
      term("LMTP", "One reply is awaited for each recipient that was accepted, not for each one that was sent."),
      term(
        "-F",
        "Lines may end in CRLF or in LF. Nothing is added to the lines of the file, and an empty file is an empty message. A carriage return in the middle of a line is refused."
      ),
      term("-w, -R", "The pause is between messages, and not after the last one. Intervals may have fractions."),
      term("-A", "421 and 521 end the connection at every step, the greeting included."),
      term("Replies", "An unsolicited reply does not answer the next command: it ends the connection."),
      term("QUIT", "A QUIT that is not answered is ignored: the message was accepted."),
      term("Addresses", "All addresses of a host are tried."),
      term(
        "Numbers",
        "10x is an error, as is any other value that is not a number as a whole; all errors are reported at once."
      ),
      term("-f, -t, -S, -M", "Line breaks and NULs are refused: they would go onto the wire as commands or headers."),
      term("Fatal errors", "The exit does not wait for a second."),
      term("Headers", "Date names no zone but UTC; Message-Id is unique over runs and hosts."),
      term("-v", "Shows the dialogue, and nothing of the program's insides; unprintable bytes as \\x1b.")
    ]
  },
  {
    title: "SEE ALSO",
    blocks: [text("smtp-report(1); smtp-sink(1), smtp-source(1) of Postfix; RFC 5321 (SMTP), RFC 2033 (LMTP)")]
  }
]

const manual = (): ManualPage.Document => ({
  name: "smtp-source",
  purpose: "parallel SMTP/LMTP test generator",
  sections: document()
})

/**
 * The text of --help, for a terminal of this many columns; headings in bold where it can show them.
 *
 * @since 0.1.0
 * @category rendering
 */
export const help = (options: { readonly columns: number; readonly bold: boolean }): string =>
  ManualPage.help(manual(), options)

/**
 * The manual page, in the man macros of roff.
 *
 * @since 0.1.0
 * @category rendering
 */
export const page = (options: { readonly version: string }): string => ManualPage.page(manual(), options)
