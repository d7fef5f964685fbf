/**
 * The types of a plan, with what each field is for. Generated from `PlanFields` by `npm run generate`: change that.
 *
 * @since 0.1.0
 */
import type { struct } from "./PlanFields.js"

type Values = Required<typeof struct.Type>
type Inputs = Required<typeof struct.Encoded>

/**
 * Everything that a run needs to know, as plain data: a copy is the same plan. Times are in seconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /**
   * Where to connect: [inet:]host[:port], unix:pathname, or mx:domain for the domain's mail exchangers; or several of
   * them, with commas between, each with its weight, as in one:25*3,two:25.
   */
  readonly target?: Values["target"]
  /**
   * Connect to the server over this address family alone. It has no effect on a UNIX-domain target. Default: "any".
   */
  readonly family: Values["family"]
  /**
   * Don't stop when the server answers with something other than the expected positive reply: go on with the next
   * message. A connection that is lost still ends the run; see --keep-going. Default: false.
   */
  readonly acceptRejection: Values["acceptRejection"]
  /**
   * Display a running counter on standard output, incremented each time the end of a message has been sent. Default:
   * false.
   */
  readonly counter: Values["counter"]
  /**
   * Give up when this many attempts to open a connection have failed in a session; a success does not reset the count.
   * One attempt tries all addresses of the server. Default: 1.
   */
  readonly connectAttempts: Values["connectAttempts"]
  /** Don't disconnect after sending a message; send the next message over the same connection. Default: false. */
  readonly reuse: Values["reuse"]
  /**
   * Use this sender address (default: foo@myhostname). An empty one is the null sender. With --auth, {user} in it is
   * the user that the connection is logged in as: -f '{user}', or -f '{user}@example.com'.
   */
  readonly from?: Values["from"]
  /**
   * Send the message, headers and body, that is in this file. Lines may end in LF or in CRLF; lines that begin with a
   * dot are stuffed.
   */
  readonly file?: Values["file"]
  /**
   * Send this many bytes of generated text as the body of the message, headers not counted. Or draw the size of each
   * message, from --seed: any between two (1k..100k); mostly small, with this mean (exp(20k)); as the bodies of real
   * mail, by median and mean (lognormal(4k, 25k)); as its large attachments, by smallest size and shape (pareto(64k,
   * 1.2)); one of several ("70%: 4k, 25%: 50k, 5%: 1M..5M"); or a published mix: isp (SPECmail2001) or office
   * (Domino). k and M are thousands and millions, Ki and Mi powers of 1,024. No size is over 100M, or over a last
   * number: exp(20k, 1M).
   */
  readonly length?: Values["length"]
  /** Speak LMTP rather than SMTP. Default: false. */
  readonly lmtp: Values["lmtp"]
  /** Send this many messages in all (default: 1; with --duration or --stages, as many as the time allows). */
  readonly messages?: Values["messages"]
  /**
   * Use this host name, or [address literal], in the HELO command, in the default sender and recipient, and in
   * Message-Id (default: the host's own name).
   */
  readonly helloName?: Values["helloName"]
  /**
   * Put a number before each recipient address, another one each time, so that the server has none of them in its
   * caches. Default: false.
   */
  readonly numberRecipients: Values["numberRecipients"]
  /** Old mode: don't send HELO, and don't send message headers. Default: false. */
  readonly bare: Values["bare"]
  /**
   * Send each message to this many recipients (default: 1). Their addresses differ by a number before the recipient
   * address. Or draw how many a message has, from --seed: any between two (1..20); mostly few, with this mean and this
   * most (exp(2, 50)); one of several ("86%: 1, 14%: 2..20"); or a published mix: isp (SPECmail2001). With -N, numbers
   * are then left out where a message has fewer than the most.
   */
  readonly recipients?: Values["recipients"]
  /**
   * Wait for a random time between 0 and this many seconds between the messages of a session. Whole seconds are drawn,
   * unless the interval has a fraction.
   */
  readonly randomDelay?: Values["randomDelay"]
  /** Run this many sessions in parallel. Default: 1. */
  readonly sessions: Values["sessions"]
  /** Send mail with this subject line (default: none). */
  readonly subject?: Values["subject"]
  /** Use this recipient address (default: foo@myhostname). */
  readonly to?: Values["to"]
  /**
   * Set the socket's send and receive buffers to this many bytes before connecting. This needs the optional package
   * koffi.
   */
  readonly windowSize?: Values["windowSize"]
  /**
   * Write the dialogue to standard error. With several sessions, each line begins with the number of its connection.
   * Default: 0.
   */
  readonly verbose: Values["verbose"]
  /** Wait for this many seconds between the messages of a session. */
  readonly delay?: Values["delay"]
  /**
   * Give up on a reply that is not complete after this many seconds (or 500ms, 2m), and on a server that stops
   * reading. Default: 300.
   */
  readonly timeout: Values["timeout"]
  /**
   * Go on after a failure: a rejection, a lost connection, a time-out, a malformed reply or a failed connect costs the
   * one message that it struck, and is counted. A session whose connects keep failing waits before the next one, for a
   * second at most. The exit status is 1 when a message was not accepted. Default: false.
   */
  readonly keepGoing: Values["keepGoing"]
  /**
   * After a signal, or when the time of --duration or --stages is over, let what is under way go on for this many
   * seconds. Default: 5.
   */
  readonly drain: Values["drain"]
  /**
   * Have at most this many connections waiting for their greeting at any time; with --tls and --auth, for these to be
   * done. TLS handshakes that are under way together share this machine's processor, so that each takes longer. With
   * 4, the durations of the step tls are the server's own; more are needed where the server is far away. Default: 64.
   */
  readonly connecting: Values["connecting"]
  /** Open at most this many connections a second (50, or 3000/m), evenly spaced. */
  readonly connectRate?: Values["connectRate"]
  /**
   * Connect from these local addresses in turn: 127.0.0.2, 127.0.0.3, or all of a network, 127.0.1.0/24. Each one has
   * ports of its own: some 28,000 on Linux, unless told otherwise.
   */
  readonly source?: Values["source"]
  /**
   * Send this many messages over each connection, and then open another one. Of min..max, a number between the two is
   * drawn for each connection. It implies -d.
   */
  readonly perConnection?: Values["perConnection"]
  /**
   * Wait between the messages of a session, as -w and -R do: for this time (2, 500ms, 1m), for a time between two
   * (1..5), or for a time that is mostly short, with this mean (exp(2)).
   */
  readonly think?: Values["think"]
  /**
   * Hold each connection idle for this time before QUIT, or before it is abandoned. Times are written as for --think.
   */
  readonly hold?: Values["hold"]
  /** Send the content of messages at no more than this many bytes a second (500, 2k, 1.5M) over each connection. */
  readonly sendRate?: Values["sendRate"]
  /**
   * Drop the connection without QUIT after the reply to this step: greeting, hello, starttls (no handshake follows),
   * tls (when the handshake is done), auth, mail, rcpt or data. It is reset, or closed with close. It is dropped for
   * all messages, or for this share of them: "data 5%", "rcpt close 10%". They are counted as abandoned; they neither
   * end the run nor change its exit status. May be given several times.
   */
  readonly abandon?: Values["abandon"]
  /**
   * Have connections of several shapes, each with its share of them: "90%: per-connection 1..20, hold 5", "9%:
   * send-rate 2k, think exp(3)", "1%: hold 60, abandon greeting"; or some with TLS: "70%: tls starttls", "30%: tls
   * off". Shares add up to 100%. Numbers without % are weights ("3: tls starttls", "1: tls off"). What a shape leaves
   * open is as the options say. In a file, the parts are fields: weight, perConnection, hold, think, sendRate, tls,
   * abandon. May be given several times.
   */
  readonly shapes?: Values["shapes"]
  /**
   * The kind of body that each message has: text (the default: lines of X); words, which compress as prose does;
   * random, lines of base64, which do not compress; gtube, words with the string that tests spam filters; eicar, words
   * with the attached file that tests virus scanners; or several kinds, each with its share: "97%: words, 2%: gtube,
   * 1%: eicar". Its size is that of -l, or 1,000 bytes; no two bodies of words or random are alike. What a message
   * gets is drawn from --seed.
   */
  readonly body?: Values["body"]
  /**
   * Attach this file, or this many random bytes, to each message, or to a share of them: report.pdf, "20%: 100k..2M",
   * "5%: report.pdf". Sizes are those of -l, before they are encoded. May be given several times.
   */
  readonly attach?: Values["attach"]
  /**
   * Add this header to each message, above all others: "X-Priority: 1". With -F, too. It may have variables, as
   * --template. May be given several times.
   */
  readonly headers?: Values["headers"]
  /**
   * Send messages made from this file, which is a whole message, headers and body, with variables: {{message}} (its
   * number from 0) and {{number}} (from 1), {{run}}, {{uuid}}, {{date}}, {{date iso}}, {{date + 1d}}, {{hex 16}},
   * {{int 1..100}}, {{words 20}}, {{pick a|b|c}}, {{row.NAME}} (of --data), {{helo}}, and of the envelope {{from}},
   * {{to}} and {{recipient}}. {{{{ is a literal {{. Values are drawn from --seed and the message's number.
   */
  readonly template?: Values["template"]
  /**
   * Let -f, -t, -S, --mail-parameter and --rcpt-parameter have variables, too, as --template. Without it, braces in
   * them are braces. Default: false.
   */
  readonly expand: Values["expand"]
  /**
   * Send the messages found at this path: an .eml file, an mbox, a Maildir, or a directory of these, with the
   * directories below it. Sender and recipients are those of -f, -t, -r and -N, never those in the messages, unless
   * --envelope says so. Files must not change during the run: a message that was changed is not sent, and fails. May
   * be given several times, also with a share of the messages for each: 90%: ham and 10%: spam.mbox.
   */
  readonly corpus?: Values["corpus"]
  /**
   * Keep a --corpus of up to this size in memory, ready to be sent (default: 256M). A larger one stays on disk, and is
   * read as it is sent: cheapest in order, for then it is read ahead. Units are as in -l. Default: 256000000.
   */
  readonly corpusMemory: Values["corpusMemory"]
  /**
   * Where the sender and the recipients of --corpus messages come from: options (-f, -t, -r, -N), or the headers of
   * each message (Return-Path or From; To, Cc and Bcc), moved to the domain of --to-domain. A message whose headers
   * name no recipient is left out, and counted; of more than 1,000 recipients, the first 1,000 are taken. Default:
   * "options".
   */
  readonly envelope: Values["envelope"]
  /**
   * Move all addresses of --envelope headers to this domain: alice@example.org becomes alice=example.org at this one.
   * Nobody whose address is in the corpus gets mail, or a bounce.
   */
  readonly toDomain?: Values["toDomain"]
  /**
   * How an mbox of --corpus marks lines of a body that begin with "From ": mboxo puts a > before them, which stays;
   * mboxrd does so, too, and it is taken off; mboxcl2 has none, and Content-Length says where a message ends; auto is
   * mboxcl2 where those lengths are right, and mboxo otherwise. Default: "auto".
   */
  readonly mbox: Values["mbox"]
  /**
   * In which order the messages of --corpus are sent: sequential, as they are there, and from the first again; random,
   * any one each time; shuffle, each once in random order, and then again in another order. Default: "sequential".
   */
  readonly order: Values["order"]
  /**
   * Replace these headers of --corpus messages by new ones: message-id (the default, because servers drop a message
   * that they know), date, from, to, subject; or none.
   */
  readonly rewrite?: Values["rewrite"]
  /**
   * What to do with a --corpus message that holds a carriage return without a line feed, which servers read in
   * different ways: skip leaves the message out, and counts it; space sends a space instead; raw sends it as it is,
   * which a server may take for the end of a line, and what follows for commands. Default: "skip".
   */
  readonly unusual: Values["unusual"]
  /**
   * Take the values of {{row.NAME}} from this CSV file, whose first row names the columns. Each message has a row;
   * after the last row comes the first again.
   */
  readonly data?: Values["data"]
  /**
   * In which order messages get the rows of --data: sequential, as they are there; random, any one each time; shuffle,
   * each once in random order, and then again in another order. Default: "sequential".
   */
  readonly dataOrder: Values["dataOrder"]
  /**
   * Send one message for each row of --data, or each message of --corpus once, and then end. With -m, end after that
   * many at the latest. Default: false.
   */
  readonly once: Values["once"]
  /**
   * Sign messages with DKIM, for this domain and selector, with the key of --dkim-key. Whoever verifies them looks for
   * the public key at selector._domainkey.domain.
   */
  readonly dkim?: Values["dkim"]
  /** The private key of --dkim, RSA or Ed25519, in PEM without a passphrase. */
  readonly dkimKey?: Values["dkimKey"]
  /**
   * What a signature covers. once: From, Subject, the type and the body, so that messages in which these are the same
   * share a signature. each: To, Date and Message-Id, too, so that each message is signed by itself, which costs a
   * tenth of a millisecond or more. Default: "once".
   */
  readonly dkimSign: Values["dkimSign"]
  /**
   * Use TLS: by STARTTLS, which the server must offer; by STARTTLS if it is offered, and in plain text if not; or from
   * the first byte (implicit; the port is 465 unless the target says otherwise). A handshake that fails costs the
   * message, in every case. Default: "off".
   */
  readonly tls: Values["tls"]
  /**
   * Accept the server by its certificate: signed by a trusted authority, for the server's name (full, the default);
   * signed by one, for any name (chain); or any certificate (none, which reports mention).
   */
  readonly tlsVerify?: Values["tlsVerify"]
  /** Ask for this name (SNI), and verify it, instead of the target's. An address is verified and not asked for. */
  readonly tlsName?: Values["tlsName"]
  /** Trust the certificate authorities in this file (PEM), and no others. */
  readonly tlsCa?: Values["tlsCa"]
  /**
   * Accept the server by its key: this is the SHA-256 hash of its public key (SubjectPublicKeyInfo). It replaces
   * --tls-verify, and needs no authority. May be given several times: one of them must match.
   */
  readonly tlsPins?: Values["tlsPins"]
  /** Offer these versions of TLS, of 1.0, 1.1, 1.2 and 1.3. Default: "1.2..1.3". */
  readonly tlsVersions: Values["tlsVersions"]
  /** Offer these cipher suites, by OpenSSL's names, with colons between. */
  readonly tlsCiphers?: Values["tlsCiphers"]
  /** Offer these groups for the key exchange, such as X25519:P-256. */
  readonly tlsGroups?: Values["tlsGroups"]
  /** Show the server the certificate in this file (PEM), with those that lead to its authority after it. */
  readonly tlsCert?: Values["tlsCert"]
  /**
   * The private key of --tls-cert (PEM; default: the same file). SMTP_SOURCE_TLS_PASSPHRASE holds its passphrase, if
   * it has one.
   */
  readonly tlsKey?: Values["tlsKey"]
  /**
   * Offer to resume the latest TLS session, with all connections or with a share of them. It saves the server some
   * work, and this machine almost none. Default: "off".
   */
  readonly tlsResume: Values["tlsResume"]
  /** Append the secrets of each connection to this file, for Wireshark. Whoever has it can read what was sent. */
  readonly tlsKeylog?: Values["tlsKeylog"]
  /**
   * Log in once over each connection, after TLS: by the strongest mechanism that the server offers (auto:
   * SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN), or by the first of these that it offers: scram-sha-256,
   * scram-sha-1, cram-md5, plain, login, xoauth2, oauthbearer, external, anonymous. None is tried that is not offered.
   * A refusal costs the message; the step auth has durations of its own. Default: "off".
   */
  readonly auth: Values["auth"]
  /** Log in as this user, with the password of --password-file, or of SMTP_SOURCE_PASSWORD. */
  readonly user?: Values["user"]
  /**
   * The file whose one line is the password of --user, or the token for xoauth2 and oauthbearer; - is standard input.
   * It is safer than SMTP_SOURCE_PASSWORD, which other processes of the user can read. No option takes the password
   * itself, which a list of processes would show.
   */
  readonly passwordFile?: Values["passwordFile"]
  /**
   * Log in as the users of this file: CSV (RFC 4180) whose first line names the columns: user, password and, if it is
   * there, mechanism, which is the one for that user. Lines that begin with # are comments. A million accounts take
   * some 50 MB, and three times as much while they are read.
   */
  readonly accounts?: Values["accounts"]
  /**
   * Which account a connection logs in with: session, the same for all connections of a session; round, the next one
   * for each connection; random, one drawn from --seed. After the last account comes the first again. Default:
   * "session".
   */
  readonly accountOrder: Values["accountOrder"]
  /**
   * Send the first response in the line of AUTH: auto, if the line then has at most 512 bytes, which all servers
   * accept; never; or always. Default: "auto".
   */
  readonly authInitialResponse: Values["authInitialResponse"]
  /**
   * Allow plain, login, xoauth2 and oauthbearer, which show the password or the token, on connections without TLS,
   * too. Over loopback and UNIX-domain sockets they are always allowed. Default: false.
   */
  readonly authInsecure: Values["authInsecure"]
  /**
   * End the run when this many logins in a row, in one thread, were refused for good (5xx), before the server locks
   * accounts or addresses. Default: 10.
   */
  readonly authFailures: Values["authFailures"]
  /**
   * What to do with a message that needs an extension which the server does not offer: fail it, and send nothing of it
   * (fail); send it without the extension, and count that (skip); or use the extension all the same (send). Default:
   * "fail".
   */
  readonly whenNotOffered: Values["whenNotOffered"]
  /**
   * Tell the size of each message with its sender (SIZE), so that a server can refuse it before it comes. Default:
   * false.
   */
  readonly declareSize: Values["declareSize"]
  /**
   * Send messages by BDAT and not by DATA (CHUNKING): each as one chunk (on), or in chunks of this many bytes (64k).
   * With --pipelining a whole transaction is one write. In reports, the last chunk is the steps content and final;
   * those before it are the step chunk. Default: "off".
   */
  readonly chunking: Values["chunking"]
  /**
   * Send this many transactions in one write, and the next ones when all of them are answered: with --chunking and
   * --pipelining full, over connections that are kept. If the connection is lost, all of them may be unknown. All of
   * them have the same duration. Default: 1.
   */
  readonly depth: Values["depth"]
  /**
   * Declare in MAIL what a message consists of (BODY): 7bit; 8bit, for which the server must offer 8BITMIME; binary,
   * for which it must offer BINARYMIME, and which needs --chunking; or auto: 8BITMIME, where the message has bytes
   * beyond ASCII and the server offers it. Default: "auto".
   */
  readonly mime: Values["mime"]
  /**
   * Add SMTPUTF8 to MAIL: always; or auto: where an address has characters beyond ASCII and we have said EHLO.
   * Default: "auto".
   */
  readonly smtputf8: Values["smtputf8"]
  /**
   * Which notifications to ask for (DSN): never any, so that a test bounces to nobody; or those of success, failure or
   * delay.
   */
  readonly notify?: Values["notify"]
  /** What notifications return of the message (DSN): all of it, or its headers. */
  readonly dsnReturn?: Values["dsnReturn"]
  /**
   * The name that notifications have for the message (DSN); {n} in it is the message's number in the run, from 1.
   */
  readonly envelopeId?: Values["envelopeId"]
  /**
   * Ask that each message is passed on over verified TLS alone (REQUIRETLS). It needs --tls, and a server that is
   * verified. Default: false.
   */
  readonly requireTls: Values["requireTls"]
  /**
   * Add this to MAIL as it is, whether or not the server offers anything like it: HOLDFOR=60, BY=120;R, MT-PRIORITY=3.
   * With --expand, it may have variables, as --template: MT-PRIORITY={{int 0..9}}. May be given several times.
   */
  readonly mailParameters?: Values["mailParameters"]
  /** Add this to each RCPT as it is; with --expand, with variables, too. May be given several times. */
  readonly rcptParameters?: Values["rcptParameters"]
  /**
   * The clients that --proxy and --xclient tell of: each connection has the next address of this list, such as
   * 192.0.2.0/24,2001:db8::1, with all addresses of a network. The connections themselves still come from this
   * machine.
   */
  readonly clientAddresses?: Values["clientAddresses"]
  /**
   * Our clients, for --proxy and --xclient: a CSV file (RFC 4180) whose first line names the columns, which are
   * attributes of XCLIENT: ADDR,NAME,HELO. Each connection has a line; --proxy uses ADDR, and PORT where it is there.
   */
  readonly clients?: Values["clients"]
  /**
   * Which of the clients of --clients or --client-addresses a connection has: each the next (round); the same for all
   * connections of a session; or one drawn at random. Default: "round".
   */
  readonly clientOrder: Values["clientOrder"]
  /**
   * Begin each connection with the header of the PROXY protocol, of this version, before TLS and everything else, as a
   * load balancer does that passes on a client. The server must expect it.
   */
  readonly proxy?: Values["proxy"]
  /**
   * Tell the server who the client is (Postfix's XCLIENT), after EHLO and TLS, and introduce ourselves again: with
   * ADDR, NAME, PORT, PROTO, HELO, LOGIN, DESTADDR, DESTPORT, REVERSE_NAME. One without a value has that of the column
   * of --clients, and is left out where the cell is empty; ADDR may come from --client-addresses. {n} in a value is
   * the connection's number, from 1. The server must offer it to us, unless --when-not-offered says otherwise.
   */
  readonly xclient?: Values["xclient"]
  /**
   * Tell the server before each message who its client was (Postfix's XFORWARD), with NAME, ADDR, PORT, PROTO, HELO,
   * IDENT, SOURCE. As for --xclient, but each message has the next client, whatever connection it goes over, and {n}
   * is the message's number, from 1.
   */
  readonly xforward?: Values["xforward"]
  /**
   * Introduce each connection by this name, in which {n} is its number, from 1: client{n}.example. Only HELO, EHLO and
   * LHLO say it; the rest has that of -M.
   */
  readonly helloPattern?: Values["helloPattern"]
  /**
   * Connect to all addresses of the target's name in turn: each is a target of its own, and counted as such. Without
   * it, the first address is connected to, and the others where that fails. Default: false.
   */
  readonly spread: Values["spread"]
  /**
   * Connect to this address and port instead of that host and port, as curl's option does:
   * mail.example:25:127.0.0.1:2525. An empty host or port matches any; an empty address or port stays that of the
   * target. TLS still asks for, and verifies, the target's name. Of several, the first that matches is used. May be
   * given several times.
   */
  readonly connectTo?: Values["connectTo"]
  /**
   * Connect through this SOCKS5 proxy (port 1080), as ssh -D opens one. The proxy looks up the target's name; for mx:
   * targets and with --spread, names are looked up on this machine.
   */
  readonly socks?: Values["socks"]
  /**
   * Log in to the proxy with the user and the password in this file, in one line, with a colon between. They are in no
   * report.
   */
  readonly socksLogin?: Values["socksLogin"]
  /**
   * How to close a connection after QUIT: reset leaves no port in TIME_WAIT, as the original does; fin is the polite
   * way. Default: "reset".
   */
  readonly close: Values["close"]
  /**
   * Where a recipient's number goes: before the address, counted from 1, or after its local part, counted from 0
   * (Postfix 3.9 and later). Default: "prepend".
   */
  readonly numbering: Values["numbering"]
  /**
   * Send commands in groups, where the server offers PIPELINING. on sends MAIL, RCPT and DATA of a message in one
   * write. full also sends the end of a message together with these commands of the next one on the same connection,
   * which some servers refuse. The duration of each reply counts from when its group was written; that of the reply to
   * the final dot, from the dot. Default: "off".
   */
  readonly pipelining: Values["pipelining"]
  /**
   * Start this many messages a second, minute or hour, each when it is due, whether or not earlier ones were answered.
   * Durations of transactions then count from when the message was due.
   */
  readonly rate?: Values["rate"]
  /**
   * With a rate: start messages evenly spaced (constant), or at random times, as real mail comes in (poisson; drawn
   * from --seed). Default: "constant".
   */
  readonly arrivals: Values["arrivals"]
  /**
   * Instead of one rate, several in turn: "30s:100/s, 2m:100/s..1000/s, 1m:0/s" holds 100 a second for 30 seconds,
   * goes up to 1000 a second in two minutes, and rests for one. Without -m the run ends with the last stage.
   */
  readonly stages?: Values["stages"]
  /** With a rate: start messages in groups of this many. The rate stays the same. Default: 1. */
  readonly burst: Values["burst"]
  /**
   * With a rate: have at most this many sessions (default: that of -s, or 1000). A message that is due while all of
   * them are busy waits, and is counted as late.
   */
  readonly maxSessions?: Values["maxSessions"]
  /**
   * With a rate: don't start a message that had to wait for a session for longer than this (5, 500ms). It is counted
   * as dropped, and among those not started.
   */
  readonly dropLate?: Values["dropLate"]
  /**
   * Begin no more messages after this time (90s, 10m, 1h), or after those of -m, whichever comes first. Without -m
   * there is no limit to their number.
   */
  readonly duration?: Values["duration"]
  /**
   * Leave this first part of the run (10s, 1m) out of the durations, the replies and the rate in reports. Its messages
   * and its errors still count.
   */
  readonly warmUp?: Values["warmUp"]
  /** Draw random delays and arrivals from this seed, so that a run can be repeated. */
  readonly seed?: Values["seed"]
  /**
   * Share the sessions out to this many threads, each with a processor of its own; auto is one for each processor.
   * Default: 1.
   */
  readonly workers: Values["workers"]
  /**
   * Start a server on loopback, in this process, and send to it instead of to a target. At the end its counts are
   * compared with ours; a difference is a bug (exit status 70). Default: false.
   */
  readonly sink: Values["sink"]
  /**
   * With --sink or --downstream: go wrong at this step (connect, greeting, hello, starttls, tls, auth, mail, rcpt,
   * data, content, chunk, final, rset, noop, quit), always or for a share: a reply by its code, with or without a text
   * ("rcpt 5% 550 5.1.1 No such user"; 421 closes), close, reset, silence, shut (stop reading), garbage, twice, early
   * (the next reply, too), endless, drip 10/s, or "delay exp(2s)", alone or before one of them ("data delay 2s 421").
   * A condition may follow: "if to *@example.com", from, client, "session > 100", and at final "size > 1M" or "header
   * Subject ~ text", several joined by and. Then the time of the server in which it goes wrong: "during 30s..60s". At
   * rcpt, "by recipient" draws the share for each attempt of a recipient by itself, so that the order of attempts does
   * not matter. The first rule that applies decides. May be given several times.
   */
  readonly sinkFault?: Values["sinkFault"]
  /**
   * With --sink or --downstream: answer after this time: 20ms, 10..30ms, exp(20ms) (mostly short, with this mean).
   * With the name of a step before it, only that step is delayed: "final exp(20ms)". May be given several times.
   */
  readonly sinkLatency?: Values["sinkLatency"]
  /**
   * With --sink or --downstream: serve this many messages at a time, each for this long: "4 x exp(10ms)". Others wait
   * in a queue, as they do at a server with too much to do.
   */
  readonly sinkCapacity?: Values["sinkCapacity"]
  /**
   * With --sink or --downstream: do nothing from this time on for this long: "60s: 5s". Time counts from the first
   * connection. May be given several times.
   */
  readonly sinkStall?: Values["sinkStall"]
  /**
   * With --sink or --downstream: refuse what goes beyond: "100 connections" or "20 connections/client" (at a time:
   * 421), "50 messages/connection" and "10 recipients" (452), or a rate of messages, "500/s", "60/m/client", or of
   * recipients by their domain, "10/s/domain" (450). A rate lets its number through at once, and then more as time
   * passes. The reply may follow: "500/s 451 4.7.1 Slow down". May be given several times.
   */
  readonly sinkLimit?: Values["sinkLimit"]
  /**
   * With --sink or --downstream: refuse by 450 what a client sends for the first time from this sender to this
   * recipient. Accept it when it comes again between these two times later (the second is 4h by default), and from
   * then on always. "60s..4h /24" looks at 24 bits of the client's address.
   */
  readonly sinkGreylist?: Values["sinkGreylist"]
  /**
   * With --sink or --downstream: delay replies by this time for each error of a session beyond this count: "1s after
   * 10 errors". Each reply of 4xx or 5xx is an error.
   */
  readonly sinkTarpit?: Values["sinkTarpit"]
  /**
   * With --sink or --downstream: read at most this many bytes a second (500, 10k, 1M) from each connection: the
   * client's window fills.
   */
  readonly sinkReadRate?: Values["sinkReadRate"]
  /**
   * With --sink or --downstream: let recipients say what becomes of them: tempfail@, permfail@, drop@, delay-5s@, or a
   * code and what is said with it, as in 450-4.2.0-full@. Default: false.
   */
  readonly sinkTriggers: Values["sinkTriggers"]
  /**
   * With --sink or --downstream: offer these extensions of SMTP, too: 8bitmime, binarymime, chunking, deliverby, dsn,
   * enhancedstatuscodes, mt-priority, pipelining, requiretls, size=10M (a larger message is refused by 552), smtputf8,
   * xclient, xforward, rcptmax=100 (LIMITS: more recipients of a message are refused by 452) and mailmax=20 (more
   * messages over a connection are), or x-anything=text, which is announced and nothing more. Names may have commas
   * between.
   */
  readonly sinkOffer?: Values["sinkOffer"]
  /**
   * With --sink or --downstream: do not offer this extension, and refuse what only it allows: 8bitmime, binarymime,
   * chunking, dsn, enhancedstatuscodes, pipelining, requiretls, size or smtputf8. May be given several times.
   */
  readonly sinkHide?: Values["sinkHide"]
  /**
   * Instead of sending to a target, send this load to a built-in server for a few seconds, without its rate and
   * pauses, to measure what this machine can generate. A faster server cannot be measured from here. Default: false.
   */
  readonly calibrate: Values["calibrate"]
  /**
   * Write the summary to standard error at the end, even where that is no terminal. A text report there says the same,
   * and replaces it. Default: false.
   */
  readonly summary: Values["summary"]
  /**
   * Put a stamp on top of each message, a header X-Smtp-Source that holds the run, the message's number, the time, and
   * the size and the checksum of its body: so that whoever receives it can tell what has arrived, and whether it was
   * changed. --prove=recipients, or --prove alone, tells so of each recipient of a message; --prove=messages of each
   * message alone, for a server that rewrites addresses. With --downstream, the run ends when what was accepted has
   * arrived there, and reports tell what is missing, has come twice, or was changed; unless a verdict names missing,
   * it fails if anything is. With --sink, the sink tells so of what it has taken itself.
   */
  readonly prove?: Values["prove"]
  /**
   * Be the next hop of the server, too: listen here, take what it sends on, and find out what became of each message.
   * The server must be told to send on to it, such as by Postfix's relayhost. Reports then tell duplicates from copies
   * that the server had to send again. --sink-fault and the like make it misbehave.
   */
  readonly downstream?: Values["downstream"]
  /**
   * After the last message, wait for what is missing, and for what the server has to send again, until nothing has
   * arrived for this time (30, 10m; default: 2m), or all is there. Servers try again after minutes: Postfix after 5
   * (minimal_backoff_time), and after 1 where one of its processes died (service_throttle_time).
   */
  readonly settle?: Values["settle"]
  /**
   * Before the run and after it, ask the smtp-sink --prove=file that listens here for its time, so that smtp-report,
   * which is given that file, tells by how much its clock is ahead or behind, and delivery without that. It is asked
   * sixteen times over a connection of its own, in plain text; the answer that took the shortest time counts, and
   * tells the difference to half of that time. May be given several times, once for each sink; of a run in segments
   * each compares its clock. A sink that does not answer is reported, and the report then says that the clocks were
   * not compared.
   */
  readonly compareClocks?: Values["compareClocks"]
  /**
   * With --downstream or --sink, a message counts as changed also if one of its headers is missing or different when
   * it arrives. Ignore this header, or all that begin so (X-Virus-*). Always ignored are those that servers write or
   * remove themselves: Received, Return-Path, Delivered-To, X-Original-To, Bcc, Content-Length,
   * Authentication-Results, DKIM-Signature, ARC-* and X-Spam-*; and added headers are no change. The headers of a
   * --corpus are not compared. May be given several times.
   */
  readonly ignoreHeader?: Values["ignoreHeader"]
  /**
   * Be segment i of n of a run that n processes make together, on as many machines as there are: send every message
   * that is this one's, and share -s, --max-sessions, --connecting and --connect-rate out. Message k is the same
   * whoever sends it (give all the same -M, for the names in it). auto takes i and n from the engine that started this
   * process: Slurm, Kubernetes, Cloud Run, AWS Batch, Open MPI, Nomad or GNU parallel. smtp-report puts the results
   * together.
   */
  readonly segment?: Values["segment"]
  /**
   * With --segment, for machines of different strength: the weight of each segment, as whole numbers. With 1,2,5 the
   * third one sends five messages in eight.
   */
  readonly weights?: Values["weights"]
  /**
   * Call the run this, in Message-Id and in results, instead of a name that is drawn. All segments of a run need the
   * same one; with --segment auto it may come from the engine. Where there is no --seed, it is the seed, too.
   */
  readonly runId?: Values["runId"]
  /**
   * Begin at this time by the machine's clock (2026-12-01T10:00:00Z), or after this time (+30s), and date all messages
   * so. With a rate, a process that is more than 0.1 seconds late leaves out what was due before it began: those
   * messages are not started, and never sent in a burst.
   */
  readonly startAt?: Values["startAt"]
  /**
   * Report the run at its end, as text, json, csv (second by second), hgrm (HdrHistogram: in run.hgrm the accepted
   * transactions, and beside it a file for each step and ending, such as run.rcpt-accepted.hgrm), prometheus (for a
   * textfile collector), junit or html (one page that needs nothing else), to a file; without one, text goes to
   * standard error and the others to standard output. ndjson is a journal: a line of JSON for each second as it goes,
   * and the report at the end, so that smtp-report can read a run that was killed, too. May be given several times.
   */
  readonly report?: Values["report"]
  /**
   * Show how far the run is, on standard error: auto does so on a terminal that neither -v nor -c writes to, a few
   * times a second; plain writes a line every five seconds. Default: "auto".
   */
  readonly progress: Values["progress"]
  /**
   * Send the run's metrics to an OpenTelemetry collector each second as it goes, and whole at its end: by OTLP over
   * HTTP, in JSON, to this URL with /v1/metrics; auto is the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, or
   * http://localhost:4318. OTEL_EXPORTER_OTLP_HEADERS is sent along. A collector that fails is reported once, and
   * changes nothing else.
   */
  readonly otlp?: Values["otlp"]
  /**
   * Exit with status 99 if this is true of the run: "p99(transaction) > 250ms", "max(rcpt) >= 1s", "mean(final) >
   * 20ms", "rejected > 0.1%", "accepted < 100%", "rate < 500/s", "code(4xx) > 0". Others are errors (of the server or
   * the network), abandoned, "recipients(refused) > 1%"; in an open run late (messages that waited for a session),
   * behind (messages that started over 10 ms late because the generator was behind) and dropped; of connections
   * secured (with TLS), resumed (of those) and handshakes ("resumed < 90%", "handshakes < 500/s"); and durations of
   * the transaction and its steps, of a whole connection, and in an open run of the service and the start. Durations
   * are of what was accepted, unless said otherwise ("p50(rcpt, rejected) > 1s"); one that was never measured fails.
   * May be given several times.
   */
  readonly failIf?: Values["failIf"]
  /**
   * Exit with status 99 unless this is true of the run: "p99(transaction) < 250ms", "accepted >= 99.9%". The
   * expressions are those of --fail-if. May be given several times.
   */
  readonly require?: Values["require"]
  /**
   * Stop the run, as a signal would, as soon as this is true of it, and exit with status 99. It is looked at each
   * second, and once more, for the whole run, at the end. While the run goes on, counts are since its start;
   * durations, shares and the rate are those of the last ten seconds, or of up to a minute where it takes as long to
   * have enough to judge by: ten values beyond a percentile (1,000 for p99), a hundred messages for a share or a mean.
   * With fewer the run goes on. To leave a slow start out altogether, add --warm-up. May be given several times.
   */
  readonly abortIf?: Values["abortIf"]
}

