import { statfs } from 'node:fs/promises'
import { beforeAll, expect, test } from '@jest/globals'
import { diskSpace } from '../../../src/checks/health/disk-space.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

let database: TestDatabase
let dataDirectory: string
beforeAll(async () => {
  database = await createTestDatabase({ sql: 'CREATE TABLE orders (id int)' })
  const rows = await database.query("SELECT current_setting('data_directory') AS path")
  dataDirectory = rows[0].path
})

const tables = [{ schema: 'public', name: 'orders' }]
const rewriting = (rewriteBytes: number, role?: string) =>
  ask(diskSpace, database, { concerned: { tables, rewriteBytes }, ...(role ? { role } : {}) })

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(dataDirectory)
  return bavail * bsize
}

test('a rewrite that fits, and no rewrite, pass; one that nobody has measured is not asked about', async () => {
  const result = {
    id: 'disk-space',
    title: 'the disk of the server has room for the tables that are rewritten',
  }
  expect(await rewriting(1000)).toEqual({ results: [{ ...result, outcome: 'passed' }], findings: [] })
  expect(await rewriting(0)).toEqual({ results: [{ ...result, outcome: 'passed' }], findings: [] })
  for (const question of [{}, { concerned: { tables } }]) {
    expect(await ask(diskSpace, database, question)).toEqual({
      results: [
        { ...result, outcome: 'not-made', note: 'it is not known which tables the migrations concern' },
      ],
      findings: [],
    })
  }
})

test('a rewrite that does not fit blocks; one that fits without its log is a warning', async () => {
  const free = await freeBytes()
  const { results, findings } = await rewriting(free * 2)
  expect(results).toMatchObject([{ outcome: 'failed' }])
  expect(findings).toEqual([
    {
      code: 'disk-space',
      kind: 'health',
      verdict: 'block',
      step: 'check',
      object: dataDirectory,
      message: expect.stringMatching(
        /^[\d,.]+ [MGT]B are free at \/.*\/data, and the deploy needs up to [\d,.]+ [MGT]B for the tables that are rewritten and [\d,.]+ [MGT]B for the write-ahead log$/,
      ),
      hint: 'Free space or enlarge the disk before the deploy: when it is full, the server takes no writes at all.',
    },
  ])
  expect((await rewriting(free * 0.75)).findings).toMatchObject([{ verdict: 'warn' }])
  expect((await rewriting(free * 0.25)).findings).toEqual([])
})

test('a disk that cannot be seen is not judged, and the estimate is told', async () => {
  const role = `${database.name}_role`
  await database.query(`CREATE ROLE "${role}"`)
  expect(await rewriting(3 * 1024 ** 4, role)).toMatchObject({
    results: [
      {
        outcome: 'not-made',
        note: '3.0 TB are rewritten, and as much may go into the write-ahead log; this role may not see where the server keeps its data',
      },
    ],
    findings: [],
  })
})

test('a table in a tablespace of its own is rewritten there, which is not judged', async () => {
  const client = await database.client()
  await client.query('SET allow_in_place_tablespaces = on')
  await client.query(`CREATE TABLESPACE "${database.name}" LOCATION ''`)
  await client.query(`ALTER TABLE orders SET TABLESPACE "${database.name}"`)
  expect((await rewriting(3 * 1024 ** 4)).results).toMatchObject([
    {
      outcome: 'not-made',
      note: '3.0 TB are rewritten, and as much may go into the write-ahead log; they lie in a tablespace of their own',
    },
  ])
  await client.query('ALTER TABLE orders SET TABLESPACE pg_default')
  await client.query(`DROP TABLESPACE "${database.name}"`)
  expect((await rewriting(1000)).results).toMatchObject([{ outcome: 'passed' }])
})
