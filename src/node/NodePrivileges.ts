/**
 * The user of this process.
 *
 * @since 0.1.0
 */
import { execFileSync } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Privileges, UserUnusable } from "../sink/Privileges.js"
import * as SystemReason from "./SystemReason.js"

/**
 * Provides `Privileges`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Privileges> = Layer.sync(Privileges, () => ({
  isRoot: process.getuid?.() === 0,
  become: (user) =>
    Effect.try({
      try: () => {
        // Node's types do not have the first one.
        const { initgroups, setgid, setuid }: Identities = process
        if (setuid === undefined || setgid === undefined) throw new Error("this system has no such users")
        const group = groupOf(user)
        initgroups?.(user, group)
        setgid(group)
        setuid(user)
      },
      catch: (error) => new UserUnusable({ user, reason: SystemReason.of(error as NodeJS.ErrnoException) })
    })
}))

type Identities = Pick<NodeJS.Process, "setgid" | "setuid"> & {
  readonly initgroups?: (user: string, group: number) => void
}

/** The user's own group, wherever the system has its users from. */
const groupOf = (user: string): number => {
  try {
    return Number(execFileSync("id", ["-g", "--", user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }))
  } catch {
    throw new Error("unknown user")
  }
}
