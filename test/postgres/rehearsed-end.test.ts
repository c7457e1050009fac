import { beforeAll, expect, test } from '@jest/globals'
import type { Findings } from '../../src/domain/finding.js'
import { hashCatalogObjects } from '../../src/postgres/catalog-fingerprint/hash.js'
import { countRows } from '../../src/postgres/row-counts.js'
import { readTableWrites } from '../../src/postgres/write-counts.js'
import { fingerprintDatabase } from '../../src/steps/fingerprint.js'
import { compareWithRehearsal } from '../../src/steps/rehearsal/compare-with-rehearsal.js'
import { proveTable } from '../../src/steps/rehearsal/data-proof.js'
import type { Rehearsed } from '../../src/steps/rehearsal/rehearsed-end.js'
import { connectTo } from '../support/address.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'
import { until } from '../support/waiting.js'

const tables = 'same written lost altered shuffled rewritten varying mixed gone late'.split(' ')

const sql = `${tables
  .map(
    (name) => `CREATE TABLE ${name} (id int${name === 'shuffled' ? '' : ' PRIMARY KEY'}, what text,
      at timestamptz DEFAULT ${name === 'varying' ? 'now()' : 'NULL'});
    INSERT INTO ${name} SELECT i, 'value ' || i, now() FROM generate_series(1, 100) i;`,
  )
  .join('\n')}
CREATE INDEX same_what ON same (what);
SELECT lo_from_bytea(4711, 'contents');`

const screen = { print: () => undefined, progress: () => undefined, clearProgress: () => undefined }

/** Takes the target as it is for what the rehearsal has ended with. */
async function takeEnd(target: TestDatabase): Promise<Rehearsed> {
  const client = await connectTo(target)
  const { fingerprint, catalog } = await fingerprintDatabase([client], screen)
  const written = [{ migration: 'm', file: 'm.sql', line: 3 }]
  const lineageOf = (table: string) => ({
    schema: 'public',
    table,
    now: { schema: 'public', table },
    rowsChangedBy: [],
    columns: ['what', 'at'].map((column) => ({ column, now: column, rewrittenBy: written })),
  })
  const rehearsed: Rehearsed = {
    after: { catalogHash: hashCatalogObjects(catalog), fingerprint, tableWrites: [] },
    catalog,
    // A column that a migration writes has other sums before it than after.
    proof: fingerprint.tables.map((after) => {
      const isWritten = after.table === 'rewritten' || after.table === 'varying'
      const columns = after.columns.map((one) => (one.column === 'id' ? one : { ...one, sum: '1' }))
      return isWritten
        ? proveTable({ before: { ...after, columns }, after, lineage: lineageOf(after.table) })
        : proveTable({ before: after, after, lineage: undefined })
    }),
    lineage: [],
    writesAtSnapshot: await readTableWrites(client),
    knownDifferences: new Set(),
  }
  await client.end()
  return rehearsed
}

async function compare(target: TestDatabase, rehearsed: Rehearsed): Promise<Findings> {
  const client = await connectTo(target)
  try {
    const { rowCounts, ...found } = await compareWithRehearsal(rehearsed, [client], screen)
    // What a later audit compares with.
    expect(rowCounts).toEqual(await countRows(client))
    return found
  } finally {
    await client.end()
  }
}

/** What no counter of the server tells. */
const silently = (target: TestDatabase, statements: string) =>
  target.query(`SET track_counts = off; ${statements}`)

let target: TestDatabase
let rehearsed: Rehearsed

beforeAll(async () => {
  target = await createTestDatabase({ sql })
  // The session that filled it has told of its writes when it is gone.
  await until(async () => {
    const [{ n }] = await target.query(
      'SELECT count(*)::int AS n FROM pg_stat_user_tables WHERE n_tup_ins = 100',
    )
    return n === tables.length
  })
  rehearsed = await takeEnd(target)
})

/** As long as the comparison sleeps where it has to wait for the counters of the server. */
const countersDelayMs = 11_000

test('where nobody wrote, everything is identical, and that is told at once', async () => {
  const started = Date.now()
  expect(await compare(target, rehearsed)).toEqual({
    results: [
      { id: 'rehearsed-catalog', title: 'every object of the catalog is as rehearsed', outcome: 'passed' },
      {
        id: 'rehearsed-data',
        title: 'every value of every table is as rehearsed',
        outcome: 'passed',
        note: '10 of 10 tables identical to the rehearsal',
      },
    ],
    findings: [],
  })
  expect(Date.now() - started).toBeLessThan(countersDelayMs)
})

