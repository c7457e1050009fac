import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { countDumpedRows, countRows, readWriteCounters } from '../../src/postgres/row-counts.js'
import { compareRowCounts, type RowCountBaseline } from '../../src/steps/compare-row-counts.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const name = '20260101_m'

function folder(sql: string) {
  return [{ name, file: `${name}/migration.sql`, directory: `/${name}`, bytes: Buffer.from(sql) }]
}

/** Counts, once the server knows of the `inserted` rows that made the tables. */
async function takeBaseline(database: TestDatabase, inserted: number): Promise<RowCountBaseline> {
  const client = await database.client()
  let writeCounters = await readWriteCounters(client)
  const known = () => [...writeCounters.values()].reduce((sum, one) => sum + Number(one.split(' ')[0]), 0)
  while (known() < inserted) {
    await sleep(100)
    writeCounters = await readWriteCounters(client)
  }
  return {
    source: 'right before the deploy',
    counts: await countRows(client),
    writeCounters,
    migrations: [name],
  }
}

const tables = ['dropped', 'gone', 'grown', 'lost', 'old', 'same', 'written']

test('a table keeps its rows unless the migrations or somebody else change them', async () => {
  const database = await createTestDatabase({
    sql: tables.map((table) => `CREATE TABLE ${table} AS SELECT n FROM generate_series(1, 3) n;`).join('\n'),
  })
  const baseline = await takeBaseline(database, 3 * tables.length)
  const migration = 'ALTER TABLE old RENAME TO new; INSERT INTO grown VALUES (9); DROP TABLE dropped;'
  // TRUNCATE is what the counters do not show: rows are lost and nobody seems to have written.
  await database.query(`${migration} TRUNCATE lost; INSERT INTO lost SELECT 1 WHERE false; DROP TABLE gone`)
  await database.query('INSERT INTO written VALUES (4), (5)')
  const { results, findings } = await compareRowCounts(
    baseline,
    folder(migration),
    await database.client(),
    'public',
  )

  expect(results).toEqual([
    {
      id: 'row-counts:gone',
      title: 'rows of gone',
      outcome: expect.any(String),
      facts: { before: 3, after: null },
    },
    {
      id: 'row-counts:grown',
      title: 'rows of grown',
      outcome: 'info',
      facts: { before: 3, after: 4 },
      note: 'the migrations change it',
    },
    { id: 'row-counts:lost', title: 'rows of lost', outcome: 'failed', facts: { before: 3, after: 0 } },
    {
      id: 'row-counts:new',
      title: 'rows of new, which was old',
      outcome: 'passed',
      facts: { before: 3, after: 3 },
    },
    { id: 'row-counts:same', title: 'rows of same', outcome: 'passed', facts: { before: 3, after: 3 } },
    { id: 'row-counts:written', title: 'rows of written', outcome: 'warned', facts: { before: 3, after: 5 } },
  ])
  const common = { code: 'row-count-changed', kind: 'loss', step: 'verify' }
  const loss = 'Find out where the rows went before the application goes on.'
  expect(findings).toEqual([
    {
      ...common,
      verdict: 'block',
      object: 'gone',
      message: 'table "gone" had 3 rows right before the deploy and is gone',
      hint: loss,
    },
    {
      ...common,
      verdict: 'block',
      object: 'lost',
      message: 'table "lost" had 3 rows right before the deploy and has 0 now',
      hint: loss,
    },
    {
      ...common,
      verdict: 'warn',
      object: 'written',
      message:
        'table "written" had 3 rows right before the deploy and has 5 now; others wrote to it meanwhile',
      hint: 'Check whether the difference is the doing of the application.',
    },
  ])
})

test('what cannot be read is not judged, but a table that is gone is', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 1 AS n; CREATE TABLE _prisma_migrations (n int)',
  })
  const baseline = await takeBaseline(database, 2)
  await database.query('DELETE FROM a; DROP TABLE b; INSERT INTO _prisma_migrations VALUES (1)')
  const opaque = '\nDO $$ BEGIN DELETE FROM a; DROP TABLE b; END $$'
  const { results, findings } = await compareRowCounts(
    baseline,
    folder(opaque),
    await database.client(),
    'public',
  )
  expect(results[0]).toEqual({
    id: 'row-counts:a',
    title: 'rows of a',
    outcome: 'info',
    facts: { before: 1, after: 0 },
    note: 'not judged: line 2: a block of code',
  })
  expect(findings.map(({ object, verdict }) => [object, verdict])).toEqual([['b', 'block']])
})

test('a table that moved, and one that another one replaced, are left alone', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE SCHEMA s; CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 1 AS n UNION ALL SELECT 2; CREATE TABLE c AS SELECT 1 AS n',
  })
  const baseline = await takeBaseline(database, 4)
  const sql = 'ALTER TABLE a SET SCHEMA s; DROP TABLE b; ALTER TABLE c RENAME TO b'
  await database.query(sql)
  const { findings } = await compareRowCounts(baseline, folder(sql), await database.client(), 'public')
  expect(findings).toEqual([])
})

test('counts of an earlier run, without counters, are warned about and not more', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE a AS SELECT 1 AS n' })
  const { writeCounters: _, ...baseline } = await takeBaseline(database, 1)
  await database.query('DELETE FROM a')
  const earlier = { ...baseline, source: 'in the backup of yesterday' }
  expect((await compareRowCounts(earlier, [], await database.client(), 'public')).findings).toMatchObject([
    {
      verdict: 'warn',
      message:
        'table "a" had 1 row in the backup of yesterday and has 0 now; whether others wrote to it meanwhile is not known',
    },
  ])
})

