import { beforeAll, describe, expect, test } from '@jest/globals'
import { type CheckFile, readCheckFile } from '../../src/checks/check-file.js'
import { type MeasuredFacts, runDeclaredChecks } from '../../src/checks/declared-checks.js'
import { loadParser, parseStatements } from '../../src/sql/parser.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

let database: TestDatabase

beforeAll(async () => {
  await loadParser()
  database = await createTestDatabase({
    sql: `CREATE TABLE t (id bigint PRIMARY KEY, "Name" text);
      INSERT INTO t VALUES (1, 'a'), (9007199254740993, 'b'), (3, NULL)`,
  })
})

function file(name: string, verdict: string, query: string, more = '', migration = 'm'): CheckFile {
  const text = `-- title: ${name}\n-- verdict: ${verdict}\n${more}${query}`
  const source = {
    id: `${migration}/before/${name}.sql`,
    file: `${name}.sql`,
    folderId: migration,
    migration,
    text,
  }
  const read = readCheckFile(source, parseStatements)
  if ('problem' in read) throw new Error(read.problem)
  return read
}

async function run(
  files: CheckFile[],
  measured: MeasuredFacts = new Map(),
  step: 'check' | 'verify' = 'check',
) {
  const client = await database.client()
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const findings = await runDeclaredChecks(files, [client], 'public', step, measured, () => undefined)
  await client.query('COMMIT')
  await client.end()
  return findings
}

const id = 'm/before/c.sql'

test('a query without a row passes', async () => {
  expect(await run([file('c', 'block', 'SELECT * FROM t WHERE id = 2')])).toEqual({
    results: [{ id, title: 'c', outcome: 'passed' }],
    findings: [],
  })
})

test('rows contradict the title: exact count, exact values, the query and the fix', async () => {
  const query = 'SELECT * FROM t WHERE id > 1 ORDER BY id DESC'
  const more = '-- hint: Look.\n-- fix: DELETE FROM t;\n'
  const { results, findings } = await run([file('c', 'block', query, more)])
  expect(results).toEqual([{ id, title: 'c', outcome: 'failed' }])
  expect(findings).toEqual([
    {
      code: 'declared-check',
      kind: 'custom',
      verdict: 'block',
      step: 'check',
      file: 'c.sql',
      object: id,
      migration: 'm',
      hint: 'Look.',
      fixSql: 'DELETE FROM t;',
      message: '2 rows contradict "c"',
      evidence: {
        count: 2,
        samples: [
          { id: '9007199254740993', Name: 'b' },
          { id: '3', Name: null },
        ],
      },
      findSql: query,
    },
  ])
})

test('one row is one row, and a warning is a warning', async () => {
  const { results, findings } = await run(
    [file('c', 'warn', 'SELECT id FROM t LIMIT 1')],
    new Map(),
    'verify',
  )
  expect(results).toEqual([{ id, title: 'c', outcome: 'warned' }])
  expect(findings).toMatchObject([{ verdict: 'warn', step: 'verify', message: '1 row contradicts "c"' }])
})

describe('a query may be written in any way', () => {
  test.each([
    'SELECT id FROM t;',
    'SELECT id FROM t -- all of them',
    'SELECT id FROM t /* all\n-- of them */;  -- really\n',
    'WITH x AS (SELECT id FROM t) SELECT id FROM x',
    'SELECT id FROM t ORDER BY "Name" DESC NULLS LAST LIMIT 3 OFFSET 0',
    'TABLE t',
    'VALUES (1), (2), (3)',
    'SELECT id FROM t WHERE id = 1 UNION ALL (SELECT id FROM t WHERE id > 1)',
    'SELECT FROM t',
    'SELECT t.id, s.id, t FROM t JOIN t s USING (id)',
    'SELECT id AS bad, 1 AS sample, 2 AS "?column?" FROM t AS bad',
    "SELECT '{\"a\": [1]}'::jsonb AS j, 'x'::bytea AS b, ARRAY[1, NULL] AS a, now() AS n FROM t",
  ])('%s', async (query) => {
    expect((await run([file('c', 'block', query)])).findings).toMatchObject([{ evidence: { count: 3 } }])
  })
})

describe('info reads facts', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'SELECT count(*) AS row_count, max(id) AS "Last", NULL AS none FROM t -- facts',
      {
        row_count: '3',
        Last: '9007199254740993',
        none: null,
      },
    ],
    ['SELECT id FROM t ORDER BY id LIMIT 2', { rows: [{ id: '1' }, { id: '3' }] }],
    ['SELECT id FROM t WHERE false', { rows: [] }],
    // A column called like our own alias.
    ["SELECT 1 AS fact, 'x' AS key", { fact: '1', key: 'x' }],
  ])('%s', async (query, facts) => {
    expect(await run([file('c', 'info', query)])).toEqual({
      results: [{ id, title: 'c', outcome: 'info', facts }],
      findings: [],
    })
  })
})

