import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { clientEnvironment } from '../../src/postgres/client-environment.js'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { dumpDatabase } from '../../src/postgres/dump.js'
import { RestoreOutput, type RestoreProgress } from '../../src/postgres/restore-output.js'
import { takeSnapshot } from '../../src/postgres/snapshot.js'
import { formatDumpProgress } from '../../src/report/restore-progress.js'
import { addressOf } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

test.each([1, 2])('a dump tells how far it is, with %d jobs', async (jobs) => {
  const database = await createTestDatabase({
    sql: `CREATE SCHEMA "odd schema"; CREATE TABLE "odd schema"."Big ""one""" AS SELECT i, md5(i::text) AS t FROM generate_series(1, 20000) i;
      CREATE TABLE small AS SELECT 1 AS i`,
  })
  await database.query('VACUUM ANALYZE')
  const address = addressOf(database)
  const folder = await mkdtemp(join(tmpdir(), 'guard-test-dump-'))
  const snapshot = await takeSnapshot(address, { applicationName: 'test dump' })
  const told: RestoreProgress[] = []
  try {
    await dumpDatabase({
      tool: await findClientTool('pg_dump', 0),
      address,
      applicationName: 'test dump',
      environment: await clientEnvironment(address, folder),
      snapshotId: snapshot.id,
      folder: join(folder, 'dump'),
      jobs,
      signal: new AbortController().signal,
      tableSizesBytes: new Map([
        ['odd schema.Big "one"', 900],
        ['public.small', 100],
      ]),
      onProgress: (progress) => told.push(progress),
    })
  } finally {
    await snapshot.release()
    await rm(folder, { recursive: true })
  }
  const half = told.find(({ tablesDone }) => tablesDone === 1)
  expect(half).toMatchObject({ phase: 'rows', bytesTotal: 1000, remainingMs: expect.any(Number) })
  // One job alone does not say when it is done with its last table.
  if (jobs > 1) expect(told.at(-1)).toMatchObject({ tablesDone: 2, bytesDone: 1000, remainingMs: 0 })
})

test('two jobs whose lines run into each other, as a busy machine has printed them', () => {
  const told: RestoreProgress[] = []
  const sizes = new Map([
    ['odd schema.Big "one"', 900],
    ['public.small', 100],
  ])
  const output = new RestoreOutput(sizes, 2, (progress) => told.push(progress))
  output.add(
    Buffer.from(`pg_dump:pg_dump: dumping contents of table "odd schema.Big "one""
 dumping contents of table "public.small"
pg_dump: finished item 3344 TABLE DATA small
pg_dump: finished item 3343 TABLE DATA Big "one"
`),
  )
  expect(told.at(-1)).toMatchObject({ tablesDone: 2, bytesDone: 1000, remainingMs: 0 })
})

test('in one line', () => {
  const progress = {
    phase: 'rows',
    tablesDone: 1,
    bytesDone: 1.2 * 1024 ** 3,
    bytesTotal: 3.4 * 1024 ** 3,
  } as const
  expect(formatDumpProgress(progress)).toBe('dump 1.2 GB of 3.4 GB')
  expect(formatDumpProgress({ ...progress, remainingMs: 20_000 })).toBe(
    'dump 1.2 GB of 3.4 GB, about 20 s left',
  )
})
