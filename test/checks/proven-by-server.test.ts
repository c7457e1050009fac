import { expect, test } from '@jest/globals'
import { duplicates } from '../../src/checks/duplicates.js'
import { orphans } from '../../src/checks/orphans.js'
import { readProvenByServer } from '../../src/postgres/proven-by-server.js'
import { ask } from '../support/ask.js'
import { createTestDatabase } from '../support/test-database.js'

const declared = 'CREATE TABLE t (id int, email text); CREATE UNIQUE INDEX t_email_key ON t (email)'

/** Rows that no constraint would let in, put there behind its back. */
const orphan =
  'SET session_replication_role = replica; INSERT INTO c VALUES (9); RESET session_replication_role'

test('right after a deploy, a foreign key that it made is not asked about again, an older one is', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p)',
  })
  const before = await readProvenByServer(await database.client())
  await database.query(orphan)
  const older = await ask(orphans, database, { step: 'verify', knownBefore: before })
  expect(older.findings.map(({ object }) => object)).toEqual(['c.p_id'])
  expect(older.results[0]?.note).toBe(
    'the server checked the foreign keys that this deploy made when it made them',
  )

  const none = await ask(orphans, database, { step: 'verify', knownBefore: new Set() })
  expect(none.findings).toEqual([])
  const audit = await ask(orphans, database, { step: 'verify' })
  expect(audit.findings).toHaveLength(1)
  expect(audit.results[0]?.note).toBeUndefined()
})

test('a foreign key that the deploy made NOT VALID is asked about', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int); INSERT INTO c VALUES (1);
          ALTER TABLE c ADD FOREIGN KEY (p_id) REFERENCES p NOT VALID`,
  })
  const { findings } = await ask(orphans, database, { step: 'verify', knownBefore: new Set() })
  expect(findings.map(({ object }) => object)).toEqual(['c.p_id'])
})

test('a renamed foreign key is not a new one', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int CONSTRAINT old REFERENCES p)',
  })
  const before = await readProvenByServer(await database.client())
  await database.query(`ALTER TABLE c RENAME CONSTRAINT old TO new; ${orphan}`)
  const { findings } = await ask(orphans, database, { step: 'verify', knownBefore: before })
  expect(findings).toHaveLength(1)
})

test('a unique key is left to the server only when the deploy made a whole and valid index for it', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE t (id int, email text); INSERT INTO t VALUES (1, 'a'), (2, 'a');
          CREATE UNIQUE INDEX t_email_key ON t (email) WHERE id > 1`,
  })
  const asked = () => ask(duplicates, database, { step: 'verify', declared, knownBefore: new Set() })
  expect((await asked()).findings).toHaveLength(1)
  await database.query(`DELETE FROM t WHERE id = 2; DROP INDEX t_email_key; CREATE UNIQUE INDEX t_email_key ON t (email);
    UPDATE pg_index SET indisunique = false WHERE indexrelid = 't_email_key'::regclass; INSERT INTO t VALUES (2, 'a')`)
  expect((await asked()).findings).toHaveLength(1)
  await database.query("UPDATE pg_index SET indisunique = true WHERE indexrelid = 't_email_key'::regclass")
  expect((await asked()).findings).toEqual([])
})