describe('equals', () => {
  const recount = (verdict = 'block') =>
    file('c', verdict, 'SELECT count(*) AS row_count FROM t', '-- equals: before/n.sql\n')
  const counted = (row_count: string) => new Map([['m/before/n.sql', { row_count }]])

  test('the same as before passes', async () => {
    expect(await run([recount()], counted('3'), 'verify')).toEqual({
      results: [{ id, title: 'c', outcome: 'passed', facts: { row_count: '3' } }],
      findings: [],
    })
  })

  test.each([
    ['block', 'failed', 'block'],
    ['warn', 'warned', 'warn'],
    ['info', 'warned', 'warn'],
  ])('another than before, by a check that says %s', async (says, outcome, verdict) => {
    const { results, findings } = await run([recount(says)], counted('4'), 'verify')
    expect(results).toEqual([{ id, title: 'c', outcome, facts: { row_count: '3' } }])
    expect(findings).toEqual([
      {
        code: 'declared-check',
        kind: 'custom',
        verdict,
        step: 'verify',
        file: 'c.sql',
        object: id,
        migration: 'm',
        message: 'c: before row_count 4, now row_count 3',
      },
    ])
  })

  test('rows are shown as rows', async () => {
    const measured = new Map([['m/before/n.sql', { rows: [{ id: '1' }] }]])
    const { findings } = await run([recount()], measured, 'verify')
    expect(findings[0]?.message).toBe('c: before rows [{"id":"1"}], now row_count 3')
  })

  test('without an earlier result it is not made, and not passed', async () => {
    expect(await run([recount()], new Map(), 'verify')).toEqual({
      results: [
        {
          id,
          title: 'c',
          outcome: 'not-made',
          note: 'there is no result of m/before/n.sql to compare with',
        },
      ],
      findings: [],
    })
  })
})

const missing = 'SELECT * FROM gone'
const note = 'relation "gone" does not exist'

test('what is missing is unknown, unless a check of the migration has said so already', async () => {
  expect(await run([file('c', 'warn', missing), file('d', 'info', 'SELECT nix FROM t')])).toEqual({
    results: [
      { id, title: 'c', outcome: 'unknown', note },
      { id: 'm/before/d.sql', title: 'd', outcome: 'unknown', note: 'column "nix" does not exist' },
    ],
    findings: ['c', 'd'].map((name) => ({
      code: 'check-not-answered',
      kind: 'health',
      verdict: 'unknown',
      step: 'check',
      file: `${name}.sql`,
      object: `m/before/${name}.sql`,
      migration: 'm',
      message: `"${name}" could not be answered: ${name === 'c' ? note : 'column "nix" does not exist'}`,
      hint: 'Mend the cause and run the command again; a question without an answer counts as a failure.',
    })),
  })
  const blocker = file('b', 'block', 'SELECT 1')
  const { results, findings } = await run([blocker, file('c', 'block', missing)])
  expect(results[1]).toEqual({ id, title: 'c', outcome: 'not-made', note })
  expect(findings).toHaveLength(1)
})

test('the blocker of another migration, a warning, or another error explains nothing', async () => {
  const outcomes = async (...files: CheckFile[]) => (await run(files)).results.map(({ outcome }) => outcome)
  const blocker = (migration: string) => file('b', 'block', 'SELECT 1', '', migration)
  expect(await outcomes(blocker('other'), file('c', 'block', missing))).toEqual(['failed', 'unknown'])
  expect(await outcomes(file('b', 'warn', 'SELECT 1'), file('c', 'block', missing))).toEqual([
    'warned',
    'unknown',
  ])
  expect(await outcomes(blocker('m'), file('c', 'block', 'SELECT 1 / 0'))).toEqual(['failed', 'unknown'])
})

describe('a check that would write is refused by the server and is unknown', () => {
  test.each([
    ["SELECT nextval('s')", 'cannot execute nextval() in a read-only transaction'],
    ['SELECT * FROM t FOR UPDATE', 'cannot execute SELECT FOR UPDATE in a read-only transaction'],
    ['SELECT writes()', 'cannot execute INSERT in a read-only transaction'],
    [
      'WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x',
      'WITH clause containing a data-modifying statement must be at the top level',
    ],
    [
      "SELECT set_config('transaction_read_only', 'off', false)",
      'cannot set transaction read-write mode inside a read-only transaction',
    ],
  ])('%s', async (query, message) => {
    await database.query(`CREATE SEQUENCE IF NOT EXISTS s; CREATE OR REPLACE FUNCTION writes() RETURNS void LANGUAGE sql
      AS 'INSERT INTO t VALUES (99)'`)
    const { results, findings } = await run([file('c', 'info', query), file('d', 'info', 'SELECT 1 AS one')])
    expect(findings).toMatchObject([
      { code: 'check-not-answered', verdict: 'unknown', message: `"c" could not be answered: ${message}` },
    ])
    // The next one is asked all the same.
    expect(results[1]).toMatchObject({ outcome: 'info', facts: { one: '1' } })
    expect(await database.query('SELECT count(*)::int AS rows FROM t')).toEqual([{ rows: 3 }])
  })
})
