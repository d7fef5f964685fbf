/**
 * What a run would do: the plan as it was understood, and the dialogue of the first message, as far as it depends on us.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConnectionBegin from "../load/ConnectionBegin.js"
import * as RunBounds from "../load/RunBounds.js"
import * as RunPart from "../load/RunPart.js"
import * as AuthFields from "../plan/AuthFields.js"
import * as DkimFields from "../plan/DkimFields.js"
import * as CorpusReader from "../plan/CorpusReader.js"
import { CorpusStore } from "../plan/CorpusStore.js"
import * as ClientFields from "../plan/ClientFields.js"
import * as ClientFile from "../plan/ClientFile.js"
import * as Extensions from "../plan/Extensions.js"
import * as Message from "../plan/Message.js"
import * as MessageFile from "../plan/MessageFile.js"
import * as Partition from "../plan/Partition.js"
import * as MessageParts from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import * as Capabilities from "../smtp/Capabilities.js"
import * as ChunkFrame from "../smtp/ChunkFrame.js"
import * as ClientIdentity from "../smtp/ClientIdentity.js"
import * as Target from "../smtp/Target.js"
import * as Parameters from "../smtp/Parameters.js"
import * as Segment from "../plan/Segment.js"
import * as Printable from "../smtp/Printable.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Stuffing from "../plan/Stuffing.js"
import type { Content } from "../smtp/Wire.js"

/** The bytes of a body that are shown. */
const shownBody = 4096

/** A long text is shown as a body is: its beginning. */
const shortened = (content: Content): Content =>
  content.body === undefined && content.head.length > Stuffing.longestText
    ? { ...content, head: "", body: Buffer.from(content.head, "latin1") }
    : content

/**
 * The text of --dry-run. Nothing is connected to; the files that messages are made of are read.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (
  plan: Plan
): Effect.Effect<
  string,
  MessageFile.FileUnusable | MessageParts.PartsUnusable | AuthFields.AccountsUnusable,
  FileSystem
> =>
  Effect.gen(function* () {
    const file = yield* MessageFile.read(plan)
    const parts = yield* MessageParts.read(plan)
    const identity = yield* RunPart.identify(plan)
    const seed = RunBounds.seedOf(plan, identity)
    const values = parts && MessageParts.values(plan, { ...identity, seed }, parts)
    const addresses = MessageParts.addresses(plan, identity.helloName, seed, values, parts)
    // The first message that is this segment's.
    const first = Partition.of(Segment.ofPlan(plan)).at(0)
    const isChunked = plan.chunking !== "off"
    const goes = isChunked ? "in chunks" : "with a dot"
    const store = Option.getOrUndefined(yield* Effect.serviceOption(CorpusStore))
    const corpus = parts?.corpus && CorpusReader.make(parts.corpus, store)
    const signing = yield* DkimFields.signing(plan, parts?.dkimKey, identity.startedAt)
    const sources = { ...parts, corpus, file, values, goes, signing } as const
    const content = shortened(Message.make(plan, addresses, { ...identity, seed }, sources)(first))
    corpus?.close()
    const plain = { mail: addresses.mail(first), rcpts: addresses.rcpts(first), content }
    const wishes = ConnectionBegin.wishesOf(plan, addresses, { file, parts, values })
    // As if all were offered.
    const dress = wishes === undefined ? undefined : Parameters.agree(wishes, Capabilities.none, "send").dress
    const { mail, rcpts } = dress?.(plain, first) ?? plain
    const { body, head } = content
    const { name, verb } = ConnectionBegin.introductionOf(plan, identity.helloName)
    const clients = yield* ClientFile.read(plan)
    const client = ClientFields.make(plan, { clients, seed })?.(0, 0, Target.inet("localhost", 25))
    const introduction = verb === undefined ? [] : [SmtpCommand.hello(verb, client?.helloName ?? name)]
    const { xclient = [] } = client ?? {}
    const behalf = xclient.length === 0 ? [] : [ClientIdentity.xclient(xclient), ...introduction]
    const forwarded = ClientFields.forwards(plan, { clients, seed })?.of(first) ?? []
    const forward = forwarded.length === 0 ? [] : [ClientIdentity.xforward(forwarded)]
    const starts = plan.tls === "starttls" || plan.tls === "if-offered"
    const hello = starts ? [...introduction, SmtpCommand.startTls, ...introduction] : introduction
    // Which mechanism it is, and what it says, depends on the server.
    const [mechanism] = AuthFields.mechanismsOf(plan)
    const login = mechanism === undefined ? [] : [`AUTH ${plan.auth === "auto" ? "" : `${mechanism} `}***\r\n`]
    const commands = [
      ...hello,
      ...behalf,
      ...login,
      ...forward,
      mail,
      ...rcpts,
      ...(isChunked ? [] : [SmtpCommand.data])
    ]
    const shown = body === undefined ? "" : String.fromCharCode(...body.subarray(0, shownBody))
    const hidden = body === undefined ? 0 : body.length - shownBody
    const size = Extensions.chunkSize(plan)
    const [whole] = ChunkFrame.cut(content, size)
    const chunks = ChunkFrame.cut({ head: head + shown }, size).map(({ bytes }) => bytes)
    const framed = hidden > 0 ? whole!.shown + head + shown : chunks.join("")
    const dialogue = [...commands, isChunked ? framed : head + shown]
      .join("")
      .replace(/\r\n$/, "")
      .split("\r\n")
      .map(Printable.escapeBytes)
    const lines = [
      // Line by line: the line ends are ours, and what JSON leaves as it is may still drive a terminal.
      ...JSON.stringify(plan, undefined, 2).split("\n").map(Printable.escape),
      "",
      ...dialogue,
      ...(hidden > 0 ? [`(${hidden} more bytes)`] : [])
    ]
    return `${lines.join("\n")}\n`
  })