/**
 * A plan as it is written in a file or by a program: fields that have a default may be left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface PlanInput {
  /**
   * Where to connect: [inet:]host[:port], unix:pathname, or mx:domain for the domain's mail exchangers; or several of
   * them, with commas between, each with its weight, as in one:25*3,two:25.
   */
  readonly target?: Inputs["target"]
  /**
   * Connect to the server over this address family alone. It has no effect on a UNIX-domain target. Default: "any".
   */
  readonly family?: Inputs["family"]
  /**
   * Don't stop when the server answers with something other than the expected positive reply: go on with the next
   * message. A connection that is lost still ends the run; see --keep-going. Default: false.
   */
  readonly acceptRejection?: Inputs["acceptRejection"]
  /**
   * Display a running counter on standard output, incremented each time the end of a message has been sent. Default:
   * false.
   */
  readonly counter?: Inputs["counter"]
  /**
   * Give up when this many attempts to open a connection have failed in a session; a success does not reset the count.
   * One attempt tries all addresses of the server. Default: 1.
   */
  readonly connectAttempts?: Inputs["connectAttempts"]
  /** Don't disconnect after sending a message; send the next message over the same connection. Default: false. */
  readonly reuse?: Inputs["reuse"]
  /**
   * Use this sender address (default: foo@myhostname). An empty one is the null sender. With --auth, {user} in it is
   * the user that the connection is logged in as: -f '{user}', or -f '{user}@example.com'.
   */
  readonly from?: Inputs["from"]
  /**
   * Send the message, headers and body, that is in this file. Lines may end in LF or in CRLF; lines that begin with a
   * dot are stuffed.
   */
  readonly file?: Inputs["file"]
  /**
   * Send this many bytes of generated text as the body of the message, headers not counted. Or draw the size of each
   * message, from --seed: any between two (1k..100k); mostly small, with this mean (exp(20k)); as the bodies of real
   * mail, by median and mean (lognormal(4k, 25k)); as its large attachments, by smallest size and shape (pareto(64k,
   * 1.2)); one of several ("70%: 4k, 25%: 50k, 5%: 1M..5M"); or a published mix: isp (SPECmail2001) or office
   * (Domino). k and M are thousands and millions, Ki and Mi powers of 1,024. No size is over 100M, or over a last
   * number: exp(20k, 1M).
   */
  readonly length?: Inputs["length"]
  /** Speak LMTP rather than SMTP. Default: false. */
  readonly lmtp?: Inputs["lmtp"]
  /** Send this many messages in all (default: 1; with --duration or --stages, as many as the time allows). */
  readonly messages?: Inputs["messages"]
  /**
   * Use this host name, or [address literal], in the HELO command, in the default sender and recipient, and in
   * Message-Id (default: the host's own name).
   */
  readonly helloName?: Inputs["helloName"]
  /**
   * Put a number before each recipient address, another one each time, so that the server has none of them in its
   * caches. Default: false.
   */
  readonly numberRecipients?: Inputs["numberRecipients"]
  /** Old mode: don't send HELO, and don't send message headers. Default: false. */
  readonly bare?: Inputs["bare"]
  /**
   * Send each message to this many recipients (default: 1). Their addresses differ by a number before the recipient
   * address. Or draw how many a message has, from --seed: any between two (1..20); mostly few, with this mean and this
   * most (exp(2, 50)); one of several ("86%: 1, 14%: 2..20"); or a published mix: isp (SPECmail2001). With -N, numbers
   * are then left out where a message has fewer than the most.
   */
  readonly recipients?: Inputs["recipients"]
  /**
   * Wait for a random time between 0 and this many seconds between the messages of a session. Whole seconds are drawn,
   * unless the interval has a fraction.
   */
  readonly randomDelay?: Inputs["randomDelay"]
  /** Run this many sessions in parallel. Default: 1. */
  readonly sessions?: Inputs["sessions"]
  /** Send mail with this subject line (default: none). */
  readonly subject?: Inputs["subject"]
  /** Use this recipient address (default: foo@myhostname). */
  readonly to?: Inputs["to"]
  /**
   * Set the socket's send and receive buffers to this many bytes before connecting. This needs the optional package
   * koffi.
   */
  readonly windowSize?: Inputs["windowSize"]
  /**
   * Write the dialogue to standard error. With several sessions, each line begins with the number of its connection.
   * Default: 0.
   */
  readonly verbose?: Inputs["verbose"]
  /** Wait for this many seconds between the messages of a session. */
  readonly delay?: Inputs["delay"]
  /**
   * Give up on a reply that is not complete after this many seconds (or 500ms, 2m), and on a server that stops
   * reading. Default: 300.
   */
  readonly timeout?: Inputs["timeout"]
  /**
   * Go on after a failure: a rejection, a lost connection, a time-out, a malformed reply or a failed connect costs the
   * one message that it struck, and is counted. A session whose connects keep failing waits before the next one, for a
   * second at most. The exit status is 1 when a message was not accepted. Default: false.
   */
  readonly keepGoing?: Inputs["keepGoing"]
  /**
   * After a signal, or when the time of --duration or --stages is over, let what is under way go on for this many
   * seconds. Default: 5.
   */
  readonly drain?: Inputs["drain"]
  /**
   * Have at most this many connections waiting for their greeting at any time; with --tls and --auth, for these to be
   * done. TLS handshakes that are under way together share this machine's processor, so that each takes longer. With
   * 4, the durations of the step tls are the server's own; more are needed where the server is far away. Default: 64.
   */
  readonly connecting?: Inputs["connecting"]
  /** Open at most this many connections a second (50, or 3000/m), evenly spaced. */
  readonly connectRate?: Inputs["connectRate"]
  /**
   * Connect from these local addresses in turn: 127.0.0.2, 127.0.0.3, or all of a network, 127.0.1.0/24. Each one has
   * ports of its own: some 28,000 on Linux, unless told otherwise.
   */
  readonly source?: Inputs["source"]
  /**
   * Send this many messages over each connection, and then open another one. Of min..max, a number between the two is
   * drawn for each connection. It implies -d.
   */
  readonly perConnection?: Inputs["perConnection"]
  /**
   * Wait between the messages of a session, as -w and -R do: for this time (2, 500ms, 1m), for a time between two
   * (1..5), or for a time that is mostly short, with this mean (exp(2)).
   */
  readonly think?: Inputs["think"]
  /**
   * Hold each connection idle for this time before QUIT, or before it is abandoned. Times are written as for --think.
   */
  readonly hold?: Inputs["hold"]
  /** Send the content of messages at no more than this many bytes a second (500, 2k, 1.5M) over each connection. */
  readonly sendRate?: Inputs["sendRate"]
  /**
   * Drop the connection without QUIT after the reply to this step: greeting, hello, starttls (no handshake follows),
   * tls (when the handshake is done), auth, mail, rcpt or data. It is reset, or closed with close. It is dropped for
   * all messages, or for this share of them: "data 5%", "rcpt close 10%". They are counted as abandoned; they neither
   * end the run nor change its exit status. May be given several times.
   */
  readonly abandon?: Inputs["abandon"]
  /**
   * Have connections of several shapes, each with its share of them: "90%: per-connection 1..20, hold 5", "9%:
   * send-rate 2k, think exp(3)", "1%: hold 60, abandon greeting"; or some with TLS: "70%: tls starttls", "30%: tls
   * off". Shares add up to 100%. Numbers without % are weights ("3: tls starttls", "1: tls off"). What a shape leaves
   * open is as the options say. In a file, the parts are fields: weight, perConnection, hold, think, sendRate, tls,
   * abandon. May be given several times.
   */
  readonly shapes?: Inputs["shapes"]
  /**
   * The kind of body that each message has: text (the default: lines of X); words, which compress as prose does;
   * random, lines of base64, which do not compress; gtube, words with the string that tests spam filters; eicar, words
   * with the attached file that tests virus scanners; or several kinds, each with its share: "97%: words, 2%: gtube,
   * 1%: eicar". Its size is that of -l, or 1,000 bytes; no two bodies of words or random are alike. What a message
   * gets is drawn from --seed.
   */
  readonly body?: Inputs["body"]
  /**
   * Attach this file, or this many random bytes, to each message, or to a share of them: report.pdf, "20%: 100k..2M",
   * "5%: report.pdf". Sizes are those of -l, before they are encoded. May be given several times.
   */
  readonly attach?: Inputs["attach"]
  /**
   * Add this header to each message, above all others: "X-Priority: 1". With -F, too. It may have variables, as
   * --template. May be given several times.
   */
  readonly headers?: Inputs["headers"]
  /**
   * Send messages made from this file, which is a whole message, headers and body, with variables: {{message}} (its
   * number from 0) and {{number}} (from 1), {{run}}, {{uuid}}, {{date}}, {{date iso}}, {{date + 1d}}, {{hex 16}},
   * {{int 1..100}}, {{words 20}}, {{pick a|b|c}}, {{row.NAME}} (of --data), {{helo}}, and of the envelope {{from}},
   * {{to}} and {{recipient}}. {{{{ is a literal {{. Values are drawn from --seed and the message's number.
   */
  readonly template?: Inputs["template"]
  /**
   * Let -f, -t, -S, --mail-parameter and --rcpt-parameter have variables, too, as --template. Without it, braces in
   * them are braces. Default: false.
   */
  readonly expand?: Inputs["expand"]
  /**
   * Send the messages found at this path: an .eml file, an mbox, a Maildir, or a directory of these, with the
   * directories below it. Sender and recipients are those of -f, -t, -r and -N, never those in the messages, unless
   * --envelope says so. Files must not change during the run: a message that was changed is not sent, and fails. May
   * be given several times, also with a share of the messages for each: 90%: ham and 10%: spam.mbox.
   */
  readonly corpus?: Inputs["corpus"]
  /**
   * Keep a --corpus of up to this size in memory, ready to be sent (default: 256M). A larger one stays on disk, and is
   * read as it is sent: cheapest in order, for then it is read ahead. Units are as in -l. Default: 256000000.
   */
  readonly corpusMemory?: Inputs["corpusMemory"]
  /**
   * Where the sender and the recipients of --corpus messages come from: options (-f, -t, -r, -N), or the headers of
   * each message (Return-Path or From; To, Cc and Bcc), moved to the domain of --to-domain. A message whose headers
   * name no recipient is left out, and counted; of more than 1,000 recipients, the first 1,000 are taken. Default:
   * "options".
   */
  readonly envelope?: Inputs["envelope"]
  /**
   * Move all addresses of --envelope headers to this domain: alice@example.org becomes alice=example.org at this one.
   * Nobody whose address is in the corpus gets mail, or a bounce.
   */
  readonly toDomain?: Inputs["toDomain"]
  /**
   * How an mbox of --corpus marks lines of a body that begin with "From ": mboxo puts a > before them, which stays;
   * mboxrd does so, too, and it is taken off; mboxcl2 has none, and Content-Length says where a message ends; auto is
   * mboxcl2 where those lengths are right, and mboxo otherwise. Default: "auto".
   */
  readonly mbox?: Inputs["mbox"]
  /**
   * In which order the messages of --corpus are sent: sequential, as they are there, and from the first again; random,
   * any one each time; shuffle, each once in random order, and then again in another order. Default: "sequential".
   */
  readonly order?: Inputs["order"]
  /**
   * Replace these headers of --corpus messages by new ones: message-id (the default, because servers drop a message
   * that they know), date, from, to, subject; or none.
   */
  readonly rewrite?: Inputs["rewrite"]
  /**
   * What to do with a --corpus message that holds a carriage return without a line feed, which servers read in
   * different ways: skip leaves the message out, and counts it; space sends a space instead; raw sends it as it is,
   * which a server may take for the end of a line, and what follows for commands. Default: "skip".
   */
  readonly unusual?: Inputs["unusual"]
  /**
   * Take the values of {{row.NAME}} from this CSV file, whose first row names the columns. Each message has a row;
   * after the last row comes the first again.
   */
  readonly data?: Inputs["data"]
  /**
   * In which order messages get the rows of --data: sequential, as they are there; random, any one each time; shuffle,
   * each once in random order, and then again in another order. Default: "sequential".
   */
  readonly dataOrder?: Inputs["dataOrder"]
  /**
   * Send one message for each row of --data, or each message of --corpus once, and then end. With -m, end after that
   * many at the latest. Default: false.
   */
  readonly once?: Inputs["once"]
  /**
   * Sign messages with DKIM, for this domain and selector, with the key of --dkim-key. Whoever verifies them looks for
   * the public key at selector._domainkey.domain.
   */
  readonly dkim?: Inputs["dkim"]
  /** The private key of --dkim, RSA or Ed25519, in PEM without a passphrase. */
  readonly dkimKey?: Inputs["dkimKey"]
  /**
   * What a signature covers. once: From, Subject, the type and the body, so that messages in which these are the same
   * share a signature. each: To, Date and Message-Id, too, so that each message is signed by itself, which costs a
   * tenth of a millisecond or more. Default: "once".
   */
  readonly dkimSign?: Inputs["dkimSign"]
  /**
   * Use TLS: by STARTTLS, which the server must offer; by STARTTLS if it is offered, and in plain text if not; or from
   * the first byte (implicit; the port is 465 unless the target says otherwise). A handshake that fails costs the
   * message, in every case. Default: "off".
   */
  readonly tls?: Inputs["tls"]
  /**
   * Accept the server by its certificate: signed by a trusted authority, for the server's name (full, the default);
   * signed by one, for any name (chain); or any certificate (none, which reports mention).
   */
  readonly tlsVerify?: Inputs["tlsVerify"]
  /** Ask for this name (SNI), and verify it, instead of the target's. An address is verified and not asked for. */
  readonly tlsName?: Inputs["tlsName"]
  /** Trust the certificate authorities in this file (PEM), and no others. */
  readonly tlsCa?: Inputs["tlsCa"]
  /**
   * Accept the server by its key: this is the SHA-256 hash of its public key (SubjectPublicKeyInfo). It replaces
   * --tls-verify, and needs no authority. May be given several times: one of them must match.
   */
  readonly tlsPins?: Inputs["tlsPins"]
  /** Offer these versions of TLS, of 1.0, 1.1, 1.2 and 1.3. Default: "1.2..1.3". */
  readonly tlsVersions?: Inputs["tlsVersions"]
  /** Offer these cipher suites, by OpenSSL's names, with colons between. */
  readonly tlsCiphers?: Inputs["tlsCiphers"]
  /** Offer these groups for the key exchange, such as X25519:P-256. */
  readonly tlsGroups?: Inputs["tlsGroups"]
  /** Show the server the certificate in this file (PEM), with those that lead to its authority after it. */
  readonly tlsCert?: Inputs["tlsCert"]
  /**
   * The private key of --tls-cert (PEM; default: the same file). SMTP_SOURCE_TLS_PASSPHRASE holds its passphrase, if
   * it has one.
   */
  readonly tlsKey?: Inputs["tlsKey"]
  /**
   * Offer to resume the latest TLS session, with all connections or with a share of them. It saves the server some
   * work, and this machine almost none. Default: "off".
   */
  readonly tlsResume?: Inputs["tlsResume"]
  /** Append the secrets of each connection to this file, for Wireshark. Whoever has it can read what was sent. */
  readonly tlsKeylog?: Inputs["tlsKeylog"]
  /**
   * Log in once over each connection, after TLS: by the strongest mechanism that the server offers (auto:
   * SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN), or by the first of these that it offers: scram-sha-256,
   * scram-sha-1, cram-md5, plain, login, xoauth2, oauthbearer, external, anonymous. None is tried that is not offered.
   * A refusal costs the message; the step auth has durations of its own. Default: "off".
   */
  readonly auth?: Inputs["auth"]
  /** Log in as this user, with the password of --password-file, or of SMTP_SOURCE_PASSWORD. */
  readonly user?: Inputs["user"]
  /**
   * The file whose one line is the password of --user, or the token for xoauth2 and oauthbearer; - is standard input.
   * It is safer than SMTP_SOURCE_PASSWORD, which other processes of the user can read. No option takes the password
   * itself, which a list of processes would show.
   */
  readonly passwordFile?: Inputs["passwordFile"]
  /**
   * Log in as the users of this file: CSV (RFC 4180) whose first line names the columns: user, password and, if it is
   * there, mechanism, which is the one for that user. Lines that begin with # are comments. A million accounts take
   * some 50 MB, and three times as much while they are read.
   */
  readonly accounts?: Inputs["accounts"]
  /**
   * Which account a connection logs in with: session, the same for all connections of a session; round, the next one
   * for each connection; random, one drawn from --seed. After the last account comes the first again. Default:
   * "session".
   */
  readonly accountOrder?: Inputs["accountOrder"]
  /**
   * Send the first response in the line of AUTH: auto, if the line then has at most 512 bytes, which all servers
   * accept; never; or always. Default: "auto".
   */
  readonly authInitialResponse?: Inputs["authInitialResponse"]
  /**
   * Allow plain, login, xoauth2 and oauthbearer, which show the password or the token, on connections without TLS,
   * too. Over loopback and UNIX-domain sockets they are always allowed. Default: false.
   */
  readonly authInsecure?: Inputs["authInsecure"]
  /**
   * End the run when this many logins in a row, in one thread, were refused for good (5xx), before the server locks
   * accounts or addresses. Default: 10.
   */
  readonly authFailures?: Inputs["authFailures"]
  /**
   * What to do with a message that needs an extension which the server does not offer: fail it, and send nothing of it
   * (fail); send it without the extension, and count that (skip); or use the extension all the same (send). Default:
   * "fail".
   */
  readonly whenNotOffered?: Inputs["whenNotOffered"]
  /**
   * Tell the size of each message with its sender (SIZE), so that a server can refuse it before it comes. Default:
   * false.
   */
  readonly declareSize?: Inputs["declareSize"]
  /**
   * Send messages by BDAT and not by DATA (CHUNKING): each as one chunk (on), or in chunks of this many bytes (64k).
   * With --pipelining a whole transaction is one write. In reports, the last chunk is the steps content and final;
   * those before it are the step chunk. Default: "off".
   */
  readonly chunking?: Inputs["chunking"]
  /**
   * Send this many transactions in one write, and the next ones when all of them are answered: with --chunking and
   * --pipelining full, over connections that are kept. If the connection is lost, all of them may be unknown. All of
   * them have the same duration. Default: 1.
   */
  readonly depth?: Inputs["depth"]
  /**
   * Declare in MAIL what a message consists of (BODY): 7bit; 8bit, for which the server must offer 8BITMIME; binary,
   * for which it must offer BINARYMIME, and which needs --chunking; or auto: 8BITMIME, where the message has bytes
   * beyond ASCII and the server offers it. Default: "auto".
   */
  readonly mime?: Inputs["mime"]
  /**
   * Add SMTPUTF8 to MAIL: always; or auto: where an address has characters beyond ASCII and we have said EHLO.
   * Default: "auto".
   */
  readonly smtputf8?: Inputs["smtputf8"]
  /**
   * Which notifications to ask for (DSN): never any, so that a test bounces to nobody; or those of success, failure or
   * delay.
   */
  readonly notify?: Inputs["notify"]
  /** What notifications return of the message (DSN): all of it, or its headers. */
  readonly dsnReturn?: Inputs["dsnReturn"]
  /**
   * The name that notifications have for the message (DSN); {n} in it is the message's number in the run, from 1.
   */
  readonly envelopeId?: Inputs["envelopeId"]
  /**
   * Ask that each message is passed on over verified TLS alone (REQUIRETLS). It needs --tls, and a server that is
   * verified. Default: false.
   */
  readonly requireTls?: Inputs["requireTls"]
  /**
   * Add this to MAIL as it is, whether or not the server offers anything like it: HOLDFOR=60, BY=120;R, MT-PRIORITY=3.
   * With --expand, it may have variables, as --template: MT-PRIORITY={{int 0..9}}. May be given several times.
   */
  readonly mailParameters?: Inputs["mailParameters"]
  /** Add this to each RCPT as it is; with --expand, with variables, too. May be given several times. */
  readonly rcptParameters?: Inputs["rcptParameters"]
  /**
   * The clients that --proxy and --xclient tell of: each connection has the next address of this list, such as
   * 192.0.2.0/24,2001:db8::1, with all addresses of a network. The connections themselves still come from this
   * machine.
   */
  readonly clientAddresses?: Inputs["clientAddresses"]
  /**
   * Our clients, for --proxy and --xclient: a CSV file (RFC 4180) whose first line names the columns, which are
   * attributes of XCLIENT: ADDR,NAME,HELO. Each connection has a line; --proxy uses ADDR, and PORT where it is there.
   */
  readonly clients?: Inputs["clients"]
  /**
   * Which of the clients of --clients or --client-addresses a connection has: each the next (round); the same for all
   * connections of a session; or one drawn at random. Default: "round".
   */
  readonly clientOrder?: Inputs["clientOrder"]
  /**
   * Begin each connection with the header of the PROXY protocol, of this version, before TLS and everything else, as a
   * load balancer does that passes on a client. The server must expect it.
   */
  readonly proxy?: Inputs["proxy"]
  /**
   * Tell the server who the client is (Postfix's XCLIENT), after EHLO and TLS, and introduce ourselves again: with
   * ADDR, NAME, PORT, PROTO, HELO, LOGIN, DESTADDR, DESTPORT, REVERSE_NAME. One without a value has that of the column
   * of --clients, and is left out where the cell is empty; ADDR may come from --client-addresses. {n} in a value is
   * the connection's number, from 1. The server must offer it to us, unless --when-not-offered says otherwise.
   */
  readonly xclient?: Inputs["xclient"]
  /**
   * Tell the server before each message who its client was (Postfix's XFORWARD), with NAME, ADDR, PORT, PROTO, HELO,
   * IDENT, SOURCE. As for --xclient, but each message has the next client, whatever connection it goes over, and {n}
   * is the message's number, from 1.
   */
  readonly xforward?: Inputs["xforward"]
  /**
   * Introduce each connection by this name, in which {n} is its number, from 1: client{n}.example. Only HELO, EHLO and
   * LHLO say it; the rest has that of -M.
   */
  readonly helloPattern?: Inputs["helloPattern"]
  /**
   * Connect to all addresses of the target's name in turn: each is a target of its own, and counted as such. Without
   * it, the first address is connected to, and the others where that fails. Default: false.
   */
  readonly spread?: Inputs["spread"]
  /**
   * Connect to this address and port instead of that host and port, as curl's option does:
   * mail.example:25:127.0.0.1:2525. An empty host or port matches any; an empty address or port stays that of the
   * target. TLS still asks for, and verifies, the target's name. Of several, the first that matches is used. May be
   * given several times.
   */
  readonly connectTo?: Inputs["connectTo"]
  /**
   * Connect through this SOCKS5 proxy (port 1080), as ssh -D opens one. The proxy looks up the target's name; for mx:
   * targets and with --spread, names are looked up on this machine.
   */
  readonly socks?: Inputs["socks"]
  /**
   * Log in to the proxy with the user and the password in this file, in one line, with a colon between. They are in no
   * report.
   */
  readonly socksLogin?: Inputs["socksLogin"]
  /**
   * How to close a connection after QUIT: reset leaves no port in TIME_WAIT, as the original does; fin is the polite
   * way. Default: "reset".
   */
  readonly close?: Inputs["close"]
  /**
   * Where a recipient's number goes: before the address, counted from 1, or after its local part, counted from 0
   * (Postfix 3.9 and later). Default: "prepend".
   */
  readonly numbering?: Inputs["numbering"]
  /**
   * Send commands in groups, where the server offers PIPELINING. on sends MAIL, RCPT and DATA of a message in one
   * write. full also sends the end of a message together with these commands of the next one on the same connection,
   * which some servers refuse. The duration of each reply counts from when its group was written; that of the reply to
   * the final dot, from the dot. Default: "off".
   */
  readonly pipelining?: Inputs["pipelining"]
  /**
   * Start this many messages a second, minute or hour, each when it is due, whether or not earlier ones were answered.
   * Durations of transactions then count from when the message was due.
   */
  readonly rate?: Inputs["rate"]
  /**
   * With a rate: start messages evenly spaced (constant), or at random times, as real mail comes in (poisson; drawn
   * from --seed). Default: "constant".
   */
  readonly arrivals?: Inputs["arrivals"]
  /**
   * Instead of one rate, several in turn: "30s:100/s, 2m:100/s..1000/s, 1m:0/s" holds 100 a second for 30 seconds,
   * goes up to 1000 a second in two minutes, and rests for one. Without -m the run ends with the last stage.
   */
  readonly stages?: Inputs["stages"]
  /** With a rate: start messages in groups of this many. The rate stays the same. Default: 1. */
  readonly burst?: Inputs["burst"]
  /**
   * With a rate: have at most this many sessions (default: that of -s, or 1000). A message that is due while all of
   * them are busy waits, and is counted as late.
   */
  readonly maxSessions?: Inputs["maxSessions"]
  /**
   * With a rate: don't start a message that had to wait for a session for longer than this (5, 500ms). It is counted
   * as dropped, and among those not started.
   */
  readonly dropLate?: Inputs["dropLate"]
  /**
   * Begin no more messages after this time (90s, 10m, 1h), or after those of -m, whichever comes first. Without -m
   * there is no limit to their number.
   */
  readonly duration?: Inputs["duration"]
  /**
   * Leave this first part of the run (10s, 1m) out of the durations, the replies and the rate in reports. Its messages
   * and its errors still count.
   */
  readonly warmUp?: Inputs["warmUp"]
  /** Draw random delays and arrivals from this seed, so that a run can be repeated. */
  readonly seed?: Inputs["seed"]
  /**
   * Share the sessions out to this many threads, each with a processor of its own; auto is one for each processor.
   * Default: 1.
   */
  readonly workers?: Inputs["workers"]
  /**
   * Start a server on loopback, in this process, and send to it instead of to a target. At the end its counts are
   * compared with ours; a difference is a bug (exit status 70). Default: false.
   */
  readonly sink?: Inputs["sink"]
  /**
   * With --sink or --downstream: go wrong at this step (connect, greeting, hello, starttls, tls, auth, mail, rcpt,
   * data, content, chunk, final, rset, noop, quit), always or for a share: a reply by its code, with or without a text
   * ("rcpt 5% 550 5.1.1 No such user"; 421 closes), close, reset, silence, shut (stop reading), garbage, twice, early
   * (the next reply, too), endless, drip 10/s, or "delay exp(2s)", alone or before one of them ("data delay 2s 421").
   * A condition may follow: "if to *@example.com", from, client, "session > 100", and at final "size > 1M" or "header
   * Subject ~ text", several joined by and. Then the time of the server in which it goes wrong: "during 30s..60s". At
   * rcpt, "by recipient" draws the share for each attempt of a recipient by itself, so that the order of attempts does
   * not matter. The first rule that applies decides. May be given several times.
   */
  readonly sinkFault?: Inputs["sinkFault"]
  /**
   * With --sink or --downstream: answer after this time: 20ms, 10..30ms, exp(20ms) (mostly short, with this mean).
   * With the name of a step before it, only that step is delayed: "final exp(20ms)". May be given several times.
   */
  readonly sinkLatency?: Inputs["sinkLatency"]
  /**
   * With --sink or --downstream: serve this many messages at a time, each for this long: "4 x exp(10ms)". Others wait
   * in a queue, as they do at a server with too much to do.
   */
  readonly sinkCapacity?: Inputs["sinkCapacity"]
  /**
   * With --sink or --downstream: do nothing from this time on for this long: "60s: 5s". Time counts from the first
   * connection. May be given several times.
   */
  readonly sinkStall?: Inputs["sinkStall"]
  /**
   * With --sink or --downstream: refuse what goes beyond: "100 connections" or "20 connections/client" (at a time:
   * 421), "50 messages/connection" and "10 recipients" (452), or a rate of messages, "500/s", "60/m/client", or of
   * recipients by their domain, "10/s/domain" (450). A rate lets its number through at once, and then more as time
   * passes. The reply may follow: "500/s 451 4.7.1 Slow down". May be given several times.
   */
  readonly sinkLimit?: Inputs["sinkLimit"]
  /**
   * With --sink or --downstream: refuse by 450 what a client sends for the first time from this sender to this
   * recipient. Accept it when it comes again between these two times later (the second is 4h by default), and from
   * then on always. "60s..4h /24" looks at 24 bits of the client's address.
   */
  readonly sinkGreylist?: Inputs["sinkGreylist"]
  /**
   * With --sink or --downstream: delay replies by this time for each error of a session beyond this count: "1s after
   * 10 errors". Each reply of 4xx or 5xx is an error.
   */
  readonly sinkTarpit?: Inputs["sinkTarpit"]
  /**
   * With --sink or --downstream: read at most this many bytes a second (500, 10k, 1M) from each connection: the
   * client's window fills.
   */
  readonly sinkReadRate?: Inputs["sinkReadRate"]
  /**
   * With --sink or --downstream: let recipients say what becomes of them: tempfail@, permfail@, drop@, delay-5s@, or a
   * code and what is said with it, as in 450-4.2.0-full@. Default: false.
   */
  readonly sinkTriggers?: Inputs["sinkTriggers"]
  /**
   * With --sink or --downstream: offer these extensions of SMTP, too: 8bitmime, binarymime, chunking, deliverby, dsn,
   * enhancedstatuscodes, mt-priority, pipelining, requiretls, size=10M (a larger message is refused by 552), smtputf8,
   * xclient, xforward, rcptmax=100 (LIMITS: more recipients of a message are refused by 452) and mailmax=20 (more
   * messages over a connection are), or x-anything=text, which is announced and nothing more. Names may have commas
   * between.
   */
  readonly sinkOffer?: Inputs["sinkOffer"]
  /**
   * With --sink or --downstream: do not offer this extension, and refuse what only it allows: 8bitmime, binarymime,
   * chunking, dsn, enhancedstatuscodes, pipelining, requiretls, size or smtputf8. May be given several times.
   */
  readonly sinkHide?: Inputs["sinkHide"]
  /**
   * Instead of sending to a target, send this load to a built-in server for a few seconds, without its rate and
   * pauses, to measure what this machine can generate. A faster server cannot be measured from here. Default: false.
   */
  readonly calibrate?: Inputs["calibrate"]
  /**
   * Write the summary to standard error at the end, even where that is no terminal. A text report there says the same,
   * and replaces it. Default: false.
   */
  readonly summary?: Inputs["summary"]
  /**
   * Put a stamp on top of each message, a header X-Smtp-Source that holds the run, the message's number, the time, and
   * the size and the checksum of its body: so that whoever receives it can tell what has arrived, and whether it was
   * changed. --prove=recipients, or --prove alone, tells so of each recipient of a message; --prove=messages of each
   * message alone, for a server that rewrites addresses. With --downstream, the run ends when what was accepted has
   * arrived there, and reports tell what is missing, has come twice, or was changed; unless a verdict names missing,
   * it fails if anything is. With --sink, the sink tells so of what it has taken itself.
   */
  readonly prove?: Inputs["prove"]
  /**
   * Be the next hop of the server, too: listen here, take what it sends on, and find out what became of each message.
   * The server must be told to send on to it, such as by Postfix's relayhost. Reports then tell duplicates from copies
   * that the server had to send again. --sink-fault and the like make it misbehave.
   */
  readonly downstream?: Inputs["downstream"]
  /**
   * After the last message, wait for what is missing, and for what the server has to send again, until nothing has
   * arrived for this time (30, 10m; default: 2m), or all is there. Servers try again after minutes: Postfix after 5
   * (minimal_backoff_time), and after 1 where one of its processes died (service_throttle_time).
   */
  readonly settle?: Inputs["settle"]
  /**
   * Before the run and after it, ask the smtp-sink --prove=file that listens here for its time, so that smtp-report,
   * which is given that file, tells by how much its clock is ahead or behind, and delivery without that. It is asked
   * sixteen times over a connection of its own, in plain text; the answer that took the shortest time counts, and
   * tells the difference to half of that time. May be given several times, once for each sink; of a run in segments
   * each compares its clock. A sink that does not answer is reported, and the report then says that the clocks were
   * not compared.
   */
  readonly compareClocks?: Inputs["compareClocks"]
  /**
   * With --downstream or --sink, a message counts as changed also if one of its headers is missing or different when
   * it arrives. Ignore this header, or all that begin so (X-Virus-*). Always ignored are those that servers write or
   * remove themselves: Received, Return-Path, Delivered-To, X-Original-To, Bcc, Content-Length,
   * Authentication-Results, DKIM-Signature, ARC-* and X-Spam-*; and added headers are no change. The headers of a
   * --corpus are not compared. May be given several times.
   */
  readonly ignoreHeader?: Inputs["ignoreHeader"]
  /**
   * Be segment i of n of a run that n processes make together, on as many machines as there are: send every message
   * that is this one's, and share -s, --max-sessions, --connecting and --connect-rate out. Message k is the same
   * whoever sends it (give all the same -M, for the names in it). auto takes i and n from the engine that started this
   * process: Slurm, Kubernetes, Cloud Run, AWS Batch, Open MPI, Nomad or GNU parallel. smtp-report puts the results
   * together.
   */
  readonly segment?: Inputs["segment"]
  /**
   * With --segment, for machines of different strength: the weight of each segment, as whole numbers. With 1,2,5 the
   * third one sends five messages in eight.
   */
  readonly weights?: Inputs["weights"]
  /**
   * Call the run this, in Message-Id and in results, instead of a name that is drawn. All segments of a run need the
   * same one; with --segment auto it may come from the engine. Where there is no --seed, it is the seed, too.
   */
  readonly runId?: Inputs["runId"]
  /**
   * Begin at this time by the machine's clock (2026-12-01T10:00:00Z), or after this time (+30s), and date all messages
   * so. With a rate, a process that is more than 0.1 seconds late leaves out what was due before it began: those
   * messages are not started, and never sent in a burst.
   */
  readonly startAt?: Inputs["startAt"]
  /**
   * Report the run at its end, as text, json, csv (second by second), hgrm (HdrHistogram: in run.hgrm the accepted
   * transactions, and beside it a file for each step and ending, such as run.rcpt-accepted.hgrm), prometheus (for a
   * textfile collector), junit or html (one page that needs nothing else), to a file; without one, text goes to
   * standard error and the others to standard output. ndjson is a journal: a line of JSON for each second as it goes,
   * and the report at the end, so that smtp-report can read a run that was killed, too. May be given several times.
   */
  readonly report?: Inputs["report"]
  /**
   * Show how far the run is, on standard error: auto does so on a terminal that neither -v nor -c writes to, a few
   * times a second; plain writes a line every five seconds. Default: "auto".
   */
  readonly progress?: Inputs["progress"]
  /**
   * Send the run's metrics to an OpenTelemetry collector each second as it goes, and whole at its end: by OTLP over
   * HTTP, in JSON, to this URL with /v1/metrics; auto is the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, or
   * http://localhost:4318. OTEL_EXPORTER_OTLP_HEADERS is sent along. A collector that fails is reported once, and
   * changes nothing else.
   */
  readonly otlp?: Inputs["otlp"]
  /**
   * Exit with status 99 if this is true of the run: "p99(transaction) > 250ms", "max(rcpt) >= 1s", "mean(final) >
   * 20ms", "rejected > 0.1%", "accepted < 100%", "rate < 500/s", "code(4xx) > 0". Others are errors (of the server or
   * the network), abandoned, "recipients(refused) > 1%"; in an open run late (messages that waited for a session),
   * behind (messages that started over 10 ms late because the generator was behind) and dropped; of connections
   * secured (with TLS), resumed (of those) and handshakes ("resumed < 90%", "handshakes < 500/s"); and durations of
   * the transaction and its steps, of a whole connection, and in an open run of the service and the start. Durations
   * are of what was accepted, unless said otherwise ("p50(rcpt, rejected) > 1s"); one that was never measured fails.
   * May be given several times.
   */
  readonly failIf?: Inputs["failIf"]
  /**
   * Exit with status 99 unless this is true of the run: "p99(transaction) < 250ms", "accepted >= 99.9%". The
   * expressions are those of --fail-if. May be given several times.
   */
  readonly require?: Inputs["require"]
  /**
   * Stop the run, as a signal would, as soon as this is true of it, and exit with status 99. It is looked at each
   * second, and once more, for the whole run, at the end. While the run goes on, counts are since its start;
   * durations, shares and the rate are those of the last ten seconds, or of up to a minute where it takes as long to
   * have enough to judge by: ten values beyond a percentile (1,000 for p99), a hundred messages for a share or a mean.
   * With fewer the run goes on. To leave a slow start out altogether, add --warm-up. May be given several times.
   */
  readonly abortIf?: Inputs["abortIf"]
}
