import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { JsonReport } from '../../src/report/json.js'
import { appliedName, appliedSql, makeShop, removeShops, type Shop } from '../support/shop.js'

afterAll(removeShops)

describe.each(['7', '6'] as const)('with Prisma %s', (prisma) => {
  let shop: Shop

  beforeAll(async () => {
    shop = await makeShop({ prisma })
  })

  /** What the audit finds, after it has failed as it should. */
  async function findDamage(): Promise<(readonly [code: string, object: string | null, message: string])[]> {
    const { exitCode, stdout } = await shop.run(['verify', '--json'])
    const { findings, databaseState } = JSON.parse(stdout) as JsonReport
    expect({ exitCode, databaseState }).toEqual({ exitCode: 22, databaseState: 'unchanged' })
    return findings.map(({ code, object, message }) => [code, object, message] as const)
  }

  /** Damages the database, looks, and fixes it again. */
  async function withDamage(damage: string, fix: string) {
    await shop.database.query(damage)
    const found = await findDamage()
    await shop.database.query(fix)
    return found
  }

  test('deploys, verifies and has nothing more to do', async () => {
    const deploy = await shop.run(['deploy', '--yes'])
    expect(deploy).toMatchObject({ exitCode: 0, stderr: '' })
    const { plan, databaseState, verification } = await shop.report()
    expect(plan?.prismaVersion).toMatch(new RegExp(`^${prisma}\\.`))
    expect({ databaseState, outcome: verification?.outcome }).toEqual({
      databaseState: 'changed',
      outcome: 'passed',
    })
    expect(await shop.database.query('SELECT id, email, phone FROM customers ORDER BY id')).toEqual([
      { id: 1, email: 'anna@example.com', phone: null },
      { id: 2, email: 'bob@example.com', phone: null },
      { id: 3, email: 'eve@example.com', phone: null },
    ])
    expect(await shop.run(['verify'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await shop.leftovers()).toEqual([])
  })

  test('an orphan', async () => {
    const found = await withDamage(
      'SET session_replication_role = replica; INSERT INTO notes VALUES (9, 999)',
      'DELETE FROM notes WHERE id = 9',
    )
    expect(found).toEqual([
      [
        'orphan-rows',
        'notes.customer_id',
        '1 row of "notes" refers by customer_id to a row of "customers" that does not exist (notes_customer_id_fkey)',
      ],
      [
        'row-count-changed',
        'notes',
        expect.stringMatching(
          /^table "notes" had 3 rows after the deploy of run \S+ and has 4 now; whether others wrote to it meanwhile is not known$/,
        ),
      ],
    ])
  })

  test('a duplicate where the schema wants a unique value', async () => {
    const found = await withDamage(
      `DROP INDEX customers_email_key; UPDATE customers SET email = 'anna@example.com' WHERE id = 2`,
      `UPDATE customers SET email = 'bob@example.com' WHERE id = 2; CREATE UNIQUE INDEX customers_email_key ON customers (email)`,
    )
    expect(found).toEqual([
      [
        'duplicate-keys',
        'customers.email',
        '1 value is used by more than one row of "customers" in (email), which "customers_email_key" declares unique',
      ],
      [
        'schema-difference',
        'customers_email_key',
        'customers_email_key: the schema wants the index on (email), and the database does not have it',
      ],
    ])
  })

  test('an index that is gone', async () => {
    const found = await withDamage(
      'DROP INDEX notes_customer_id_idx',
      'CREATE INDEX notes_customer_id_idx ON notes (customer_id)',
    )
    expect(found).toEqual([
      [
        'schema-difference',
        'notes_customer_id_idx',
        'notes_customer_id_idx: the schema wants the index on (customer_id), and the database does not have it',
      ],
    ])
  })

  test('a migration that was edited afterwards', async () => {
    const file = `prisma/migrations/${appliedName}/migration.sql`
    await shop.write(file, `${appliedSql}-- later\n`)
    expect(await findDamage()).toEqual([
      ['edited-migration', appliedName, `migration "${appliedName}" was edited after it was applied`],
    ])
    await shop.write(file, appliedSql)
    // All the damage is fixed: the audit is content again.
    expect((await shop.run(['verify'])).exitCode).toBe(0)
  })
})
