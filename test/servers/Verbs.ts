/** The steps that the commands of a dialogue stand for, by verb. */
export const steps = {
  HELO: "hello",
  EHLO: "hello",
  LHLO: "hello",
  MAIL: "mail",
  RCPT: "rcpt",
  DATA: "data",
  RSET: "rset",
  QUIT: "quit"
} as const

/** The step of this verb; undefined for any other. */
export const stepOf = (verb: string): (typeof steps)[keyof typeof steps] | undefined =>
  verb in steps ? steps[verb as keyof typeof steps] : undefined
