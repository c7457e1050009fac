import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OwnPlace, placeOn } from '../support/corpus/place.js'
import { tryChain } from '../support/corpus/try-chain.js'
import { foretell } from '../support/forecast.js'
import { foretellAndRun } from '../support/foretell.js'

let place: OwnPlace
beforeAll(async () => {
  place = await placeOn(process.env.MIGRATE_GUARD_TEST_URL ?? '')
})
afterAll(() => place?.close())

const parts = `CREATE TABLE p (id int, k int, note text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
  CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1, 1, 'x'), (2, 1, NULL)`

/** Setup, pending files, and what is left to the rehearsal; everything else is as it comes: catalog, rows, locks, losses. */
const chains: Record<
  string,
  readonly [setup: string, pending: readonly string[], doubts?: readonly string[]]
> = {
  'a part that is detached has its indexes for itself': [parts, ['ALTER TABLE p DETACH PARTITION p1']],
  'a part that is attached has those of the whole': [
    parts,
    ['CREATE TABLE p2 (LIKE p INCLUDING ALL); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)'],
  ],
  'an index of the whole alone is not valid until the parts have theirs': [
    parts,
    [
      'CREATE INDEX whole ON ONLY p (note)',
      'CREATE INDEX part ON p1 (note); ALTER INDEX whole ATTACH PARTITION part',
    ],
  ],
  'a temporary table keeps the sequence of its identity': [
    'CREATE TABLE t (a int)',
    [
      'CREATE TEMP TABLE more (id int GENERATED ALWAYS AS IDENTITY, a int); INSERT INTO more (a) VALUES (1); CREATE SEQUENCE q; INSERT INTO more (a) VALUES (2); INSERT INTO t SELECT a FROM more',
    ],
  ],
  'arrays of a domain that has changed': [
    'CREATE DOMAIN d AS int NOT NULL',
    ['ALTER DOMAIN d DROP NOT NULL', 'CREATE TABLE t (id int PRIMARY KEY, a d[], b int NOT NULL DEFAULT 1)'],
  ],
  'a policy that goes with its column': [
    'CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1)',
    [
      'CREATE POLICY own ON t USING (b IS NOT NULL); ALTER TABLE t DROP COLUMN b CASCADE; CREATE POLICY own ON t USING (true)',
    ],
  ],
}

test.each(Object.entries(chains))(
  '%s',
  async (name, [setup, pending, doubts = []]) => {
    const onTwin: typeof place = {
      ...place,
      foretell: (client, files, options) => foretell(client, files, { ...options, onTwin: true }),
    }
    const tried = await tryChain(onTwin, { source: 'on the twin', name, setup, pending })
    expect({
      wrong: tried.differences.map(({ kind, text }) => `${kind}: ${text}`),
      doubts: tried.doubts,
    }).toEqual({
      wrong: [],
      doubts,
    })
  },
  30_000,
)

/** What code makes on the twin, where tables are empty, says nothing of the rows that it has on the target. */
test('a table that code fills is not taken for an empty one', async () => {
  const outcome = await foretellAndRun(
    place.client,
    'CREATE TABLE t (a int); INSERT INTO t VALUES (NULL)',
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE made AS SELECT * FROM t';
     SELECT f(); ALTER TABLE made ALTER a SET NOT NULL`,
    { onTwin: true },
  )
  expect(outcome).toMatchObject({ real: '23502', foretold: 'passes' })
  expect(outcome.doubts.length).toBeGreaterThan(0)
})
