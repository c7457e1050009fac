import { beforeAll, describe, expect, test } from '@jest/globals'
import { type CheckFile, readCheckFile } from '../../src/checks/check-file.js'
import { runDeclaredChecks } from '../../src/checks/declared-checks.js'
import type { MeasuredFacts } from '../../src/checks/facts.js'
import { gate } from '../../src/checks/harmless/gate.js'
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
  { timeoutMs = 60_000, showValues = true } = {},
) {
  const client = await database.client()
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const judge = (await gate([client])).judgeIn(['public'])
  const context = { step, schema: 'public', timeoutMs, measured, judge, showValues } as const
  const findings = await runDeclaredChecks(files, [client], context, () => undefined)
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
      hint: 'Fix the cause and run the command again; a question without an answer counts as a failure.',
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
    expect(findings.filter(({ code }) => code !== 'check-may-act')).toMatchObject([
      { code: 'check-not-answered', verdict: 'unknown', message: `"c" could not be answered: ${message}` },
    ])
    // The next one is asked all the same.
    expect(results[1]).toMatchObject({ outcome: 'info', facts: { one: '1' } })
    expect(await database.query('SELECT count(*)::int AS rows FROM t')).toEqual([{ rows: 3 }])
  })
})

describe('a check that may do more than ask is asked, and warned of by the name of what it calls', () => {
  beforeAll(async () => {
    await database.query(`
      CREATE FUNCTION kick() RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT pg_terminate_backend(0)';
      CREATE FUNCTION deep(v bigint) RETURNS bool LANGUAGE plpgsql STABLE AS 'BEGIN RETURN v > 0 AND kick(); END';
      CREATE FUNCTION run(what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE what; END';
      CREATE FUNCTION is_near(int, int) RETURNS bool LANGUAGE sql AS 'SELECT kick()';
      CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = is_near);
      CREATE VIEW kicking AS SELECT id, kick() AS kicked FROM t;
      CREATE FUNCTION only_asks(v bigint) RETURNS text LANGUAGE sql AS 'SELECT upper("Name") FROM t WHERE id = v'`)
  })

  test.each([
    ['SELECT pg_advisory_lock(7)', 'function pg_advisory_lock may act'],
    ["SELECT set_config('work_mem', '8MB', false)", 'function set_config may act'],
    ['SELECT 1 WHERE pg_terminate_backend(0)', 'function pg_terminate_backend may act'],
    ['SELECT pg_sleep(0)', 'function pg_sleep may act'],
    ["SELECT pg_notify('a', 'b')", 'function pg_notify may act'],
    ['SELECT id FROM t WHERE deep(id)', 'function public.kick() calls it'],
    ['SELECT 1 WHERE 1 ~~~~ 2', 'function public.kick() calls it'],
    ['SELECT id FROM kicking', 'function public.kick() calls it'],
    ["SELECT run('SET role TO pg_monitor')", 'function public.run(what text)'],
  ])('%s', async (query, named) => {
    const { findings } = await run([file('c', 'block', query, '', 'm')], new Map(), 'verify')
    const warned = findings.filter(({ code }) => code === 'check-may-act')
    expect(warned).toMatchObject([{ verdict: 'warn', step: 'verify', file: 'c.sql', object: id }])
    expect(warned[0]?.message).toContain('"c" was asked, and may have done more than ask: ')
    expect(warned[0]?.message).toContain(named)
    expect(warned[0]?.message).not.toContain('check calls only')
  })

  test.each([
    'SELECT count(*) FROM t JOIN t s USING (id) WHERE lower(t."Name") ~ \'x\'',
    "SELECT only_asks(id), now(), random(), pg_relation_size('t') FROM t",
    "SELECT pid FROM pg_stat_activity WHERE state = 'active'",
    'SELECT relname, reltuples FROM pg_class ORDER BY 1',
    'SELECT table_name FROM information_schema.columns',
    'SELECT jsonb_build_object(\'a\', "Name") -> \'a\', string_agg("Name", \', \') FROM t GROUP BY "Name"',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r',
  ])('no word about %s', async (query) => {
    const { findings } = await run([file('c', 'info', query)])
    expect(findings).toEqual([])
  })

  test('a check that is not made is not warned of', async () => {
    const never = file('c', 'info', 'SELECT pg_sleep(0)', '-- equals: before/n.sql\n')
    expect((await run([never])).findings).toEqual([])
  })
})

