/**
 * Where our program differs from the original on purpose, and why.
 */

/** The differences that cases show; a case may be excused by these names alone. */
export const differences = {
  "bounded waits": "Every wait for a reply ends with --timeout; the original waits for ever.",
  "LMTP replies": "LMTP answers once per accepted recipient (RFC 2033); the original waits for one per RCPT sent.",
  "lines of a file":
    "-F sends the file's lines and nothing else, ended by CRLF or LF; the original keeps a CR before LF, adds an empty line, and takes an empty file for none.",
  "pauses between messages":
    "-w and -R pause between messages, as the manual says, and take decimals; the original also pauses at the end.",
  "421 greeting": "A 421 or 521 closes the connection at every step; the original goes on after such a greeting.",
  "stray replies":
    "An unsolicited reply spoils the dialogue, and is reported even where it costs nothing; the original takes it for the next command's.",
  "QUIT unanswered":
    "A message that was accepted stays accepted when QUIT is not answered; for the original that is fatal.",
  "numbers are numbers": "A number is a number or an error that names the option; the original reads 10x as 10.",
  "options after the target": "Options may follow the target; the original takes them for more targets.",
  "numbers of messages":
    "With -N a recipient's number follows from its message's; the original numbers the RCPT commands that it comes to send.",
  "one line is one line": "A line break in -f, -t or -S is refused; the original lets it begin another line.",
  "no sleep before the end": "An error ends the run at once; the original sleeps for a second first."
} as const

export type DifferenceName = keyof typeof differences

/** The differences that no case shows, each with the reason for that. */
export const outOfSight = {
  "all addresses": "The original tries a name's first address alone; no name has two on every machine.",
  "header values":
    "Date goes without the zone's name, and Message-Id has a form of its own: both are made alike first.",
  "the dialogue in full":
    "-v shows the dialogue and not the library's internals: the words on standard error are not compared."
} as const
