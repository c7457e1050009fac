import { expect, test } from '@jest/globals'
import { withConnection } from '../../../src/postgres/connection.js'
import type { RestoreProgress } from '../../../src/postgres/restore-output.js'
import { useOwnServer } from '../../support/own-server.js'
import { readProcesses } from '../../support/processes.js'
import { askAs, dump, openFor, rehearsalCopy, restore } from '../../support/rehearsal.js'
import { createTestDatabase } from '../../support/test-database.js'
import { until } from '../../support/waiting.js'

useOwnServer({})

const searchPathHint = expect.stringContaining('ALTER FUNCTION … SET search_path')

test.each([
  [
    'constraint',
    'CREATE TABLE t (i int); CREATE FUNCTION f(int) RETURNS boolean LANGUAGE sql AS $$ SELECT $1 >= (SELECT count(*) FROM t) $$; CREATE TABLE c (i int CHECK (f(i))); INSERT INTO c VALUES (1)',
    'the dump does not restore: pg_restore ended with exit code 1 at the rows of "c": relation "t" does not exist',
  ],
  [
    'index',
    "CREATE TABLE c (i text); INSERT INTO c VALUES ('a'); CREATE FUNCTION helper(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 $$; CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN helper($1); END $$; CREATE INDEX by_f ON c (f(i))",
    'the dump does not restore: pg_restore ended with exit code 1 at index "by_f": function helper(text) does not exist',
  ],
])(
  'a function that depends on the search path fails the restore of a %s, with what helps',
  async (_, sql, message) => {
    const target = await createTestDatabase({ sql })
    await expect(rehearsalCopy(target, { place: 'same-server' })).rejects.toMatchObject({
      code: 'restore-failed',
      exitCode: 5,
      message,
      hint: searchPathHint,
    })
  },
)

test('an error does not show the values of a row', async () => {
  const target = await createTestDatabase({
    sql: "CREATE FUNCTION f(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 1 $$; CREATE TABLE c (i text CHECK (f(i) > 0)); INSERT INTO c VALUES ('canary')",
  })
  await target.query(
    'CREATE OR REPLACE FUNCTION f(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1::int $$',
  )
  const failure = (await rehearsalCopy(target, { place: 'same-server' }).catch((error) => error)) as Error & {
    hint: string
  }
  expect(failure.message).toBe(
    'the dump does not restore: pg_restore ended with exit code 1 at the rows of "c": invalid input syntax for type integer',
  )
  expect(failure.hint).not.toContain('canary')
})

test('only an empty rehearsal database is filled', async () => {
  const target = await createTestDatabase({ sql: 'CREATE TABLE t (i int)' })
  const { database } = await rehearsalCopy(target, { place: 'same-server' })
  const path = await dump(target)
  await expect(restore(database, path)).rejects.toMatchObject({
    code: 'not-empty',
    message: expect.stringMatching(/^the rehearsal database "mg_rehearsal_.*" holds \d+ objects already$/),
  })
  await askAs(database.ownerAddress, 'DROP TABLE t')
  await withConnection(database.ownerAddress, { applicationName: 'test' }, (client) =>
    client.query("SELECT pg_catalog.lo_from_bytea(0, 'x')"),
  )
  await expect(restore(database, path)).rejects.toMatchObject({ code: 'not-empty' })
})

test.each([1, 2])('tells how far it is, with %d jobs', async (jobs) => {
  const target = await createTestDatabase({
    sql: `CREATE SCHEMA "odd schema"; CREATE TABLE "odd schema"."Big ""one""" AS SELECT i, md5(i::text) AS t FROM generate_series(1, 20000) i;
      CREATE TABLE small AS SELECT 1 AS i; CREATE INDEX ON small (i); CREATE INDEX ON "odd schema"."Big ""one""" (t)`,
  })
  const path = await dump(target)
  const database = await openFor(target, { place: 'same-server' })
  const told: RestoreProgress[] = []
  const tableSizesBytes = new Map([
    ['odd schema.Big "one"', 900],
    ['public.small', 100],
  ])
  await restore(database, path, { jobs, tableSizesBytes, onProgress: (progress) => told.push(progress) })
  expect(told.filter(({ phase }) => phase === 'indexes').at(-1)).toEqual({
    phase: 'indexes',
    tablesDone: 2,
    bytesDone: 1000,
    bytesTotal: 1000,
  })
  if (jobs > 1) {
    const half = told.find(({ tablesDone }) => tablesDone === 1)
    expect(half).toMatchObject({ phase: 'rows', bytesTotal: 1000, remainingMs: expect.any(Number) })
  }
  expect(told.at(-1)?.phase).toBe('statistics')
})

test('Ctrl-C ends pg_restore, and nothing is left', async () => {
  const target = await createTestDatabase({
    sql: `CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
      CREATE TABLE t (i int CHECK (slow(i) > 0)); INSERT INTO t SELECT generate_series(1, 500)`,
  })
  await target.query(
    'CREATE OR REPLACE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(0.2); RETURN $1; END $$',
  )
  const path = await dump(target)
  const database = await openFor(target, { place: 'same-server' })
  const stop = new AbortController()
  const restoring = restore(database, path, {
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'rows' && stop.abort(),
  })
  await expect(restoring).rejects.toMatchObject({
    code: 'interrupted',
    exitCode: 6,
    message: 'the run was stopped while the dump was restored into a copy',
  })
  const left = (await readProcesses()).filter(({ command }) => command.includes(path))
  expect(left).toEqual([])
  await database.remove()
  expect(await target.query("SELECT datname FROM pg_database WHERE datname LIKE 'mg%'")).toEqual([])
  await until(async () => {
    const rows = await target.query(
      "SELECT FROM pg_stat_activity WHERE application_name LIKE 'migrate-guard%'",
    )
    return rows.length === 0
  })
})

test('a database without anything in it restores', async () => {
  const { restored } = await rehearsalCopy(await createTestDatabase(), { place: 'same-server' })
  expect(restored.differences).toEqual([])
})

test('a copy that is gone meanwhile is not called the target', async () => {
  const target = await createTestDatabase({ sql: 'CREATE TABLE t (i int)' })
  const path = await dump(target)
  const database = await openFor(target, { place: 'same-server' })
  await target.query(`DROP DATABASE "${database.address.database}" WITH (FORCE)`)
  await expect(restore(database, path)).rejects.toMatchObject({
    code: 'rehearsal-database-lost',
    exitCode: 5,
    message: expect.stringContaining(`database "${database.address.database}" does not exist`),
  })
})