test('a default that is another at every run is no reason to wait for counters', async () => {
  const started = Date.now()
  await silently(target, 'UPDATE varying SET at = clock_timestamp()')
  const { results, findings } = await compare(target, rehearsed)
  expect(findings).toEqual([])
  expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'info', 'info'])
  expect(Date.now() - started).toBeLessThan(countersDelayMs)
})

test('each table is judged by who wrote to it and by what the migrations do', async () => {
  await target.query(`INSERT INTO written SELECT i, 'new' FROM generate_series(101, 103) i; DELETE FROM written WHERE id = 1;
    UPDATE written SET what = 'x' WHERE id = 2; INSERT INTO mixed SELECT i, 'new' FROM generate_series(101, 103) i`)
  await silently(
    target,
    `DELETE FROM lost WHERE id = 7; DELETE FROM mixed WHERE id = 7; UPDATE altered SET what = 'x' WHERE id = 7;
     UPDATE rewritten SET what = 'x'; UPDATE varying SET at = clock_timestamp(); DROP TABLE gone; DROP INDEX same_what;
     UPDATE shuffled a SET what = b.what FROM shuffled b WHERE (a.id, b.id) IN ((7, 8), (8, 7));
     SELECT lo_put(4711, 2, 'X'), lo_from_bytea(4712, 'more')`,
  )
  // A session that does not idle tells of its writes late.
  const late = await target.client()
  await late.query("SET stats_fetch_consistency = 'none'; INSERT INTO late SELECT 101, 'new'; SELECT 1")
  const { results, findings } = await compare(target, rehearsed)
  const told = findings.map(
    ({ code, verdict, object, message }) => `${verdict} ${code} ${object}: ${message}`,
  )
  // A large object comes and goes as a row does.
  const objects = findings.filter(({ code }) => code === 'catalog-differs').map(({ object }) => object)
  expect(objects.sort()).toEqual([
    'gone_pkey on public.gone',
    'public.gone',
    'public.gone.at',
    'public.gone.id',
    'public.gone.what',
    'public.gone_pkey',
    'public.same_what',
  ])
  expect(told).toContain(
    'block catalog-differs public.same_what: the catalog is not as rehearsed: index public.same_what is missing',
  )
  expect(told.filter((line) => !line.includes('catalog-differs')).sort()).toEqual([
    'block data-differs altered: other values than in the rehearsal in what of "altered", which the migrations do not touch and nobody else wrote to',
    'block data-differs gone: table "gone" is not there, as it was in the rehearsal',
    'block data-differs lost: table "lost" has 99 rows, 100 in the rehearsal, and nobody else wrote to it',
    'block data-differs shuffled: the values of "shuffled" are in other rows than in the rehearsal, and nobody else wrote to it',
    'warn data-differs large objects: the large objects are not as in the rehearsal: 1 large object there, 2 now',
    'warn data-differs mixed: others inserted 3, updated 0 and deleted 0 rows of "mixed" since the backup, and it has 102 rows, and 103 were to be expected',
    'warn data-differs rewritten: other values than in the rehearsal in what of "rewritten", which the migrations write',
  ])
  const notes = results.filter(({ outcome }) => outcome === 'info').map(({ note }) => note)
  expect(notes).toEqual([
    'others inserted 1, updated 0 and deleted 0 rows of "late" since the backup: its number of rows reconciles, its values are not compared',
    'other values than in the rehearsal in at, whose default is another at every run',
    'others inserted 3, updated 1 and deleted 1 rows of "written" since the backup: its number of rows reconciles, its values are not compared',
  ])
  expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(
    expect.arrayContaining(['rehearsed-catalog failed', 'rehearsed-data failed']),
  )
  expect(results.find(({ id }) => id === 'rehearsed-data')?.note).toBe(
    '1 of 10 tables identical to the rehearsal',
  )
})

test('a partition that somebody makes meanwhile is told, and nothing else new is let pass', async () => {
  const own = await createTestDatabase({
    sql: `CREATE TABLE logs (id int PRIMARY KEY, what text) PARTITION BY RANGE (id);
      CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10); CREATE INDEX ON logs (what)`,
  })
  const end = await takeEnd(own)
  await own.query(
    'CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (20); CREATE TABLE other (id int)',
  )
  const { findings } = await compare(own, end)
  expect(findings.map(({ object, verdict }) => `${verdict} ${object}`)).toEqual([
    'warn public.logs_2',
    'block public.other.id',
    'block public.other',
  ])
  expect(findings[0]?.message).toBe('public.logs_2 was made since the backup, as a partition of public.logs')
})
