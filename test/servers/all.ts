/**
 * Every real server, in every way that it listens and speaks.
 */
import * as Aiosmtpd from "./Aiosmtpd.js"
import * as Dovecot from "./Dovecot.js"
import * as Nodemailer from "./Nodemailer.js"
import * as Postfix from "./Postfix.js"
import * as PostfixSink from "./PostfixSink.js"
import type { RealServer } from "./RealServer.js"

export const realServers: ReadonlyArray<RealServer> = [
  PostfixSink.make({ protocol: "SMTP" }),
  PostfixSink.make({ protocol: "SMTP", unix: true }),
  PostfixSink.make({ protocol: "LMTP" }),
  PostfixSink.make({ protocol: "LMTP", unix: true }),
  Postfix.make(),
  Dovecot.make(),
  Dovecot.make({ unix: true }),
  Nodemailer.make({ protocol: "SMTP" }),
  Nodemailer.make({ protocol: "SMTP", unix: true }),
  Nodemailer.make({ protocol: "LMTP" }),
  Aiosmtpd.make({ protocol: "SMTP" }),
  Aiosmtpd.make({ protocol: "LMTP" })
]