test('a check that takes longer than its time is unknown, and the next one has its own', async () => {
  const slow = file('c', 'block', 'SELECT FROM generate_series(1, 20000000)')
  const quick = file('d', 'info', "SELECT current_setting('statement_timeout') AS now")
  const { results, findings } = await run([slow, quick], new Map(), 'verify', { timeoutMs: 300 })
  expect(results.map(({ outcome }) => outcome)).toEqual(['unknown', 'info'])
  expect(findings).toMatchObject([
    {
      code: 'check-not-answered',
      message: '"c" could not be answered: canceling statement due to statement timeout',
      hint: expect.stringContaining('--question-timeout'),
    },
  ])
  expect(results[1]?.facts).toEqual({ now: '300ms' })
})

describe('what comes back is bounded, and what was cut says so', () => {
  const cutOf = (value: unknown) => String(value).slice(2_000)

  test('a fact of many rows: the first 1,000, the exact number, and a hash of all', async () => {
    const numbers = (last: number) =>
      `SELECT n, CASE n WHEN 5000 THEN ${last} END AS more FROM generate_series(1, 5000) n`
    const ask = (last: number) => file('n', 'info', numbers(last))
    const { results } = await run([ask(1)])
    const { facts, note } = results[0] ?? {}
    expect(facts).toMatchObject({ rowCount: '5000', sha256: expect.stringMatching(/^[\da-f]{64}$/) })
    expect(facts?.rows).toHaveLength(1_000)
    expect(note).toBe('only the first 1,000 of 5,000 rows are kept, and a hash of all of them')

    const measured = new Map([['m/before/n.sql', facts ?? {}]])
    const again = (last: number) => file('c', 'block', numbers(last), '-- equals: before/n.sql\n')
    expect((await run([again(1)], measured, 'verify')).results).toMatchObject([{ outcome: 'passed' }])
    // Only a row that was not kept is another one.
    const { findings } = await run([again(2)], measured, 'verify')
    expect(findings).toMatchObject([{ code: 'declared-check', verdict: 'block' }])
    expect(findings[0]?.message.length).toBeLessThan(5_000)
  })

  test('a fact of long rows: not more than 10 MB', async () => {
    const wide = Array.from({ length: 50 }, (_, i) => `repeat('x', 1900) AS c${i}`).join(', ')
    const { results } = await run([file('c', 'info', `SELECT n, ${wide} FROM generate_series(1, 200) n`)])
    const { rows, rowCount } = (results[0]?.facts ?? {}) as { rows: unknown[]; rowCount: string }
    expect(rowCount).toBe('200')
    expect(rows.length).toBeGreaterThan(90)
    expect(JSON.stringify(rows).length).toBeLessThan(10 * 1024 * 1024 + 1)
  })

  test('a long value is cut by the server, and two are equal only when they are so to the end', async () => {
    const long = (end: string) => `SELECT repeat('ä', 3000000) || '${end}' AS v, NULL AS none`
    const { results } = await run([file('n', 'info', long('1'))])
    expect(cutOf(results[0]?.facts?.v)).toMatch(
      /^\.\.\. \(cut: the value has 3000001 characters, sha256 [\da-f]{64}\)$/,
    )
    const measured = new Map([['m/before/n.sql', results[0]?.facts ?? {}]])
    const again = (end: string) => file('c', 'block', long(end), '-- equals: before/n.sql\n')
    expect((await run([again('1')], measured)).results).toMatchObject([{ outcome: 'passed' }])
    expect((await run([again('2')], measured)).results).toMatchObject([{ outcome: 'failed' }])
  })

  test('the rows that contradict are counted exactly, and their samples are cut', async () => {
    const query = "SELECT n, repeat('x', 100000) AS v FROM generate_series(1, 4321) n"
    const { findings } = await run([file('c', 'block', query)])
    expect(findings[0]?.evidence?.count).toBe(4321)
    expect(findings[0]?.evidence?.samples).toHaveLength(5)
    expect(cutOf(findings[0]?.evidence?.samples[0]?.v)).toContain('(cut: the value has 100000 characters')
  })

  test('so is a value that the server puts into the message of an error', async () => {
    const { results, findings } = await run([file('c', 'block', "SELECT repeat('x', 3000000)::int")])
    for (const text of [results[0]?.note, findings[0]?.message]) {
      expect(text?.length).toBeLessThan(2_200)
      expect(text).toContain('invalid input syntax for type integer: "xxx')
      expect(text).toContain('(cut: 3,000,041 characters)')
    }
  })
})

