import { expect, test } from '@jest/globals'
import { diffCatalogObjects } from '../../../src/postgres/catalog-fingerprint/diff.js'
import { hashCatalogObjects } from '../../../src/postgres/catalog-fingerprint/hash.js'
import { readCatalogObjects } from '../../../src/postgres/catalog-fingerprint/read-catalog-objects.js'
import { namedDifferences } from '../../../src/steps/rehearsal/compare-restored.js'
import { createTestDatabase } from '../../support/test-database.js'

const schema = `
  CREATE TABLE a (id int, label text, many int[]) WITH (fillfactor = 70, toast.autovacuum_enabled = off);
  ALTER TABLE a ALTER id SET (n_distinct = 5);
  CREATE INDEX a_id ON a (id) INCLUDE (label) WITH (fillfactor = 60, deduplicate_items = off) WHERE id > 1;
  CREATE INDEX a_plain ON a (id) WHERE label = ' WITH (note=1)';
  CREATE INDEX a_many ON a USING gin (many) WITH (fastupdate = off);
  CREATE VIEW b WITH (security_barrier) AS SELECT 1 AS one`

/** What a server may keep for itself: nobody can set it, and no dump holds it. */
const notes = `
  UPDATE pg_class SET reloptions = coalesce(reloptions, '{}') || '{server_note=a b,other_note=1}'
   WHERE relname IN ('a', 'a_id', 'a_plain', 'a_many', 'b') OR oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'a');
  UPDATE pg_attribute SET attoptions = coalesce(attoptions, '{}') || '{server_note=7}'
   WHERE attrelid IN ('a'::regclass, 'b'::regclass) AND attnum > 0`

test('options that nobody can set are named, and no difference', async () => {
  const database = await createTestDatabase({ sql: schema })
  const client = await database.client()
  await client.query('BEGIN')
  const before = await readCatalogObjects(client)
  await client.query(`SET LOCAL allow_system_table_mods = on; ${notes}`)
  const after = await readCatalogObjects(client)
  expect(diffCatalogObjects(before, after)).toEqual([])
  expect(hashCatalogObjects(after)).toBe(hashCatalogObjects(before))
  expect(namedDifferences(before, after)).toEqual(
    [
      'the option "server_note", which this version does not know, is not the same here at 9 objects',
      'the option "toast.server_note", which this version does not know, is not the same here at 1 object',
      'the option "other_note", which this version does not know, is not the same here at 5 objects',
      'the option "toast.other_note", which this version does not know, is not the same here at 1 object',
    ].sort(),
  )
  expect(namedDifferences(after, after)).toEqual([])
  await client.query('ROLLBACK')
})

test.each([
  'ALTER TABLE a SET (fillfactor = 71)',
  'ALTER TABLE a RESET (toast.autovacuum_enabled)',
  'ALTER TABLE a ALTER id RESET (n_distinct)',
  'ALTER INDEX a_id SET (fillfactor = 61)',
  'ALTER INDEX a_many RESET (fastupdate)',
  'ALTER VIEW b RESET (security_barrier)',
])('what a person can set is one: %s', async (sql) => {
  const database = await createTestDatabase({ sql: schema })
  const before = await readCatalogObjects(await database.client())
  await database.query(sql)
  const after = await readCatalogObjects(await database.client())
  expect(diffCatalogObjects(before, after)).toHaveLength(1)
  expect(hashCatalogObjects(after)).not.toBe(hashCatalogObjects(before))
})
