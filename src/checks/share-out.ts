import type { Reader } from '../domain/reader.js'

/**
 * Asks one question an item: side by side on all readers, one after the other on each. Gives the answers in the order
 * of the items, whichever came first.
 */
export async function shareOut<Item, Answer>(
  items: readonly Item[],
  readers: readonly Reader[],
  ask: (item: Item, reader: Reader) => Promise<Answer>,
): Promise<Answer[]> {
  const answers = new Map<Item, Answer>()
  const waiting = [...items]
  const askUntilNoneWaits = async (reader: Reader) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      answers.set(item, await ask(item, reader))
    }
  }
  await Promise.all(readers.map(askUntilNoneWaits))
  return items.map((item) => answers.get(item) as Answer)
}
