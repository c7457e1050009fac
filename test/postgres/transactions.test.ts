import { afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { runScript } from '../../src/prisma/engine-host/run-script.js'
import { executionModelOf, openTransaction, walkFile } from '../../src/sql/execution-model.js'
import type { ScriptEngine } from '../../src/sql/script-engine.js'
import { refusedOutsideTransaction } from '../../src/sql/transaction-rules.js'
import { findExecutionProblems } from '../../src/steps/execution-findings.js'
import { isLong } from '../support/long.js'
import { parse } from '../support/parse.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterEach(async () => {
  await database.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
})

const engines: ScriptEngine[] = ['hosted', 'one-query', 'split']

/** Hands a file to the server as the engine does. Gives the SQLSTATE of a failure. */
async function run(sql: string, engine: ScriptEngine): Promise<string | undefined> {
  const client = await database.client()
  try {
    if (engine === 'hosted')
      await runScript(client, sql, { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined })
    else if (engine === 'one-query') await client.query(sql)
    else for (const statement of parse(sql)) await client.query(statement.sql)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  } finally {
    await client.end()
  }
}

async function tables(): Promise<string[]> {
  const rows = await database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
  return rows.map(({ tablename }) => tablename)
}

/** Where a file fails: at the division by zero, or at a command that is refused outside a transaction block. */
function failingStatement(sql: string, engine: ScriptEngine): number {
  const statements = parse(sql)
  const { around } = walkFile(statements, engine)
  const isAllOrNothing = executionModelOf(statements, engine).mode === 'all-or-nothing'
  const at = statements.findIndex((statement, index) => {
    const refused = refusedOutsideTransaction(statement, around[index] ?? 'nothing')
    return statement.sql === 'SELECT 1/0' || (refused && !(engine === 'hosted' && isAllOrNothing))
  })
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1
}

/** The tables that the model says are left when the file runs as far as it does. */
function expectedTables(sql: string, engine: ScriptEngine): string[] {
  const failing = failingStatement(sql, engine)
  const statements = parse(sql)
  const { mode } = executionModelOf(statements, engine)
  if (mode === 'all-or-nothing' && failing < Number.POSITIVE_INFINITY) return []
  return walkFile(statements, engine)
    .transactions.filter(({ last }) => last < failing)
    .flatMap(({ leaves }) => leaves.map((effect) => /^table (\w+) created$/.exec(effect)?.[1] ?? effect))
    .sort()
}

