import { expect, test } from '@jest/globals'
import type { PendingMigration } from '../../../src/domain/migration.js'
import { formatFullMigration } from '../../../src/report/plan-text.js'
import { dataChangesOf } from '../../../src/sql/data-changes.js'
import { executionModelOf } from '../../../src/sql/execution-model.js'
import type { ScriptEngine } from '../../../src/sql/script-engine.js'
import { parse } from '../../support/parse.js'

function format(sql: string, engine: ScriptEngine = 'hosted'): string {
  const statements = parse(sql)
  const migration: PendingMigration = {
    name: 'm',
    file: 'm/migration.sql',
    directory: '/m',
    checksum: 'c',
    statements,
    execution: executionModelOf(statements, engine),
    dataChanges: dataChangesOf(statements),
  }
  return formatFullMigration(migration).join('\n')
}

test('a file that is all or nothing shows its statements and what they do to the data', () => {
  expect(
    format("-- DropColumn\nALTER TABLE t DROP a;\n\n\n\n\n\n\n\nUPDATE t SET b = 'secret'"),
  ).toBe(`  m: 2 statements, all-or-nothing
    line 2   ALTER TABLE t DROP a
    line 10  UPDATE t SET b
    drops data, line 2: DROP COLUMN t.a
    rewrites data, line 10: UPDATE t`)
})

test('locks that are taken up front stand under the migration, with why', () => {
  const statements = parse('SELECT 1;\nDROP TABLE orders;\nALTER TABLE customers ADD x int;')
  const migration: PendingMigration = {
    name: 'm',
    file: 'm/migration.sql',
    directory: '/m',
    checksum: 'c',
    statements,
    execution: { mode: 'all-or-nothing' },
    dataChanges: [],
    lockFirst: [
      {
        beforeStatement: 1,
        tables: [
          { schema: 'public', name: 'customers', mode: 'ACCESS EXCLUSIVE' },
          { schema: 'public', name: 'orders', mode: 'ACCESS EXCLUSIVE' },
          { schema: 'audit', name: 'log\u001b[2J', mode: 'SHARE' },
        ],
      },
      {
        beforeStatement: 2,
        tables: Array.from({ length: 9 }, (_, i) => ({
          schema: 'public',
          name: `t${i + 1}`,
          mode: 'SHARE' as const,
        })),
      },
    ],
  }
  const lines = formatFullMigration(migration).slice(1, 4)
  expect(lines).toEqual([
    '    takes first, in this order: ACCESS EXCLUSIVE on customers, orders, SHARE on audit.log',
    '    takes before line 2, in this order: SHARE on t1, t2, t3, t4, t5, t6, t7, t8, … and 1 more table',
    '      within one lock time-out and a parent before its children, as applications write: no deadlock with them half-way',
  ])
  expect(formatFullMigration({ ...migration, lockFirst: [] }).join('\n')).not.toContain('takes')
})

const halfWay = `CREATE TABLE x ();
ALTER TABLE t DROP y;
CREATE INDEX CONCURRENTLY i ON t (a);`

test('a file that can stop half-way says where and what is then left', () => {
  expect(format(halfWay)).toBe(`  m: 3 statements, statement-by-statement
    line 3: CREATE INDEX CONCURRENTLY cannot run in a transaction
    line 1  CREATE TABLE x
    line 2  ALTER TABLE t DROP y
    line 3  CREATE INDEX CONCURRENTLY i ON t
    if statement 2 (line 2) fails, statement 1 stays: table x created
    if statement 3 (line 3) fails, statements 1–2 stay: table x created, column t.y dropped; and it leaves index i, which is not valid
    drops data, line 2: DROP COLUMN t.y`)
})

test.each<[string, string, ScriptEngine, string[]]>([
  ['one query is one transaction', halfWay.split('\n').slice(0, 2).join('\n'), 'one-query', []],
  [
    'split, each statement stays',
    'CREATE TABLE a ();\nSET lock_timeout = 0;\nCREATE TABLE b ();',
    'split',
    [
      "Prisma's own engine commits each statement by itself",
      'if statement 2 (line 2) fails, statement 1 stays: table a created',
      'if statement 3 (line 3) fails, statements 1–2 stay: table a created',
    ],
  ],
  [
    'one query with a COMMIT in it has two transactions',
    'CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();\nCREATE TABLE c ();',
    'one-query',
    [
      'line 2: the file controls its transactions itself',
      'if one of statements 3–4 (from line 3) fails, statements 1–2 stay: table a created',
    ],
  ],
  [
    'a block is kept or not as a whole',
    'CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nCREATE TABLE c ();\nCOMMIT;\nVACUUM a;',
    'hosted',
    [
      'line 2: the file controls its transactions itself',
      'if one of statements 2–5 (from line 2) fails, statement 1 stays: table a created',
      'if statement 6 (line 6) fails, statements 1–5 stay: table a created, table b created, table c created',
    ],
  ],
  [
    'a single statement that leaves nothing',
    'VACUUM t',
    'hosted',
    ['line 1: VACUUM cannot run in a transaction'],
  ],
  [
    'an index that may stay behind',
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    'split',
    [
      'line 1: CREATE INDEX CONCURRENTLY cannot run in a transaction',
      'if statement 1 (line 1) fails, it leaves index i, which is not valid',
    ],
  ],
])('%s', (_, sql, engine, lines) => {
  const said = format(sql, engine)
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
  expect(said.filter((line) => !/^line \d+ {2}|data, line/.test(line))).toEqual(lines)
})

test('many places to stop are told together', () => {
  const tables = Array.from({ length: 12 }, (_, at) => `CREATE TABLE t${at} ();`)
  const sql = [...tables, 'CREATE INDEX CONCURRENTLY i ON t0 (a);', 'DROP TABLE t1;'].join('\n')
  expect(format(sql).split('\n').slice(16)).toEqual([
    '    it can stop at 13 places; what came before stays:',
    ...Array.from({ length: 8 }, (_, at) => `      line ${at + 1}: table t${at} created`),
    '      … and 5 more',
    '    if line 13 fails, it leaves index i, which is not valid',
  ])
})

test('a long file is cut, and says so', () => {
  const sql = Array(50).fill('SELECT 1;').join('\n')
  const lines = format(sql).split('\n')
  expect(lines).toHaveLength(42)
  expect(lines.at(-1)).toBe('    … and 10 more statements; --json lists all of them')
})