test('without an earlier count it is not made', async () => {
  const database = await createTestDatabase()
  expect(await compareRowCounts(undefined, [], await database.client(), 'public')).toEqual({
    results: [
      {
        id: 'row-counts',
        title: 'every table has as many rows as before',
        outcome: 'not-made',
        note: 'there is no earlier run to compare with',
      },
    ],
    findings: [],
  })
})

test('the tables of a schema that is dropped or renamed are left alone', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE SCHEMA old; CREATE TABLE old.a AS SELECT 1 AS n; CREATE SCHEMA s; CREATE TABLE s.b AS SELECT 1 AS n',
  })
  const baseline = await takeBaseline(database, 2)
  const sql = 'DROP SCHEMA old CASCADE; ALTER SCHEMA s RENAME TO t'
  await database.query(sql)
  const { findings } = await compareRowCounts(baseline, folder(sql), await database.client(), 'public')
  expect(findings).toEqual([])
})

test('rows that row level security hides are not counted, and that is unknown', async () => {
  const database = await createTestDatabase({
    sql: `CREATE ROLE counts_owner; CREATE TABLE open AS SELECT 1 AS n; CREATE TABLE hidden AS SELECT 1 AS n;
          ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
          ALTER TABLE hidden OWNER TO counts_owner; ALTER TABLE open OWNER TO counts_owner`,
  })
  const baseline = await takeBaseline(database, 2)
  const client = await database.client()
  await client.query('SET ROLE counts_owner; SET row_security = off')
  const { findings, results } = await compareRowCounts(baseline, folder(''), client, 'public')
  expect(findings).toMatchObject([
    { code: 'check-not-answered', verdict: 'unknown', object: '"public"."hidden"' },
  ])
  expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
    'hidden-rows unknown',
    'row-counts:open passed',
  ])
  await client.query('RESET ROLE; DROP OWNED BY counts_owner; DROP ROLE counts_owner')
})

/** What an extension does in its script with pg_extension_config_dump. */
const settingsOfExtension = `
  CREATE EXTENSION citext; CREATE TABLE settings (id int); INSERT INTO settings SELECT generate_series(1, 5);
  CREATE TABLE own (id int); ALTER EXTENSION citext ADD TABLE settings; ALTER EXTENSION citext ADD TABLE own;
  SET allow_system_table_mods = on;
  UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY['WHERE id > 3']
   WHERE extname = 'citext'`

test('the settings that an extension keeps in a table are counted, and it may write them itself', async () => {
  const database = await createTestDatabase({ sql: settingsOfExtension })
  const baseline = await takeBaseline(database, 5)
  const client = await database.client()
  expect(baseline.counts).toEqual([{ schema: 'public', table: 'settings', rows: 5, extension: 'citext' }])
  expect(await countDumpedRows(client)).toEqual(new Map([['"public"."settings"', 2]]))
  await database.query('TRUNCATE settings')
  const { results, findings } = await compareRowCounts(baseline, folder(''), client, 'public')
  expect(findings).toEqual([])
  expect(results.map(({ outcome, note }) => `${outcome}: ${note}`)).toEqual([
    'info: it belongs to the extension "citext", which writes it itself',
  ])
})

test('two tables of one name are told apart, and called by their schemas', async () => {
  const database = await createTestDatabase({
    sql: 'CREATE SCHEMA s; CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE s.a AS SELECT 1 AS n UNION ALL SELECT 2',
  })
  const baseline = await takeBaseline(database, 3)
  await database.query('DROP TABLE s.a; DROP TABLE a')
  const { findings } = await compareRowCounts(
    baseline,
    folder('DROP TABLE s.a'),
    await database.client(),
    'public',
  )
  expect(findings.map(({ message }) => message)).toEqual([
    'table "public.a" had 1 row right before the deploy and is gone',
  ])
})

test('rows that a partition or a trigger took are no loss', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE logs (id int) PARTITION BY RANGE (id);
      CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10); INSERT INTO logs VALUES (1);
      CREATE TABLE log (what text); INSERT INTO log VALUES ('made'); CREATE TABLE a (n int);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log; RETURN NULL; END $$;
      CREATE TRIGGER note AFTER INSERT ON a EXECUTE FUNCTION note()`,
  })
  const baseline = await takeBaseline(database, 2)
  const sql = 'INSERT INTO logs VALUES (2); INSERT INTO a VALUES (1)'
  await database.query(sql)
  const { results, findings } = await compareRowCounts(
    baseline,
    folder(sql),
    await database.client(),
    'public',
  )
  expect(findings).toEqual([])
  expect(results.map(({ id, note }) => `${id}: ${note}`)).toEqual([
    'row-counts:a: the migrations change it',
    'row-counts:log: not judged: the trigger "note" of "public"."a" may write it',
    'row-counts:logs_1: the migrations change it',
  ])
})

test('a table that is not logged may be empty after a crash', async () => {
  const database = await createTestDatabase({ sql: 'CREATE UNLOGGED TABLE a AS SELECT 1 AS n' })
  const { writeCounters: _, ...baseline } = await takeBaseline(database, 1)
  await database.query('TRUNCATE a')
  const { findings } = await compareRowCounts(baseline, [], await database.client(), 'public')
  expect(findings).toMatchObject([{ verdict: 'warn', message: expect.stringContaining('it is not logged') }])
})
