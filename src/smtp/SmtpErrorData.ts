/**
 * Errors as plain data, which can be taken to another thread.
 *
 * @since 0.1.0
 */
import type { Reply } from "./Reply.js"
import {
  ArgumentInvalid,
  ConnectFailed,
  ConnectionLost,
  ContentUnusable,
  NotAllowed,
  NotOffered,
  ReplyMalformed,
  ReplyRejected,
  ReplyTimeout,
  TlsFailed,
  WireBusy,
  type SmtpError,
  type Step
} from "./SmtpError.js"
import type { Target } from "./Target.js"
import type { TlsFailure } from "./Tls.js"

/**
 * An error as plain data, to be taken to another thread.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toData = (error: SmtpError): SmtpErrorData => {
  const { _tag, step } = error
  switch (_tag) {
    case "ConnectFailed": {
      const { address, code, local, reason, source, target } = error
      return { _tag, code, reason, local, target, address, source }
    }
    case "ConnectionLost":
      return { _tag, step, how: error.how, replies: error.replies, reply: error.reply }
    case "ReplyTimeout":
      return { _tag, step, waited: error.waited, replies: error.replies }
    case "TlsFailed": {
      const { code, kind, reason, replies } = error
      return { _tag, step, kind, code, reason, replies }
    }
    case "NotOffered":
      return { _tag, step, what: error.what }
    case "NotAllowed":
    case "ContentUnusable":
      return { _tag, step, reason: error.reason }
    case "WireBusy":
      return { _tag, step, awaited: error.awaited }
    case "ArgumentInvalid":
      return { _tag, step, argument: error.argument }
    case "ReplyMalformed":
      return { _tag, step, reason: error.reason, replies: error.replies }
    case "ReplyRejected":
      return { _tag, step, reply: error.reply }
  }
}

/**
 * The error that `toData` took apart.
 *
 * @since 0.1.0
 * @category encoding
 */
export const fromData = (data: SmtpErrorData): SmtpError => {
  switch (data._tag) {
    case "ConnectFailed":
      return new ConnectFailed(data)
    case "ConnectionLost":
      return new ConnectionLost(data)
    case "ReplyTimeout":
      return new ReplyTimeout(data)
    case "TlsFailed":
      return new TlsFailed(data)
    case "NotOffered":
      return new NotOffered(data)
    case "NotAllowed":
      return new NotAllowed(data)
    case "ContentUnusable":
      return new ContentUnusable(data)
    case "WireBusy":
      return new WireBusy(data)
    case "ArgumentInvalid":
      return new ArgumentInvalid(data)
    case "ReplyMalformed":
      return new ReplyMalformed(data)
    case "ReplyRejected":
      return new ReplyRejected(data)
  }
}

/**
 * What an error holds.
 *
 * @since 0.1.0
 * @category encoding
 */
export type SmtpErrorData =
  | {
      readonly _tag: "ConnectFailed"
      readonly code: string
      readonly reason: string
      readonly local: boolean
      readonly target?: Target | undefined
      readonly address?: string | undefined
      readonly source?: string | undefined
    }
  | {
      readonly _tag: "ConnectionLost"
      readonly step: Step
      readonly how: "closed" | "reset" | "interrupted" | "abandoned"
      readonly replies: ReadonlyArray<Reply>
      readonly reply?: Reply | undefined
    }
  | {
      readonly _tag: "ReplyTimeout"
      readonly step: Step
      readonly waited: number
      readonly replies: ReadonlyArray<Reply>
    }
  | {
      readonly _tag: "TlsFailed"
      readonly step: Step
      readonly kind: TlsFailure
      readonly code: string
      readonly reason: string
      readonly replies: ReadonlyArray<Reply>
    }
  | { readonly _tag: "NotOffered"; readonly step: Step; readonly what: string }
  | { readonly _tag: "NotAllowed"; readonly step: Step; readonly reason: string }
  | { readonly _tag: "ContentUnusable"; readonly step: Step; readonly reason: string }
  | { readonly _tag: "WireBusy"; readonly step: Step; readonly awaited: Step }
  | { readonly _tag: "ArgumentInvalid"; readonly step: Step; readonly argument: string }
  | {
      readonly _tag: "ReplyMalformed"
      readonly step: Step
      readonly reason: string
      readonly replies: ReadonlyArray<Reply>
    }
  | { readonly _tag: "ReplyRejected"; readonly step: Step; readonly reply: Reply }
