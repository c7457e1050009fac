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
 * Takes statements away from the files and the setup, as long as the same kind of difference is left.
 * @param untilMs `Date.now()` at which the smallest chain so far is good enough
 */
export async function shrink(place: Place, tried: Tried, untilMs: number): Promise<Tried> {
  const wanted = new Set(tried.differences.map(({ kind }) => kind))
  let smallest = tried
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const candidate of smallerThan(smallest.chain)) {
      if (Date.now() > untilMs) return smallest
      const again = await tryChain(place, candidate).catch(ifNoChain)
      if (again?.verdict !== 'wrong' || !again.differences.some(({ kind }) => wanted.has(kind))) continue
      smallest = again
      isSmaller = true
      break
    }
  }
  return smallest
}

function ifNoChain(error: unknown): undefined {
  if (!(error instanceof NotAChain)) throw error
}

/** The chain with one statement less, the last one first; then with a statement less in its setup. */
function* smallerThan(chain: CorpusChain): Generator<CorpusChain> {
  const files = chain.pending.map(statementsOf)
  for (let file = files.length - 1; file >= 0; file -= 1)
    for (let at = (files[file]?.length ?? 0) - 1; at >= 0; at -= 1) {
      const left = files.map((one, i) => (i === file ? one.toSpliced(at, 1) : one))
      const pending = left.filter((one) => one.length > 0).map((one) => one.join(';\n'))
      if (pending.length > 0) yield { ...chain, pending }
    }
  const setup = statementsOf(chain.setup)
  for (let at = setup.length - 1; at >= 0; at -= 1)
    yield { ...chain, setup: setup.toSpliced(at, 1).join(';\n') }
}

function statementsOf(text: string): string[] {
  return parse(text).map(({ sql }) => sql)
}
