import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { longTest } from '../support/long.js'
import { makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'

const schema = 'datasource db {\n  provider = "postgresql"\n}\n'
const always = ['rehearse', '--rehearsal', 'same-server', '--accept', 'schema-difference=not what is tested']
const downSql = `prisma/migrations/${pendingName}/down.sql`
const migrationSql = `prisma/migrations/${pendingName}/migration.sql`

let shop: Shop

// Each run takes seconds.

beforeAll(async () => {
  shop = await makeShop({ schema, rehearses: true })
})
afterAll(removeShops)

async function rehearse(up: string, down: string, ...more: string[]) {
  await shop.write(migrationSql, up)
  await shop.write(downSql, down)
  const unchanged = await shop.fingerprint()
  const result = await shop.run([...always, ...more])
  expect(await shop.fingerprint()).toBe(unchanged)
  const { rehearsal } = await shop.report()
  const ofWayBack = rehearsal?.findings?.filter(({ code }) => code.startsWith('way-back')) ?? []
  return { ...result, wayBack: rehearsal?.wayBack, findings: ofWayBack }
}

test('a way back that leads back passes, and the report says so', async () => {
  const { exitCode, stderr, wayBack, findings } = await rehearse(
    'ALTER TABLE customers RENAME TO contacts; ALTER TABLE contacts ADD COLUMN phone text;\nCREATE INDEX by_phone ON contacts (phone);',
    'BEGIN;\nDROP INDEX by_phone;\nALTER TABLE contacts DROP COLUMN phone;\nALTER TABLE contacts RENAME TO customers;\nCOMMIT;',
  )
  expect(findings).toEqual([])
  expect(wayBack).toEqual({
    migrations: [pendingName],
    reachesBeginning: true,
    outcome: 'passed',
    differences: [],
  })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(await shop.runFile('report.txt')).toContain(
    `The way back, down.sql of ${pendingName} and then the same once more: everything is as it was before, and as the first time.`,
  )
})

longTest('values that were dropped do not come back: that warns, and they are named', async () => {
  const { exitCode, wayBack, findings } = await rehearse(
    'ALTER TABLE customers DROP COLUMN fax;',
    'ALTER TABLE customers ADD COLUMN fax text;',
    '--accept',
    'drop-column=no longer used',
  )
  expect(findings).toMatchObject([
    {
      code: 'way-back-differs',
      verdict: 'warn',
      object: 'customers.fax',
      message:
        'customers.fax does not come back: after down.sql "public"."customers"."fax" has 3 NULLs where it had 2 NULLs',
    },
  ])
  expect(wayBack).toMatchObject({ outcome: 'passed', differences: [findings[0]?.message] })
  expect(exitCode).toBe(0)
})

longTest('an object that down.sql forgets blocks, unless it is accepted', async () => {
  const up = 'DROP INDEX notes_customer_id_idx;'
  const forgets = await rehearse(up, '-- nothing\nSELECT 1;')
  expect(forgets.findings).toMatchObject([
    {
      code: 'way-back-differs',
      verdict: 'block',
      message: 'after down.sql index public.notes_customer_id_idx is missing',
    },
    // It is gone already when it is to be dropped again.
    { code: 'way-back-fails', verdict: 'block', migration: pendingName },
  ])
  expect(forgets.findings[1]?.message).toBe(
    `after its down.sql "${pendingName}" cannot be deployed again: line 1: 42704: index "notes_customer_id_idx" does not exist`,
  )
  expect(forgets.exitCode).toBe(5)
  const accepted = await rehearse(
    'DROP INDEX IF EXISTS notes_customer_id_idx;',
    'SELECT 1;',
    '--accept',
    'way-back-differs=the index is of no use',
  )
  expect(accepted.exitCode).toBe(0)
})

test('a down.sql that changes what the migrations kept blocks, and what they dropped warns', async () => {
  const { exitCode, findings } = await rehearse(
    'ALTER TABLE customers DROP COLUMN fax;',
    "ALTER TABLE customers ADD COLUMN fax text; UPDATE customers SET email = 'x' || email WHERE id = 1; DELETE FROM notes WHERE id = 3;",
    '--accept',
    'drop-column=no longer used',
  )
  expect(findings.filter(({ verdict }) => verdict === 'warn').map(({ object }) => object)).toContain(
    'customers.fax',
  )
  expect(findings.filter(({ verdict }) => verdict === 'block').map(({ message }) => message)).toEqual([
    'customers.email is changed by down.sql: "public"."customers"."email" has other values than before, or in other rows',
    'notes is changed by down.sql: "public"."notes" has lost 1 row: 3 rows before, 2 rows after',
  ])
  expect(exitCode).toBe(5)
})

test('a down.sql that fails blocks, and nothing of it stays', async () => {
  const { exitCode, findings, wayBack } = await rehearse(
    'ALTER TABLE customers ADD COLUMN phone text;',
    'ALTER TABLE customers DROP COLUMN phone;\nDROP TABLE orders;',
  )
  expect(findings).toMatchObject([
    {
      code: 'way-back-fails',
      verdict: 'block',
      file: downSql,
      line: 2,
      message: `the down.sql of "${pendingName}" fails on the copy: line 2: 42P01: table "orders" does not exist`,
    },
  ])
  expect(wayBack).toMatchObject({ outcome: 'failed' })
  expect(exitCode).toBe(5)
})

longTest('several are taken back newest first, as far as each has a down.sql', async () => {
  const newer = '20260202000000_city'
  await shop.write(
    `prisma/migrations/${newer}/migration.sql`,
    'CREATE INDEX CONCURRENTLY by_phone ON customers (phone);',
  )
  const alone = await rehearse(
    'ALTER TABLE customers ADD COLUMN phone text;',
    'ALTER TABLE customers DROP COLUMN phone;',
  )
  expect(alone.wayBack).toBeUndefined()
  expect(alone.findings).toMatchObject([
    {
      code: 'way-back-not-rehearsed',
      verdict: 'warn',
      message: `the down.sql of "${pendingName}" was not run: a newer migration has none, of "${newer}"`,
    },
  ])
  await shop.write(`prisma/migrations/${newer}/down.sql`, 'DROP INDEX CONCURRENTLY by_phone;')
  const both = await rehearse(
    'ALTER TABLE customers ADD COLUMN phone text;',
    'ALTER TABLE customers DROP COLUMN phone;',
  )
  expect(both.wayBack).toEqual({
    migrations: [newer, pendingName],
    reachesBeginning: true,
    outcome: 'passed',
    differences: [],
  })
  await shop.write(downSql, undefined)
  await shop.run(always)
  const { rehearsal } = await shop.report()
  expect(rehearsal?.wayBack).toMatchObject({
    migrations: [newer],
    reachesBeginning: false,
    outcome: 'passed',
  })
  expect(rehearsal?.wayBack?.differences).toEqual([
    `where the down.sql of "${newer}" leads was not compared: the migration before it, which is deployed with it, has none`,
  ])
  await shop.write(`prisma/migrations/${newer}`, undefined)
})
