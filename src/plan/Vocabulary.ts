/**
 * The words that generated texts are made of.
 *
 * @since 0.1.0
 */

/**
 * The word that a number of 0 ≤ u < 1 stands for. Of numbers that are evenly spread, the first words get more.
 *
 * @since 0.1.0
 * @category drawing
 */
export const word = (u: number): string => vocabulary[Math.floor(u * u * vocabulary.length)]!

/** The most frequent ones come first. */
const vocabulary = (
  "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you " +
  "were her all she there would their we him been has when who will more no if out so said what up its about into than them " +
  "can only other new some could time these two may then do first any my now such like our over man me even most made after " +
  "also did many before must through back years where much your way well down should because each just those people how too " +
  "little state good very make world still own see men work long get here between both life being under never day same another " +
  "know while last might us great old year off come since against go came right used take three meeting report message order " +
  "invoice customer project number question answer office week morning letter address account payment delivery service"
).split(" ")
