/**
 * What a scripted server says. Pure.
 *
 * A script answers a step of the dialogue, the n-th time that the run reaches it, or leaves the answer to the server,
 * which then says yes. Runs are counted over all their connections, so that "the first MAIL" is said once in a run.
 */

/** The moments at which a server speaks; `final` is the reply to the dot that ends the content. */
export type Step = "greeting" | "hello" | "mail" | "rcpt" | "data" | "final" | "rset" | "quit"

/** In the order in which a dialogue reaches them. */
export const steps: ReadonlyArray<Step> = ["greeting", "hello", "mail", "rcpt", "data", "final", "rset", "quit"]

/** One thing that a server does. Texts hold one byte in each character. */
export type Move =
  | { readonly _tag: "Say"; readonly bytes: string }
  | { readonly _tag: "Drip"; readonly bytes: string }
  | { readonly _tag: "Pause"; readonly millis: number }
  | { readonly _tag: "Close" }
  | { readonly _tag: "Reset" }

/** What a server does at a step; nothing at all is silence. */
export type Answer = ReadonlyArray<Move>

/** The answer to a step that is reached for the n-th time, n from 1; undefined where the script has nothing to say. */
export type Script = (step: Step, nth: number) => Answer | undefined

/** Says these bytes as they are. */
export const raw = (bytes: string): Answer => [{ _tag: "Say", bytes }]

/** Says these lines. */
export const reply = (...lines: ReadonlyArray<string>): Answer => raw(lines.map((line) => `${line}\r\n`).join(""))

/** Says these lines, one byte at a time. */
export const drip = (...lines: ReadonlyArray<string>): Answer => [
  { _tag: "Drip", bytes: lines.map((line) => `${line}\r\n`).join("") }
]

/** Says no more until some time has passed. */
export const pause = (millis: number): Answer => [{ _tag: "Pause", millis }]

/** Ends the connection in good order (FIN). */
export const close: Answer = [{ _tag: "Close" }]

/** Breaks the connection (RST). */
export const reset: Answer = [{ _tag: "Reset" }]

/** Says nothing, for ever. */
export const silence: Answer = []

/** One answer after the other. */
export const inTurn = (...answers: ReadonlyArray<Answer>): Answer => answers.flat()

/** Says yes to everything. */
export const obliging: Script = () => undefined

/** Gives this answer whenever the step is reached. */
export const always =
  (step: Step, answer: Answer): Script =>
  (reached) =>
    reached === step ? answer : undefined

/** Gives this answer the n-th time that the step is reached. */
export const nth =
  (step: Step, turn: number, answer: Answer): Script =>
  (reached, count) =>
    reached === step && count === turn ? answer : undefined

/** Gives this answer the first time that the step is reached. */
export const first = (step: Step, answer: Answer): Script => nth(step, 1, answer)

/** Gives these answers in turn, and then none. */
export const each =
  (step: Step, ...answers: ReadonlyArray<Answer>): Script =>
  (reached, count) =>
    reached === step ? answers[count - 1] : undefined

/** The first of these scripts that has something to say. */
export const together =
  (...scripts: ReadonlyArray<Script>): Script =>
  (step, count) => {
    for (const script of scripts) {
      const answer = script(step, count)
      if (answer !== undefined) return answer
    }
    return undefined
  }

/** The code that an answer begins with, or 0. */
export const codeOf = (answer: Answer): number => {
  const spoken = answer.find((move) => move._tag === "Say" || move._tag === "Drip")
  return spoken === undefined ? 0 : Number(/^\d{3}/.exec(spoken.bytes)?.[0] ?? 0)
}