describe('what is left behind is what the server keeps', () => {
  const table = fc.constant('table')
  const inBlock = fc.array(
    fc.oneof(
      table,
      fc.constant('SELECT 1'),
      fc.constantFrom(['SAVEPOINT s', 'table', 'ROLLBACK TO s', 'table']),
    ),
    { maxLength: 3 },
  )
  const block = fc
    .tuple(
      fc.constantFrom('BEGIN', 'START TRANSACTION'),
      inBlock,
      inBlock,
      fc.constantFrom('COMMIT', 'ROLLBACK'),
    )
    .chain(([begin, one, other, end]) =>
      fc.constantFrom([begin, ...one, end], [begin, ...one, `${end} AND CHAIN`, ...other, 'COMMIT']),
    )
  const outside = fc.constantFrom(
    'COMMIT',
    'ROLLBACK',
    'SAVEPOINT s',
    'COMMIT AND CHAIN',
    'SET lock_timeout = 0',
  )
  const file = fc
    .tuple(
      fc.array(fc.oneof({ weight: 3, arbitrary: table }, { weight: 2, arbitrary: block }, outside), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.double({ min: 0, max: 1.5, noNaN: true }),
    )
    .map(([parts, failAt]) => {
      const statements = (parts as unknown[]).flat(3) as string[]
      // Beyond the end: a file that does not fail.
      statements.splice(
        Math.floor(failAt * statements.length),
        failAt > 1 ? 0 : 0,
        ...(failAt > 1 ? [] : ['SELECT 1/0']),
      )
      return statements.map((sql, at) => (sql === 'table' ? `CREATE TABLE t${at} ()` : sql)).join(';\n')
    })

  test('a savepoint outside a transaction fails, and what is committed before it stays', async () => {
    const sql = 'CREATE TABLE t0 ();\nSAVEPOINT s'
    expect(await run(sql, 'split')).toBe('25P01')
    expect(await tables()).toEqual(['t0'])
    expect(expectedTables(sql, 'split')).toEqual(['t0'])
  })

  test.each(engines)('%s', async (engine) => {
    await fc.assert(
      fc.asyncProperty(file, async (sql) => {
        // Such a file is a finding of its own, and our engine runs nothing of it.
        fc.pre(openTransaction(parse(sql)) === undefined)
        await database.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
        const sqlstate = await run(sql, engine)
        expect({ tables: await tables(), fails: sqlstate !== undefined }).toEqual({
          tables: expectedTables(sql, engine),
          fails: failingStatement(sql, engine) < Number.POSITIVE_INFINITY,
        })
      }),
      { numRuns: isLong ? 500 : 40 },
    )
  })
})

const setUp = `CREATE TABLE t (a int); CREATE INDEX i ON t(a); CREATE TABLE p (a int) PARTITION BY LIST (a);
  CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`

describe('what a transaction, or the want of one, makes fail', () => {
  const folder = { name: 'm', file: 'm/migration.sql', directory: '/m' }
  const problems = (sql: string, engine: ScriptEngine) =>
    findExecutionProblems(folder, parse(sql), engine)
      .filter(({ verdict }) => verdict === 'block')
      .map(({ line, message }) => `${line}: ${/SQLSTATE (\w+)/.exec(message)?.[1]}`)

  test.each<[string, Record<ScriptEngine, string | undefined>]>([
    ['CREATE INDEX CONCURRENTLY j ON t(a)', { hosted: undefined, 'one-query': undefined, split: undefined }],
    [
      'SET lock_timeout = 0;\nCREATE INDEX CONCURRENTLY j ON t(a)',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    [
      'BEGIN;\nCREATE INDEX CONCURRENTLY j ON t(a);\nCOMMIT',
      { hosted: '2: 25001', 'one-query': '2: 25001', split: '2: 25001' },
    ],
    [
      'CREATE TABLE u ();\nDROP INDEX CONCURRENTLY i',
      { hosted: undefined, 'one-query': '2: 25001', split: '2: 25001' },
    ],
    [
      'CREATE TABLE u ();\nREINDEX TABLE CONCURRENTLY t',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    ['SELECT 1;\nREINDEX SCHEMA public', { hosted: undefined, 'one-query': '2: 25001', split: undefined }],
    [
      'SELECT 1;\nALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    ['SELECT 1;\nVACUUM t', { hosted: undefined, 'one-query': '2: 25001', split: undefined }],
    ['SELECT 1;\nCLUSTER', { hosted: undefined, 'one-query': '2: 25001', split: undefined }],
    ['SELECT 1;\nDISCARD ALL', { hosted: undefined, 'one-query': '2: 25001', split: undefined }],
    [
      'SELECT 1;\nALTER SYSTEM RESET work_mem',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    [
      'SELECT 1;\nCREATE DATABASE never_made',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    [
      'SELECT 1;\nDROP DATABASE IF EXISTS never_made',
      { hosted: undefined, 'one-query': '2: 25001', split: undefined },
    ],
    ['VACUUM t', { hosted: undefined, 'one-query': undefined, split: undefined }],
    ['SELECT 1;\nANALYZE t', { hosted: undefined, 'one-query': undefined, split: undefined }],
    ['LOCK TABLE t;\nSELECT 1', { hosted: undefined, 'one-query': undefined, split: '1: 25P01' }],
    ['LOCK TABLE t', { hosted: undefined, 'one-query': '1: 25P01', split: '1: 25P01' }],
    ['LOCK TABLE t;\nVACUUM t', { hosted: '1: 25P01', 'one-query': '2: 25001', split: '1: 25P01' }],
    ['SAVEPOINT s;\nSELECT 1;\nRELEASE s', { hosted: undefined, 'one-query': '1: 25P01', split: '1: 25P01' }],
    [
      'DECLARE c CURSOR FOR SELECT 1;\nFETCH c',
      { hosted: undefined, 'one-query': undefined, split: '1: 25P01' },
    ],
    [
      'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
      { hosted: undefined, 'one-query': undefined, split: undefined },
    ],
    [
      'SELECT 1;\nCOMMIT AND CHAIN;\nCOMMIT',
      { hosted: '2: 25P01', 'one-query': '2: 25P01', split: '2: 25P01' },
    ],
  ])('%s', async (sql, expected) => {
    for (const engine of engines) {
      await database.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
      await database.query('DROP DATABASE IF EXISTS never_made')
      await database.query(setUp)
      // Where its parser cannot read the file, Prisma's engine sends one query after all.
      const asSent = engine === 'split' && /DROP INDEX CONCURRENTLY/.test(sql) ? 'one-query' : engine
      const said = { engine, first: problems(sql, engine)[0], sqlstate: await run(sql, asSent) }
      expect(said).toEqual({ engine, first: expected[engine], sqlstate: expected[engine]?.slice(3) })
    }
    await database.query('DROP DATABASE IF EXISTS never_made')
  })

  test('SET LOCAL that is lost is a warning, and only then', async () => {
    const lost = (sql: string, engine: ScriptEngine) =>
      findExecutionProblems(folder, parse(sql), engine).map(({ code, verdict, line }) => [
        code,
        verdict,
        line,
      ])
    const sql = "SET LOCAL lock_timeout = '1s';\nALTER TABLE t ADD b int"
    expect(lost(sql, 'split')).toEqual([['local-setting-lost', 'warn', 1]])
    expect(lost(sql, 'one-query')).toEqual([])
    expect(lost(sql, 'hosted')).toEqual([])
    expect(lost(`BEGIN;\n${sql};\nCOMMIT`, 'split')).toEqual([])
    expect(lost(`${sql};\nVACUUM t`, 'hosted')).toEqual([['local-setting-lost', 'warn', 1]])
    const level = 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nUPDATE t SET id = 1'
    expect(lost(level, 'split')).toEqual([['local-setting-lost', 'warn', 1]])
    expect(lost(level, 'hosted')).toEqual([])
    expect(lost(`${level};\nVACUUM t`, 'hosted')).toEqual([['local-setting-lost', 'warn', 1]])
    const client = await database.client()
    await client.query("SET LOCAL lock_timeout = '1s'")
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
    const [, , shown] = (await client.query(
      "SET LOCAL lock_timeout = '1s'; SELECT 1; SHOW lock_timeout",
    )) as unknown as { rows: object[] }[]
    expect(shown?.rows).toEqual([{ lock_timeout: '1s' }])
  })

  test("whether Prisma's parser reads a file is said to be unknown where it is", () => {
    const sql = 'DO $$ BEGIN NULL; END $$;\nCREATE INDEX CONCURRENTLY j ON t(a);\nVACUUM t'
    expect(findExecutionProblems(folder, parse(sql), 'split')).toMatchObject([
      {
        code: 'cannot-run-in-transaction',
        verdict: 'unknown',
        line: 2,
        message: expect.stringContaining('line 1 may'),
      },
      { code: 'cannot-run-in-transaction', verdict: 'unknown', line: 3 },
    ])
    const plain =
      'ALTER TABLE t ADD b int;\nCREATE INDEX CONCURRENTLY j ON t(b);\nCREATE INDEX CONCURRENTLY k ON t(a)'
    expect(findExecutionProblems(folder, parse(plain), 'split')).toEqual([])
  })
})

describe('what a command leaves although it fails', () => {
  test('an index that is not valid', async () => {
    await database.query('CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)')
    const sql = 'ALTER TABLE t ADD b int;\nCREATE UNIQUE INDEX CONCURRENTLY j ON t(a)'
    const { transactions } = executionModelOf(parse(sql))
    expect(transactions).toEqual([
      { first: 1, last: 1, line: 1, leaves: ['column t.b added'] },
      {
        first: 2,
        last: 2,
        line: 2,
        leaves: ['index j created'],
        leftByFailure: 'index j, which is not valid',
      },
    ])
    expect(await run(sql, 'hosted')).toBe('23505')
    expect(await database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'j'::regclass")).toEqual([
      { indisvalid: false },
    ])
  })

  test('what a block had committed by then', async () => {
    const sql = "DO $$ BEGIN CREATE TABLE t (); COMMIT; RAISE 'no'; END $$"
    expect(executionModelOf(parse(sql)).transactions).toEqual([
      {
        first: 1,
        last: 1,
        line: 1,
        leaves: ['whatever the DO block did'],
        leftByFailure: 'what it had committed by then',
      },
    ])
    expect(await run(sql, 'hosted')).toBe('P0001')
    expect(await tables()).toEqual(['t'])
  })
})
