/**
 * What both sinks are asked, and where they answer differently on purpose.
 */

/** A dialogue with a sink that was started with these options. */
export interface Case {
  readonly name: string
  readonly options: ReadonlyArray<string>
  /** What each connection sends, piece by piece: the next piece goes out when the sink has answered, or is silent. */
  readonly talks: ReadonlyArray<ReadonlyArray<string>>
  /** A program that talks to it as well, where it is installed: `ADDRESS` in its words is where the sink listens. */
  readonly client?: readonly [program: string, ...words: ReadonlyArray<string>] | undefined
  /** Where it listens. Default: 127.0.0.1. */
  readonly where?: "unix" | "::1" | undefined
  /** Why ours does something else, and what makes the original's of it: the rest is the same. */
  readonly differs?: { readonly why: string; readonly ours: (seen: string) => string } | undefined
}

const envelope = ["MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.com>\r\n"]
const message = [...envelope, "DATA\r\n", "Subject: x\r\n\r\n..dot\r\n.\r\n"]
const quit = "QUIT\r\n"
const ehlo = "EHLO client.example\r\n"

const one = (name: string, options: string, ...talk: ReadonlyArray<string>): Case => ({
  name,
  options: options === "" ? [] : options.split(" "),
  talks: [talk]
})

/** What a client that people use says, and makes of the answers. */
const client = (program: string, options: string, ...words: ReadonlyArray<string>): Case => ({
  name: `${program} ${words.filter((word) => word !== "ADDRESS").join(" ")} to ${options}`,
  options: options.split(" "),
  talks: [],
  client: [program, ...words]
})

const source = (options: string, words: string): Case =>
  client("/usr/sbin/smtp-source", options, ...words.split(" "), "ADDRESS")

const swaks = (options: string, words: string): Case =>
  client(
    "swaks",
    options,
    "--server",
    "ADDRESS",
    "--from",
    "a@example.com",
    "--to",
    "b@example.com,c@example.com",
    ...words.split(" ")
  )

const clients: ReadonlyArray<Case> = [
  source("-c -D all", "-m 5"),
  source("-c -D all", "-m 7 -d -r 3 -l 500"),
  source("-c -D all -L", "-L -m 3 -r 2"),
  source("-c -f RCPT", "-m 2 -A"),
  source("-c -r DATA", "-m 2 -A -d"),
  source("-c -q MAIL", "-m 1"),
  source("-c -Q RCPT", "-m 1 -A"),
  source("-c -e", "-m 2 -o"),
  source("-c -P", "-m 2"),
  swaks("-c -D all", "--ehlo client.example"),
  swaks("-c -D all -8 -N -p", "--ehlo client.example --body hello"),
  swaks("-c -e", "--ehlo client.example --protocol SMTP"),
  swaks("-c -L -D all", "--ehlo client.example --protocol LMTP"),
  swaks("-c -f RCPT", "--ehlo client.example"),
  swaks("-c -r .", "--ehlo client.example"),
  swaks("-c -q DATA", "--ehlo client.example"),
  swaks("-c -Q MAIL", "--ehlo client.example"),
  swaks("-c -D all", "--ehlo client.example --pipeline"),
  swaks("-c -D all", "--ehlo client.example --xclient NAME=x.example")
]

/** Letters that reject, each with each command. */
const rejecting = ["-f", "-r", "-q", "-Q"].flatMap((letter) =>
  [
    "CONNECT",
    "HELO",
    "EHLO",
    "MAIL",
    "RCPT",
    "VRFY",
    "DATA",
    ".",
    "RSET",
    "NOOP",
    "QUIT",
    "AUTH",
    "XCLIENT",
    "XFORWARD"
  ].map((command) =>
    one(
      `${letter} ${command}`,
      `-c ${letter} ${command.toLowerCase()}`,
      "HELO x\r\n",
      ehlo,
      "XCLIENT NAME=x\r\n",
      "XFORWARD NAME=x\r\n",
      ...(command === "AUTH" ? ["AUTH PLAIN x\r\n"] : []),
      "VRFY x\r\n",
      "NOOP\r\n",
      "MAIL FROM:<a>\r\n",
      "RSET\r\n",
      "RCPT TO:<b>\r\n",
      ...message,
      quit
    )
  )
)

