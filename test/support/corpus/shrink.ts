import { parse } from '../parse.js'
import type { CorpusChain } from './corpus-chain.js'
import { type Difference, NotAChain, type Place, type Tried, tryChain } from './try-chain.js'

/** What is the same in two differences of one kind: names and numbers are left out. */
export function signatureOf({ kind, text }: Difference): string {
  return `${kind} ${text
    .replaceAll(/"[^"]*"|'[^']*'/g, '…')
    .replaceAll(/\b[a-z]\w*(\.\w+)+/gi, '…')
    .replaceAll(/\d+(\.\d+)*/g, 'n')
    .slice(0, 90)}`
}

/**
 * Takes statements away from the files and the setup, as long as one of the differences is left: many at once first.
 * @param untilMs `Date.now()` at which the smallest chain so far is good enough
 */
export async function shrink(place: Place, tried: Tried, untilMs: number): Promise<Tried> {
  const smallest = await withFewest(place, tried, untilMs)
  const pending = smallest.chain.pending.filter((text) => text !== '')
  if (pending.length === smallest.chain.pending.length) return smallest
  const again = await tryChain(place, { ...smallest.chain, pending }).catch(ifNoChain)
  return again?.verdict === 'wrong' ? again : smallest
}

async function withFewest(place: Place, tried: Tried, untilMs: number): Promise<Tried> {
  const wanted = new Set(tried.differences.map(signatureOf))
  let smallest = tried
  const isStillWrong = async (chain: CorpusChain) => {
    const again = await tryChain(place, chain).catch(ifNoChain)
    if (again?.verdict !== 'wrong' || !again.differences.some((one) => wanted.has(signatureOf(one))))
      return false
    smallest = again
    return true
  }
  for (let file = tried.chain.pending.length; file >= 0; file -= 1) {
    // Below the files stands the setup.
    const textOf = ({ setup, pending }: CorpusChain) => (file === 0 ? setup : (pending[file - 1] ?? ''))
    const withText = (chain: CorpusChain, text: string): CorpusChain =>
      file === 0 ? { ...chain, setup: text } : { ...chain, pending: chain.pending.with(file - 1, text) }
    for (let size = Math.ceil(statementsOf(textOf(smallest.chain)).length / 2); size > 0; ) {
      let isSmaller = false
      for (let from = statementsOf(textOf(smallest.chain)).length - size; from > -size; from -= size) {
        if (Date.now() > untilMs) return smallest
        const left = statementsOf(textOf(smallest.chain)).toSpliced(
          Math.max(from, 0),
          Math.min(size, size + from),
        )
        isSmaller = (await isStillWrong(withText(smallest.chain, left.join(';\n')))) || isSmaller
      }
      if (!isSmaller || size > 1) size = size === 1 ? 0 : Math.floor(size / 2)
    }
  }
  return smallest
}

function ifNoChain(error: unknown): undefined {
  if (!(error instanceof NotAChain)) throw error
}

function statementsOf(text: string): string[] {
  return parse(text).map(({ sql }) => sql)
}
