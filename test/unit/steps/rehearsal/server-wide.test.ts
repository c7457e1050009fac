import { expect, test } from '@jest/globals'
import type { Plan } from '../../../../src/domain/plan.js'
import { assertStaysInside } from '../../../../src/steps/rehearsal/server-wide.js'
import { parse } from '../../../support/parse.js'

function planOf(sql: string): Plan {
  return { pending: [{ file: 'migration.sql', statements: parse(sql) }] } as unknown as Plan
}

test.each([
  'ALTER DATABASE shop SET work_mem = 1',
  'ALTER DATABASE shop OWNER TO a',
  'ALTER DATABASE shop RENAME TO other',
  'COMMENT ON DATABASE shop IS NULL',
  'GRANT CONNECT ON DATABASE shop TO a',
  'CREATE DATABASE other',
  'DROP DATABASE other',
  'CREATE ROLE a',
  'ALTER ROLE a SUPERUSER',
  'ALTER ROLE a SET work_mem = 1',
  'DROP ROLE a',
  'GRANT a TO b',
  'ALTER SYSTEM SET work_mem = 1',
  "CREATE TABLESPACE t LOCATION '/x'",
  'DROP TABLESPACE t',
  'REASSIGN OWNED BY a TO b',
])('%s is rehearsed on a server of our own only', (sql) => {
  const plan = planOf(`SELECT 1;\n${sql};`)
  expect(() => assertStaysInside(plan, 'same-server')).toThrow(
    'migration.sql, line 2, acts on the whole server, which a copy there could not hold',
  )
  expect(() => assertStaysInside(plan, 'url')).toThrow('acts on the whole server')
  expect(() => assertStaysInside(plan, 'local')).not.toThrow()
})

test('what stays in the database is rehearsed anywhere', () => {
  const plan = planOf(
    'GRANT SELECT ON t TO a; CREATE SCHEMA s; ALTER TABLE t OWNER TO a; COMMENT ON TABLE t IS NULL',
  )
  expect(() => assertStaysInside(plan, 'same-server')).not.toThrow()
})
