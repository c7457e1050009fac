import { beforeEach, describe, expect, test } from '@jest/globals'
import { productionSettings } from '../../../src/checks/health/production-settings.js'
import { superuserRole } from '../../../src/checks/health/superuser-role.js'
import { openConnection } from '../../../src/postgres/connection.js'
import { addressOf } from '../../support/address.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

let database: TestDatabase
let role: string
beforeEach(async () => {
  database = await createTestDatabase()
  role = `${database.name}_role`
  await database.query(
    `CREATE ROLE "${role}" LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO "${role}"`,
  )
})

const passed = {
  results: [
    {
      id: 'production-settings',
      title: 'no setting of the role or the database gets in the way of the deploy',
      outcome: 'passed',
    },
  ],
  findings: [],
}

/** Runs a statement as a migration would: in a session that the role opens, with what the server gives it. */
async function deploy(sql: string): Promise<unknown> {
  const url = Object.assign(new URL(database.url), { username: role, password: 'secret' })
  const client = await openConnection(addressOf({ url: url.href }), {
    applicationName: 'migrate-guard deploy',
    runsUserSql: true,
    parameters: { statement_timeout: '0', idle_in_transaction_session_timeout: '0' },
  })
  return client
    .query(sql)
    .then(
      ({ rows }) => rows[0] ?? 'done',
      ({ code }) => code,
    )
    .finally(() => client.end())
}

test('a role and a database without settings pass, and so do those of others', async () => {
  expect(await ask(productionSettings, database, { role })).toEqual(passed)
  const other = await createTestDatabase()
  await database.query(`ALTER DATABASE "${other.name}" SET default_transaction_read_only = on`)
  await database.query(
    `ALTER ROLE "${role}" IN DATABASE "${other.name}" SET default_transaction_read_only = on`,
  )
  expect(await ask(productionSettings, database, { role })).toEqual(passed)
  expect(await deploy('CREATE TABLE t (a int)')).toBe('done')
})

describe('a role that may only read blocks, and the fix works', () => {
  test.each([
    ['the role', (name: string) => `ROLE "${name}_role"`, 'on'],
    ['the role in this database', (name: string) => `ROLE "${name}_role" IN DATABASE "${name}"`, 'true'],
    ['the database', (name: string) => `DATABASE "${name}"`, '1'],
  ])('%s', async (_, place, value) => {
    const by = `ALTER ${place(database.name)}`
    await database.query(`${by} SET default_transaction_read_only = ${value}`)
    const { results, findings } = await ask(productionSettings, database, { role })
    expect(results).toMatchObject([
      { outcome: 'failed', facts: { default_transaction_read_only: `${value} (${by})` } },
    ])
    expect(findings).toEqual([
      {
        code: 'production-settings',
        kind: 'health',
        verdict: 'block',
        step: 'check',
        object: 'default_transaction_read_only',
        message: `default_transaction_read_only is ${value} by ${by}: the server refuses every statement of the deploy that writes`,
        hint: 'Reset it for the role of the migrations, or deploy as a role without it.',
        fixSql: `BEGIN READ WRITE;\n${by} RESET default_transaction_read_only;\nCOMMIT;`,
      },
    ])
    expect(await deploy('CREATE TABLE t (a int)')).toBe('25006')
    await database.query(findings[0]?.fixSql ?? '')
    expect(await ask(productionSettings, database, { role })).toEqual(passed)
    expect(await deploy('CREATE TABLE t (a int)')).toBe('done')
  })
})

test('the setting that counts is that of the role, before that of the database', async () => {
  await database.query(`ALTER DATABASE "${database.name}" SET default_transaction_read_only = on`)
  await database.query(
    `BEGIN READ WRITE; ALTER ROLE "${role}" SET default_transaction_read_only = off; COMMIT`,
  )
  expect(await ask(productionSettings, database, { role })).toMatchObject({
    results: [{ outcome: 'passed' }],
    findings: [],
  })
  expect(await deploy('CREATE TABLE t (a int)')).toBe('done')
})

