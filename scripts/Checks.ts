/**
 * What a script checks, told line by line; the process's exit status says whether anything failed.
 */

/** Prints whether there is nothing to complain of. */
export const check = (what: string, complaint: string): void => {
  console.log(`${complaint === "" ? "ok" : "FAILED"}: ${what}`)
  if (complaint === "") return
  process.exitCode = 1
  console.log(complaint.replace(/^/gm, "    "))
}
