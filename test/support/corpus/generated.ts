import fc from 'fast-check'
import { randomChains } from '../random-chain.js'
import { randomRuns } from '../random-run.js'
import type { CorpusChain } from './corpus-chain.js'
import { schemaChains } from './random/schema-chains.js'

/** Which generator makes which share of the chains. */
const generators: readonly {
  source: string
  arbitrary: fc.Arbitrary<Pick<CorpusChain, 'setup' | 'pending'>>
  share: number
}[] = [
  { source: 'random schemas', arbitrary: schemaChains, share: 6 },
  { source: 'random rows', arbitrary: randomChains, share: 3 },
  { source: 'random runs', arbitrary: randomRuns, share: 1 },
]
const slots = generators.flatMap((one) => Array.from({ length: one.share }, () => one))

/** The chain of this number: the same for the same seed, whatever was made before it. */
export function generatedChain(seed: number, number: number): CorpusChain {
  const slot = slots[number % slots.length] as (typeof slots)[number]
  const [made] = fc.sample(slot.arbitrary, { seed: seed * 1_000_003 + number, numRuns: 1 })
  if (!made) throw new Error('the generator made no chain')
  const { setup, pending } = made
  return { source: slot.source, name: `seed ${seed}, chain ${number}`, setup, pending, isTolerant: true }
}
