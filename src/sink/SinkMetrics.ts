/**
 * What a sink has counted, in Prometheus's text format. Pure.
 *
 * @since 0.1.0
 */
import type { Strikes } from "./Behaviour.js"
import type { SinkCounts } from "./SinkCounts.js"

/**
 * The metrics, all with the prefix `smtp_sink_`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (counts: SinkCounts, strikes: ReadonlyArray<Strikes>): string =>
  [
    family("sessions_total", "counter", "Sessions that began.", [["", counts.sessions]]),
    family("sessions", "gauge", "Sessions that are open.", [["", counts.sessions - counts.ended]]),
    family("quits_total", "counter", "Sessions that were ended by QUIT.", [["", counts.quits]]),
    family("messages_total", "counter", "Messages that were accepted.", [["", counts.messages]]),
    family("contents_total", "counter", "Contents that came to their end.", [["", counts.contents]]),
    family("recipients_total", "counter", "Recipients that were accepted.", [["", counts.recipients]]),
    family("delivered_total", "counter", "Recipients of messages that were accepted.", [["", counts.delivered]]),
    family("received_bytes_total", "counter", "Bytes that were received.", [["", counts.bytesIn]]),
    family("secured_total", "counter", "TLS handshakes that succeeded.", [["", counts.secured]]),
    family("injected_total", "counter", "Clients that sent more in plain text behind STARTTLS.", [
      ["", counts.injected]
    ]),
    family("authenticated_total", "counter", "Logins that were accepted.", [["", counts.authenticated]]),
    family("unproxied_total", "counter", "Connections without the PROXY header that was required.", [
      ["", counts.unproxied]
    ]),
    family("unkept_total", "counter", "Messages that could not be kept, and were refused.", [["", counts.unkept]]),
    family(
      "refused_total",
      "counter",
      "Replies that were not positive.",
      Object.entries(counts.refused).map(([stage, times]) => [`{step="${stage}"}`, times])
    ),
    ...(strikes.length === 0
      ? []
      : [
          family(
            "strikes_total",
            "counter",
            "How often each rule has struck.",
            strikes.map(({ rule, times }) => [`{rule="${escaped(rule)}"}`, times])
          )
        ])
  ].join("")

const family = (
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: ReadonlyArray<readonly [labels: string, value: number]>
): string =>
  [
    `# HELP smtp_sink_${name} ${help}`,
    `# TYPE smtp_sink_${name} ${type}`,
    ...samples.map(([labels, value]) => `smtp_sink_${name}${labels} ${value}`),
    ""
  ].join("\n")

const escaped = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))
