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
  'the index of a part stays one of the whole when the part alone changes': [
    parts,
    ['CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)', 'ALTER TABLE p2 ADD UNIQUE (note)'],
  ],
  'a part that has parts, and none for the row': [
    'CREATE TABLE p (id int, k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (id)',
    ['INSERT INTO p VALUES (1, 1)'],
  ],
  'a view of whole rows stays when the table loses a column': [
    'CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT t FROM t',
    ['ALTER TABLE t DROP COLUMN b'],
  ],
  'a foreign key of a whole and of its parts waits for the end of the transaction': [
    `${parts}; CREATE TABLE o (id int PRIMARY KEY); ALTER TABLE p ADD COLUMN o int CONSTRAINT of_o REFERENCES o`,
    ['ALTER TABLE p ALTER CONSTRAINT of_o DEFERRABLE INITIALLY DEFERRED'],
  ],
  'a schema with another name': [
    `CREATE SCHEMA one; CREATE FUNCTION one.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE one.e AS ENUM ('a'); CREATE TABLE one.t (a one.e, id serial)`,
    ['ALTER SCHEMA one RENAME TO two', 'ALTER TABLE two.t ADD COLUMN b two.e'],
  ],
  'values of a row type that gets another part': [
    'CREATE TYPE r AS (x int, y int); CREATE TABLE t (id int, r r); INSERT INTO t VALUES (1, (1, 2))',
    ['ALTER TYPE r ADD ATTRIBUTE z int'],
  ],
  'a table that inherits no more': [
    'CREATE TABLE t (a int); CREATE TABLE u () INHERITS (t); INSERT INTO t VALUES (1); INSERT INTO u VALUES (2)',
    ['ALTER TABLE u NO INHERIT t'],
  ],
  'ONLY a table that others inherit from': [
    'CREATE TABLE t (a int); CREATE TABLE u () INHERITS (t); INSERT INTO t VALUES (1); INSERT INTO u VALUES (2)',
    ['UPDATE ONLY t SET a = 3'],
    ['ONLY "t", without what inherits from it'],
  ],
  'a child whose columns a dump writes in another order': [
    'CREATE TABLE a (x int); CREATE TABLE b (y text, x int); ALTER TABLE b INHERIT a',
    [
      "INSERT INTO b VALUES ('q', 1); CREATE TYPE place AS (u int); CREATE TABLE places OF place; INSERT INTO places VALUES (1)",
    ],
  ],
  'a column behind those in another order': [
    'CREATE TABLE a (x int); CREATE TABLE b (y text, x int); ALTER TABLE b INHERIT a',
    [
      "CREATE TYPE place AS (u int); CREATE TABLE places OF place; ALTER TABLE b ADD COLUMN z int; INSERT INTO b VALUES ('q', 1, 2)",
    ],
  ],
  'a temporary table keeps the sequence of its identity': [
    'CREATE TABLE t (a int)',
    [
      'CREATE TEMP TABLE more (id int GENERATED ALWAYS AS IDENTITY, a int); INSERT INTO more (a) VALUES (1); CREATE SEQUENCE q; INSERT INTO more (a) VALUES (2); INSERT INTO t SELECT a FROM more',
    ],
  ],
  'arrays of a domain that has changed': [
    'CREATE DOMAIN d AS int NOT NULL CHECK (VALUE < 6)',
    [
      'ALTER DOMAIN d DROP CONSTRAINT IF EXISTS nothing',
      'CREATE TABLE t (id int PRIMARY KEY, a d[], b int NOT NULL DEFAULT 1)',
    ],
  ],
  'a block that reads a table under its new name': [
    'CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, NULL)',
    [
      "ALTER TABLE t RENAME TO u; DO $$ BEGIN IF EXISTS (SELECT FROM u WHERE a IS NULL) THEN UPDATE u SET a = 'x'; END IF; END $$",
    ],
  ],
  'a block that names a table of two words': [
    'CREATE TABLE "two words" (id int PRIMARY KEY, n int); INSERT INTO "two words" VALUES (1, NULL)',
    [
      'DO $$ BEGIN IF EXISTS (SELECT FROM "two words" WHERE n IS NULL) THEN UPDATE "two words" SET n = 2; END IF; END $$',
    ],
  ],
  'the TOAST table that a column has left behind': [
    'CREATE TABLE t (id int, long text); ALTER TABLE t DROP COLUMN long; INSERT INTO t VALUES (1)',
    ['DROP TABLE t'],
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
    'SELECT 1',
    `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TABLE made (a int); INSERT INTO made VALUES (NULL); END';
     SELECT f(); ALTER TABLE made ALTER a SET NOT NULL`,
    { onTwin: true },
  )
  expect(outcome).toMatchObject({ real: '23502', foretold: 'passes' })
  expect(outcome.doubts).toContainEqual(expect.stringContaining('makes it in a way that is not followed'))
})
