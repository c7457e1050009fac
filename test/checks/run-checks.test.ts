import { expect, test } from '@jest/globals'
import type { Check } from '../../src/checks/check.js'
import { generalChecks } from '../../src/checks/general-checks.js'
import type { Finding } from '../../src/domain/finding.js'
import { ask } from '../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const steps = ['check', 'verify'] as const

function check(code: string, find: Check['find']): Check {
  return { code, title: `${code} is well`, steps, find }
}

function finding(verdict: Finding['verdict']): Finding {
  return { code: 'x', kind: 'health', verdict, step: 'check', message: 'x' }
}

test('a check that fails is unknown and does not end the others', async () => {
  const broken = check('broken', async (reader) => {
    await reader.query('SELECT 1 / 0')
    return []
  })
  const sound = check('sound', async (reader) => {
    await reader.query('SELECT 1')
    return []
  })
  expect(await ask([broken, sound], await createTestDatabase())).toEqual({
    results: [
      { id: 'broken', title: 'broken is well', outcome: 'unknown' },
      { id: 'sound', title: 'sound is well', outcome: 'passed' },
    ],
    findings: [
      {
        code: 'check-not-answered',
        kind: 'health',
        verdict: 'unknown',
        step: 'check',
        object: 'broken',
        message: '"broken is well" could not be answered: division by zero',
        hint: 'Fix the cause and run the command again; a question without an answer counts as a failure.',
      },
    ],
  })
})

test('the outcome is that of the worst finding', async () => {
  const database = await createTestDatabase()
  const outcomeOf = async (...verdicts: Finding['verdict'][]) =>
    (
      await ask(
        check('c', async () => verdicts.map(finding)),
        database,
      )
    ).results[0]?.outcome
  expect(await outcomeOf()).toBe('passed')
  expect(await outcomeOf('info')).toBe('passed')
  expect(await outcomeOf('info', 'warn')).toBe('warned')
  expect(await outcomeOf('warn', 'unknown')).toBe('unknown')
  expect(await outcomeOf('unknown', 'warn', 'block')).toBe('failed')
})

test('a check that would write is refused before the server hears of it', async () => {
  const database = await createTestDatabase({ sql: 'CREATE TABLE t (a int)' })
  const writes = check('writes', async (reader) => {
    await reader.query('INSERT INTO public.t VALUES (1)')
    return []
  })
  expect((await ask(writes, database)).findings[0]?.message).toBe(
    '"writes is well" could not be answered: it writes',
  )
})

const declared = `CREATE TABLE "p" ("id" INT); CREATE UNIQUE INDEX "p_id" ON "p"("id");
  ALTER TABLE "c" ADD CONSTRAINT "other" FOREIGN KEY ("q") REFERENCES "p"("id");`

async function locksDuring(checks: readonly Check[], database: TestDatabase): Promise<string[]> {
  const seen: string[] = []
  const look = check('look', async (reader) => {
    const { rows } = await reader.query(`
      SELECT c.relname || ' ' || l.mode AS lock FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE l.pid = pg_catalog.pg_backend_pid() AND n.nspname = 'public' ORDER BY 1`)
    seen.push(...rows.map(({ lock }) => String(lock)))
    return []
  })
  await ask([...checks, look], database, { step: 'verify', declared })
  return seen
}

test('the checks give their locks on the tables back after each question', async () => {
  const database = await createTestDatabase({
    sql: `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p, q int);
      INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 2)`,
  })
  const locks = await locksDuring(generalChecks, database)
  expect(locks).toEqual([])
})
