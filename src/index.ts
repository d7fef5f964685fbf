/**
 * The library: describe a run, run it, look at what happened; or speak SMTP step by step.
 *
 * A server in memory for tests is in `smtp-source/testing`, the export of metrics in `smtp-source/telemetry`.
 *
 * @since 0.1.0
 */

/** Runs a plan, or a scenario of one's own over its sessions. */
export * as Load from "./load/Load.js"
/** What asks runs to stop from outside. */
export * as StopSignal from "./load/StopSignal.js"
/** Where the messages of a scenario come from. */
export * as MessageSource from "./load/scenario/MessageSource.js"
/** A run as a stream of events. */
export * as RunStream from "./load/RunStream.js"
/** What sessions do, as values: steps, and how they are put together. */
export * as Scenario from "./load/scenario/Scenario.js"
/** Runs a plan over several threads. */
export * as Workers from "./load/Workers.js"
/** The sums of a run, and their laws. */
export * as Accounting from "./measure/Accounting.js"
/** Durations, counted. */
export * as Histogram from "./measure/Histogram.js"
/** What the generator itself spends. */
export * as GeneratorHealth from "./measure/GeneratorHealth.js"
/** What holds of every finished run. */
export * as Laws from "./measure/Laws.js"
/** What was recorded, by step and ending. */
export * as Recorder from "./measure/Recorder.js"
/** What happened, second by second. */
export * as Series from "./measure/Series.js"
/** The dialogue of one connection over a transport of one's own: what a `Connector` is built with. */
export * as Conversation from "./smtp/Conversation.js"
/** What moves the bytes of a `Conversation`. */
export * as Transport from "./smtp/Transport.js"
/** Connections over Node's sockets. */
export * as NodeConnector from "./node/NodeConnector.js"
/** Sockets and threads. */
export * as NodeServices from "./node/NodeServices.js"
/** Ctrl-C as a stop request. */
export * as NodeStopSignal from "./node/NodeStopSignal.js"
/** A sink that listens on loopback. */
export * as NodeSink from "./node/NodeSink.js"
/** The cryptography of logins. */
export * as NodeAuthCrypto from "./node/NodeAuthCrypto.js"
/** The files of a corpus that is too large for memory. */
export * as NodeCorpusStore from "./node/NodeCorpusStore.js"
/** The cryptography of DKIM. */
export * as NodeDkimCrypto from "./node/NodeDkimCrypto.js"
/** Signatures of messages by a domain. */
export * as Dkim from "./plan/Dkim.js"
/** Files that are read piece by piece while a run goes on. */
export * as CorpusStore from "./plan/CorpusStore.js"
/** When the messages of an open run are due. */
export * as Arrival from "./plan/Arrival.js"
/** Durations at random: of pauses, and of a simulated server. */
export * as Distribution from "./plan/Distribution.js"
/** What messages are made of besides the plan: a template, and rows of data. */
export * as MessageParts from "./plan/MessageParts.js"
/** What to do. */
export * as Plan from "./plan/Plan.js"
/** What a plan asks of logins, and the accounts that it needs. */
export * as AuthFields from "./plan/AuthFields.js"
/** One of several processes that make a run together. */
export * as Segment from "./plan/Segment.js"
/** On whose behalf connections are, out of the file that a plan names. */
export * as ClientFile from "./plan/ClientFile.js"
/** Whom a SOCKS proxy lets in, out of the file that a plan names. */
export * as SocksLogin from "./plan/SocksLogin.js"
/** The header by which whoever receives a message knows which one it is, and whether it is whole. */
export * as Stamp from "./plan/Stamp.js"
/** What a plan asks of TLS, and the files that it needs. */
export * as TlsFields from "./plan/TlsFields.js"
/** What is not to happen in a run, as an expression. */
export * as Verdict from "./plan/Verdict.js"
/** A run set against verdicts. */
export * as Judgement from "./report/Judgement.js"
/** Reports of several runs as one. */
export * as MergedReport from "./report/MergedReport.js"
/** A report, read back from what was written. */
export * as SavedReport from "./report/SavedReport.js"
/** A finished run as plain data. */
export * as RunReport from "./report/RunReport.js"
/** A report as CSV, second by second. */
export * as CsvReport from "./report/CsvReport.js"
/** A report's distributions, for HdrHistogram's plotter. */
export * as HgrmReport from "./report/HgrmReport.js"
/** A report as one page of HTML. */
export * as HtmlReport from "./report/HtmlReport.js"
/** A report as JSON. */
export * as JsonReport from "./report/JsonReport.js"
/** A report as JUnit's XML. */
export * as JunitReport from "./report/JunitReport.js"
/** A report as Prometheus' text. */
export * as PrometheusReport from "./report/PrometheusReport.js"
/** A report for people. */
export * as TextReport from "./report/TextReport.js"
/** A run in a few lines. */
export * as Summary from "./report/Summary.js"
/** A look at contents as they come to a sink. */
export * as ContentTap from "./sink/ContentTap.js"
/** A sink to aim a run at, as a service. */
export * as EmbeddedSink from "./sink/EmbeddedSink.js"
/** How a sink is to misbehave, in the words of its options. */
export * as Misbehaviour from "./sink/Misbehaviour.js"
/** What a sink has counted. */
export * as SinkCounts from "./sink/SinkCounts.js"
/** What a sink offers, in the words of its options. */
export * as SinkOffers from "./sink/SinkOffers.js"
/** What a sink can be told. */
export * as SinkOptions from "./sink/SinkOptions.js"
/** The sink's dialogue without a network: bytes in, replies out. */
export * as SmtpSink from "./sink/SmtpSink.js"
/** Accounts to log in as. */
export * as AccountTable from "./smtp/AccountTable.js"
/** What logins need of cryptography. */
export * as AuthCrypto from "./smtp/AuthCrypto.js"
/** The dialogue of a login. */
export * as Authentication from "./smtp/Authentication.js"
/** The mechanisms of logins. */
export * as AuthMechanism from "./smtp/AuthMechanism.js"
/** What servers say that they can do. */
export * as Capabilities from "./smtp/Capabilities.js"
/** How a connection begins. */
export * as Introduction from "./smtp/Introduction.js"
/** A message on its way. */
export * as Delivery from "./smtp/Delivery.js"
/** The steps of a dialogue. */
export * as Dialogue from "./smtp/Dialogue.js"
/** How a message ended. */
export * as Outcome from "./smtp/Outcome.js"
/** Replies and their classes. */
export * as Reply from "./smtp/Reply.js"
/** Replies out of bytes. */
export * as ReplyParser from "./smtp/ReplyParser.js"
/** The parameters of MAIL and RCPT. */
export * as Parameters from "./smtp/Parameters.js"
/** What goes wrong. */
export * as SmtpError from "./smtp/SmtpError.js"
/** Each command's bytes. */
export * as SmtpCommand from "./smtp/SmtpCommand.js"
/** The dialogue of messages over a connection, command by command or in groups. */
export * as Transaction from "./smtp/Transaction.js"
/** Where to connect. */
export * as Target from "./smtp/Target.js"
/** How TLS is begun, and how it fails. */
export * as Tls from "./smtp/Tls.js"
/** The connection. */
export * as Wire from "./smtp/Wire.js"
/** The package's version. */
export { version } from "./version.js"
