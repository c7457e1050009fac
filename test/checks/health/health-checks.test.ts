import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Check } from '../../../src/checks/check.js'
import { generalChecks } from '../../../src/checks/general-checks.js'
import { healthChecks } from '../../../src/checks/health/health-checks.js'
import { healthPages } from '../../../src/checks/health/pages.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const sql = `
  CREATE TABLE orders (id serial PRIMARY KEY, note text COLLATE "C"); INSERT INTO orders (note) VALUES ('a'), ('b');
  CREATE TABLE notes (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY); CREATE PUBLICATION feed FOR ALL TABLES`

const concerned = {
  tables: [
    { schema: 'public', name: 'orders', strongestLock: 'ACCESS EXCLUSIVE' },
    { schema: 'public', name: 'notes', strongestLock: 'SHARE ROW EXCLUSIVE' },
    { schema: 'public', name: 'to come' },
  ],
  rewriteBytes: 1,
  rowTypes: [],
}

/** Asks, and then looks at what the session that asked holds and has done. */
async function sessionAfter(checks: readonly Check[], database: TestDatabase) {
  const seen: Record<string, unknown>[] = []
  const look: Check = {
    code: 'look',
    title: 'look',
    steps: ['check', 'verify'],
    find: async (reader) => {
      const { rows } = await reader.query(`
        SELECT l.locktype, l.mode, l.relation::regclass::text AS relation, pg_current_xact_id_if_assigned() AS written
          FROM pg_locks l WHERE l.pid = pg_backend_pid() ORDER BY 1, 2, 3`)
      seen.push(...rows)
      return []
    },
  }
  const asked = await ask([...checks, look], database, { concerned })
  return { asked, seen }
}

test('every check of health is among the general checks', () => {
  expect(generalChecks).toEqual(expect.arrayContaining([...healthChecks]))
})

test('all of them together take ACCESS SHARE and nothing else, and leave the database as it is', async () => {
  const database = await createTestDatabase({ sql })
  const state = () =>
    database.query(`
      SELECT (SELECT json_agg((last_value, is_called)) FROM orders_id_seq) AS sequence, (SELECT count(*) FROM orders) AS rows,
             (SELECT json_agg((relname, c.xmin::text, relfilenode) ORDER BY relname) FROM pg_class c) AS catalog,
             (SELECT json_agg((starelid, xmin::text)) FROM pg_statistic) AS statistics`)
  const before = await state()
  const { asked, seen } = await sessionAfter(healthChecks, database)
  expect(asked.results.map(({ outcome }) => outcome)).not.toContain('unknown')
  const relations = seen.filter(({ locktype }) => locktype === 'relation')
  // Those on the tables of the user are given back after each question.
  expect(relations.length).toBeGreaterThan(0)
  expect(relations.filter(({ mode }) => mode !== 'AccessShareLock')).toEqual([])
  // Beside them only the lock that every transaction has on itself.
  expect(seen.filter(({ locktype }) => locktype !== 'relation')).toEqual([
    expect.objectContaining({ locktype: 'virtualxid' }),
  ])
  expect(seen.map(({ written }) => written)).toEqual(seen.map(() => null))
  expect(await state()).toEqual(before)
})

test('a healthy database has no finding', async () => {
  const database = await createTestDatabase({ sql: sql.replace(/CREATE PUBLICATION.*/, '') })
  const { results, findings } = await ask(healthChecks, database, { concerned })
  expect(findings).toEqual([])
  expect(results.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id)).toEqual([
    'superuser-role',
  ])
})

test('an ordinary role gets an answer to each of them', async () => {
  const database = await createTestDatabase({ sql })
  const role = `${database.name}_role`
  await database.query(`CREATE ROLE "${role}"; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}";
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "${role}"`)
  const { results } = await ask(healthChecks, database, { concerned, role })
  expect(results.filter(({ outcome }) => outcome === 'unknown')).toEqual([])
})

test('health never says that a migration fails, even when it blocks', async () => {
  const database = await createTestDatabase({ sql })
  await database.query(`ALTER DATABASE "${database.name}" SET default_transaction_read_only = on`)
  const { findings } = await ask(healthChecks, database)
  expect(findings).toMatchObject([{ code: 'production-settings', verdict: 'block' }])
  expect(findings.every(({ kind }) => kind === 'health')).toBe(true)
})

test('every code has a page, and stands in the README', () => {
  const codes = [...healthChecks.map(({ code }) => code), 'idle-in-transaction', 'monitoring-not-granted']
  expect(healthPages.map(({ code }) => code).sort()).toEqual(codes.sort())
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([])
})
