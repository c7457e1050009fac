import { beforeAll, describe, expect, test } from '@jest/globals'
import { idOf } from '../support/corpus/corpus-chain.js'
import { generatedChain } from '../support/corpus/generated.js'
import { placeOn } from '../support/corpus/place.js'
import { type Place, type Tried, tryChain } from '../support/corpus/try-chain.js'
import { foretell } from '../support/forecast.js'
import { isLong } from '../support/long.js'
import { useOwnServer } from '../support/own-server.js'
import { corpus } from './corpus/corpus.js'
import { knownWrong } from './corpus/known-wrong.js'

// A sample of what `npm run test:forecast` tries. What the forecast has wrong without a doubt is known by name, and the
// list can only become shorter: one that became right fails here and wants to be taken out.

const seed = 1
const generated = Array.from({ length: isLong ? 200 : 20 }, (_, number) => generatedChain(seed, number))
/** The same ones, however many chains stand before them. */
const isInSample = (id: string) =>
  [...id].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 65_521, 7) % 16 === 0
const sample = [...corpus.filter((chain) => isLong || isInSample(idOf(chain))), ...generated]
const known = new Set(knownWrong)

// The chains make roles, which are of the whole server.
useOwnServer({})
let place: Place
beforeAll(async () => {
  place = await placeOn(process.env.MIGRATE_GUARD_TEST_URL ?? '')
})

const brief = ({ differences }: Tried) => differences.map(({ kind, text }) => `${kind}: ${text}`)

test('every chain has a name of its own, and the list of wrong ones names chains', () => {
  const ids = corpus.map(idOf)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  const isThere = (id: string) => ids.includes(id) || /^random \w+: seed \d+, chain \d+$/.test(id)
  expect(knownWrong.filter((id) => !isThere(id))).toEqual([])
})

describe('the forecast of a chain is what comes of it', () => {
  test.each(sample.filter((chain) => !known.has(idOf(chain))).map((chain) => [idOf(chain), chain] as const))(
    '%s',
    async (_, chain) => {
      const tried = await tryChain(place, chain)
      expect(tried.verdict === 'wrong' ? brief(tried) : []).toEqual([])
    },
  )
})

test('what is known to be wrong is; take it out of known-wrong.ts when it no longer is', async () => {
  const wrong = sample.filter((chain) => known.has(idOf(chain)))
  const right: string[] = []
  for (const chain of wrong) if ((await tryChain(place, chain)).verdict !== 'wrong') right.push(idOf(chain))
  expect(right).toEqual([])
})

// The oracles seen red, each by a forecast that says something else than it knows.
const rows = {
  source: 'oracles',
  name: 'rows',
  setup: `CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x'), (2, NULL);`,
  pending: [`ALTER TABLE t ADD COLUMN b int DEFAULT 7; CREATE INDEX ON t (a)`],
}
const drop = { ...rows, name: 'losses', pending: ['ALTER TABLE t DROP COLUMN a'] }
const refused = { ...rows, name: 'end', pending: ['ALTER TABLE t ALTER a SET NOT NULL'] }

describe('an oracle tells a forecast that lies', () => {
  test.each<[kind: string, chain: typeof rows, lie: (truth: Awaited<ReturnType<typeof foretell>>) => object]>(
    [
      ['end', refused, () => ({ end: undefined })],
      ['end', rows, () => ({ end: { at: '1.1', sqlstate: '23502' } })],
      ['sqlstate', refused, ({ end }) => ({ end: { ...end, sqlstate: '23505' }, sqlstates: [] })],
      ['catalog', rows, ({ catalog }) => ({ catalog: catalog.slice(1) })],
      [
        'rows',
        rows,
        ({ contents }) => ({
          contents: new Map([...contents].map(([name, one]) => [name, { ...one, rows: [] }])),
        }),
      ],
      ['locks', rows, () => ({ locks: new Map() })],
      [
        'locks',
        rows,
        ({ locks }) => ({
          locks: new Map(
            [...locks].map(([at, all]) => [at, all.map((one) => ({ ...one, mode: 'ROW SHARE' }))]),
          ),
        }),
      ],
      [
        'rewrites',
        rows,
        ({ locks }) => ({
          locks: new Map(
            [...locks].map(([at, all]) => [at, all.map((one) => ({ ...one, work: 'rewrite' }))]),
          ),
        }),
      ],
      [
        'scans',
        rows,
        ({ locks }) => ({
          locks: new Map(
            [...locks].map(([at, all]) => [at, all.map((one) => ({ ...one, work: 'metadata' }))]),
          ),
        }),
      ],
      ['losses', drop, () => ({ losses: [] })],
    ],
  )('about %s', async (kind, chain, lie) => {
    const lying = {
      ...place,
      // What a twin shows must be whole, and that is how a lie about locks is found.
      foretell: async (...[client, files, options]: Parameters<typeof foretell>) => {
        const truth = await foretell(client, files, { ...options, onTwin: true })
        return { ...truth, ...lie(truth) }
      },
    }
    expect((await tryChain(place, chain)).verdict).toBe('right')
    const tried = await tryChain(lying, chain)
    expect(tried.verdict).toBe('wrong')
    expect(tried.differences.map((one) => one.kind)).toContain(kind)
  })

  test('about what it doubts: then it is no lie', async () => {
    const doubting = {
      ...place,
      // What a twin shows must be whole, and that is how a lie about locks is found.
      foretell: async (...[client, files, options]: Parameters<typeof foretell>) => {
        const truth = await foretell(client, files, { ...options, onTwin: true })
        const doubt = { place: { migration: '1', file: '1', index: 1, line: 1 }, reason: 'who knows' }
        return { ...truth, catalog: [], forecast: { ...truth.forecast, doubts: [doubt] } }
      },
    }
    expect((await tryChain(doubting, rows)).verdict).toBe('doubt')
  })
})
