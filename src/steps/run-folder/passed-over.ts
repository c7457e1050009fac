import { clean, formatCount } from '../../report/words.js'

/** So many are named; a folder may hold thousands. */
const named = 3

/** What to say of run folders that could not be read, a line each. @param unreadable sentences, as runs.ts makes them */
export function passedOver(unreadable: readonly string[]): string[] {
  const more = unreadable.length - named
  return [
    ...unreadable.slice(0, named).map((sentence) => `passed over  ${clean(sentence)}`),
    ...(more > 0 ? [`passed over  ${formatCount(more)} more run folders that cannot be read`] : []),
  ]
}