test('what the deploy sets for itself is written down and no more', async () => {
  await database.query(`ALTER ROLE "${role}" SET statement_timeout = '1ms'; ALTER ROLE "${role}" SET search_path = 'other, public';
    ALTER ROLE "${role}" SET work_mem = '64MB'`)
  expect(await ask(productionSettings, database, { role })).toEqual({
    results: [
      {
        ...passed.results[0],
        facts: {
          search_path: `"other, public" (ALTER ROLE "${role}")`,
          statement_timeout: `1ms (ALTER ROLE "${role}")`,
          work_mem: `64MB (ALTER ROLE "${role}")`,
        },
        note: 'the deploy sets its own search_path, statement_timeout',
      },
    ],
    findings: [],
  })
  expect(await deploy('SELECT pg_sleep(0.1)')).not.toBe('57014')
})

test('settings that change what a migration does are warnings', async () => {
  const owner = `${database.name}_owner`
  await database.query(
    `CREATE ROLE "${owner}"; GRANT "${owner}" TO "${role}"; GRANT CREATE ON SCHEMA public TO "${owner}"`,
  )
  for (const setting of [
    'session_replication_role = replica',
    "default_transaction_isolation = 'repeatable read'",
    `role = "${owner}"`,
  ])
    await database.query(`ALTER ROLE "${role}" SET ${setting}`)
  const { results, findings } = await ask(productionSettings, database, { role })
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings.map(({ verdict, message }) => [verdict, message.replace(/ by .*: /, ': ')])).toEqual([
    [
      'warn',
      'default_transaction_isolation is repeatable read: a migration that changes rows fails when the application changes one of them meanwhile',
    ],
    ['warn', `role is ${owner}: the migrations run with its privileges, and what they make belongs to it`],
    [
      'warn',
      'session_replication_role is replica: neither triggers nor foreign keys act on the rows that the migrations change',
    ],
  ])
  const real = `SELECT current_user, current_setting('session_replication_role') AS replication, current_setting('transaction_isolation') AS isolation`
  expect(await deploy(real)).toEqual({
    current_user: owner,
    replication: 'replica',
    isolation: 'repeatable read',
  })
  for (const { fixSql } of findings) await database.query(fixSql ?? '')
  expect(await ask(productionSettings, database, { role })).toEqual(passed)
})

test('where the server has it, a time-out of the transaction is a warning, and ends the migration', async () => {
  const [{ known }] = await database.query(
    "SELECT count(*)::int AS known FROM pg_settings WHERE name = 'transaction_timeout'",
  )
  if (known === 0) return
  await database.query(`ALTER ROLE "${role}" SET transaction_timeout = '100ms'`)
  expect((await ask(productionSettings, database, { role })).findings).toMatchObject([
    {
      verdict: 'warn',
      message: `transaction_timeout is 100ms by ALTER ROLE "${role}": a migration that takes longer in one transaction is ended and rolled back`,
    },
  ])
  expect(await deploy('SELECT pg_sleep(0.3)')).toBe('25P04')
  await database.query(`ALTER ROLE "${role}" SET transaction_timeout = 0`)
  expect((await ask(productionSettings, database, { role })).findings).toEqual([])
})

test('a superuser is written down, an ordinary role passes', async () => {
  const result = { id: 'superuser-role', title: 'the role of the migrations is no superuser' }
  expect(await ask(superuserRole, database)).toEqual({
    results: [
      {
        ...result,
        outcome: 'info',
        facts: { role: 'postgres', superuser: true },
        note: 'no privilege or policy is asked of it',
      },
    ],
    findings: [],
  })
  expect(await ask(superuserRole, database, { role })).toEqual({
    results: [{ ...result, outcome: 'passed' }],
    findings: [],
  })
})