const auth = {
  why: "AUTH is answered 235, which clients expect, and not 250",
  ours: (seen: string) => seen.replaceAll("235 2.7.0 Authentication successful", "250 2.0.0 Ok")
}

export const cases: ReadonlyArray<Case> = [
  ...clients,
  one("a message", "-c", ehlo, ...message, quit),
  one("a message with HELO", "-c", "HELO x\r\n", ...message, quit),
  one("no hello", "", ...message, ...message, quit),
  one(
    "loose syntax",
    "-c",
    "HELO\r\n",
    "EHLO\r\n",
    "VRFY\r\n",
    "NOOP x\r\n",
    "MAIL\r\n",
    "MAIL FROM\r\n",
    "RCPT\r\n",
    "RCPT TO:b\r\n",
    "DATA x\r\n",
    ".\r\n",
    "RSET x\r\n",
    "QUIT x\r\n"
  ),
  one("blanks", "", " HELO  x\r\n", "\tMAIL\tFROM:<a>\r\n", "  RCPT TO:<b>  \r\n", "DATA \r\n", "x\r\n.\r\n", quit),
  one("small letters", "", "ehlo x\r\n", "mail from:<a>\r\n", "rcpt to:<b>\r\n", "data\r\n", "x\r\n.\r\n", "quit\r\n"),
  one(
    "unknown commands",
    "",
    "HELP\r\n",
    "STARTTLS\r\n",
    "BDAT 3 LAST\r\n",
    "MAILX\r\n",
    "\r\n",
    "LHLO x\r\n",
    "x\r\n",
    quit
  ),
  one(
    "out of place",
    "",
    "RCPT TO:<b>\r\n",
    "DATA\r\n",
    ".\r\n",
    "MAIL FROM:<a>\r\n",
    "DATA\r\n",
    "MAIL FROM:<b>\r\n",
    quit
  ),
  one(
    "what resets",
    "",
    "MAIL\r\n",
    "HELO x\r\n",
    "MAIL\r\n",
    "EHLO x\r\n",
    "MAIL\r\n",
    "XCLIENT x\r\n",
    "MAIL\r\n",
    "RSET\r\n",
    "MAIL\r\n",
    quit
  ),
  one("a group", "", `${ehlo}${message.slice(0, 3).join("")}`, `x\r\n.\r\n${message.join("")}${quit}`),
  {
    ...one("bare line feeds in commands", "-c", "EHLO x\nMAIL FROM:<a>\r\n", quit),
    differs: {
      why: "a bare line feed ends a command, for people who type by hand; it never ends a content",
      ours: (seen) => seen.replace("250 \\r\\n250 2.1.0 Ok\\r\\n", "250 \\r\\n")
    }
  },
  one("bare line feeds in a content", "-c", ...envelope, "DATA\r\n", "a\n.\nb\r\n.\nc\r\n.\r\n", quit),
  { ...one("AUTH", "", ehlo, "AUTH PLAIN x\r\n", "AUTH\r\n", quit), differs: auth },
  one("-e", "-e", ehlo, "HELO x\r\n", ...message, quit),
  one("-P", "-P", ehlo, "HELO x\r\n", ...message, quit),
  one(
    "-L",
    "-L -c",
    ehlo,
    "HELO x\r\n",
    "LHLO x\r\n",
    ...envelope,
    "RCPT TO:<c>\r\n",
    "DATA\r\n",
    ".\r\n",
    ".\r\n",
    "NOOP\r\n",
    quit
  ),
  one("-L -e", "-L -e", "LHLO x\r\n", ...message, quit),
  one("-8 -a -C -E -F -N -p", "-8 -a -C -E -F -N -p", ehlo, "XCLIENT x\r\n", "XFORWARD x\r\n", quit),
  ...["8", "a", "C", "E", "F", "N", "p"].map((letter) => one(`-${letter}`, `-${letter}`, ehlo, quit)),
  one("-h", "-h mx.example", ehlo, "HELO x\r\n", quit),
  ...rejecting,
  one("-f before -r", "-f mail -r mail", "MAIL\r\n", quit),
  one("-Q before -f", "-Q mail -f mail", "MAIL\r\n", quit),
  one("-q before -Q", "-q mail -Q mail", "MAIL\r\n", quit),
  one("-f of several", "-f MAIL,vrfy", ehlo, "MAIL\r\n", "VRFY\r\n", "NOOP\r\n", quit),
  { ...one("-b", "", ehlo, "MAIL\r\n", quit), options: ["-r", "mail", "-b", "451 4.1.0 later"] },
  { ...one("-B", "", ehlo, "MAIL\r\n", quit), options: ["-f", "mail", "-B", "599 never"] },
  one("-L -f .", "-L -c -f .", "LHLO x\r\n", ...envelope, "RCPT TO:<c>\r\n", "DATA\r\n", ".\r\n", quit),
  one("-A 0", "-c -A 0", ...envelope, "DATA\r\n"),
  one("-w", "-w 1", ...message, quit),
  one("-W", "-W mail:1", ...message, quit),
  one("-n", "-c -n 1", ...message, quit),
  {
    ...one("-M", "-c -M 2", ...message, ...message),
    differs: {
      why: "the last message of -M is answered",
      ours: (seen) => seen.replace("\n250 2.0.0 Ok\\r\\n <end>", " <end>")
    }
  },
  {
    ...one("several sessions", "-c", ...message, quit),
    talks: [[...message, quit], ["HELO x\r\n"], [...message, ...envelope, "DATA\r\n", "half"]]
  },
  one(
    "-d",
    "-d %Y/x.",
    ehlo,
    "MAIL FROM:<a@example.com> SIZE=5\r\n",
    "RCPT TO:<b> X=Y\r\n",
    "RCPT TO: <c>\r\n",
    "DATA\r\n",
    "Subject: x\r\n\r\n..dot\r\nFrom x\r\na\rb\r\r\nc\nd\r\n.\r\n",
    quit
  ),
  one("-d without hello", "-d x.", "MAIL\r\n", "RCPT\r\n", "RCPT x\r\n", "DATA\r\n", ".\r\n", quit),
  one("-d with HELO", "-d x.", "HELO a b\r\n", ...message, ...message, quit),
  one("-d, half a message", "-d x.", ...envelope, "DATA\r\n", "half"),
  one("-d -f .", "-d x. -f .", ...message, quit),
  one("-d -q .", "-d x. -q .", ...message, quit),
  one("-d %", "-d %y-%j-%a-%%-%b-%d-%e-%F-%U-%w-%m.", ...message, quit),
  { ...one("-D", "-D all", ...message, ...message, quit), talks: [[ehlo, ...message, ...message, quit]] },
  { ...one("-D -S", "", ...message, quit), options: ["-D", "all", "-S", "a\\tb\\101\\q\\n"] },
  { ...one("-d over IPv6", "-d x.", ehlo, ...message, quit), where: "::1" },
  { ...one("-L -d over a path", "-L -d x.", "LHLO x\r\n", ...message, quit), where: "unix" },
  {
    ...one("a command of 3,000 bytes", "", `NOOP ${"x".repeat(3000)}\r\n`, quit),
    differs: {
      why: "a command that is too long is answered 500, and the session goes on",
      ours: (seen) =>
        seen.replace("\n500 5.5.2 Error: line too long\\r\\n\n> QUIT\\r\\n\n221 Bye\\r\\n <end>", " <end>")
    }
  },
  one("a large message", "-c -D all", ...envelope, "DATA\r\n", `${`${"x".repeat(998)}\r\n`.repeat(200)}.\r\n`, quit)
]
