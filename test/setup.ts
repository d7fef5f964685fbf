/**
 * Property tests draw from the same seed each time, unless they name one or FAST_CHECK_SEED does. fast-check's error tells
 * the seed and the path of what failed.
 */
import * as fc from "fast-check"

const { FAST_CHECK_SEED } = process.env
if (FAST_CHECK_SEED !== undefined && !/^-?\d+$/.test(FAST_CHECK_SEED)) {
  throw new Error(`FAST_CHECK_SEED: expected a whole number, not ${JSON.stringify(FAST_CHECK_SEED)}`)
}
fc.configureGlobal({ seed: Number(FAST_CHECK_SEED ?? 20_261_126) })