describe('a check does not change the session of those after it', () => {
  const session = () =>
    file(
      'd',
      'info',
      `SELECT current_user AS user, current_setting('search_path') AS path, current_setting('work_mem') AS memory,
            current_setting('statement_timeout') AS time, COALESCE(current_setting('mine.own', true), '') AS own, to_regclass('pg_temp.t') AS hiding,
            (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS locks`,
    )

  beforeAll(async () => {
    await database.query(
      `CREATE OR REPLACE FUNCTION run(what text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE what; END'`,
    )
  })

  test.each([
    "SELECT set_config('role', 'pg_monitor', false)",
    "SELECT set_config('role', 'pg_monitor', true)",
    "SELECT set_config('search_path', 'pg_temp', false)",
    "SELECT set_config('statement_timeout', '0', false), set_config('work_mem', '1GB', false)",
    "SELECT set_config('mine.own', 'yes', false)",
    "SELECT run('SET role TO pg_monitor')",
    "SELECT run('SET SESSION AUTHORIZATION pg_monitor')",
    "SELECT run('SET search_path TO pg_temp')",
    "SELECT run('CREATE TEMP TABLE t (id int)')",
    "SELECT run('RESET ALL')",
    'SELECT pg_advisory_lock(7), pg_advisory_lock(1, 2), pg_advisory_lock_shared(8)',
    'SELECT pg_advisory_lock(7), 1 / (id - 3) FROM t',
  ])('%s', async (query) => {
    const { results, findings } = await run([file('c', 'block', query), session()])
    expect(results[1]?.facts).toEqual({
      user: 'postgres',
      path: 'public',
      memory: expect.any(String),
      time: '1min',
      own: '',
      hiding: null,
      locks: '0',
    })
    expect(results[1]?.facts?.memory).not.toBe('1GB')
    expect(findings).toContainEqual(expect.objectContaining({ code: 'check-may-act', object: id }))
  })
})

test('facts are told as numbers and hashes, unless values may be shown, and compared all the same', async () => {
  const query = "SELECT 1 AS n, 'anna@example.com' AS email, ARRAY['anna'] AS names"
  const hidden = { showValues: false }
  const { results } = await run([file('c', 'info', query)], new Map(), 'check', hidden)
  expect(results[0]?.facts?.n).toBe('1')
  expect(JSON.stringify(results)).not.toContain('anna')
  const known = new Map([['m/before/c.sql', results[0]?.facts ?? {}]])
  const again = (sql: string) =>
    run([{ ...file('d', 'block', sql), equals: 'm/before/c.sql' }], known, 'verify', hidden)
  expect((await again(query)).results[0]?.outcome).toBe('passed')
  const changed = await again(query.replace('anna@', 'eve@'))
  expect(changed.results[0]?.outcome).toBe('failed')
  expect(JSON.stringify(changed)).not.toMatch(/anna|eve/)
})
