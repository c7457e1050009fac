import { expect, test } from '@jest/globals'
import { foreignKeys } from '../../src/checks/foreign-keys.js'
import { ask } from '../support/ask.js'
import { createTestDatabase } from '../support/test-database.js'

const shop = `CREATE TABLE "Customers" (id int PRIMARY KEY);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int CONSTRAINT "orders Fkey" REFERENCES "Customers");`

const passed = {
  results: [
    {
      id: 'foreign-key-not-enforced',
      title: 'every foreign key is validated and its triggers are on',
      outcome: 'passed',
    },
  ],
  findings: [],
}
const common = {
  code: 'foreign-key-not-enforced',
  kind: 'health',
  verdict: 'warn',
  step: 'check',
  object: 'orders.orders Fkey',
}

test('a foreign key that is valid passes', async () => {
  expect(await ask(foreignKeys, await createTestDatabase({ sql: shop }))).toEqual(passed)
})

test('one that is NOT VALID is told, and the fix validates it', async () => {
  const database = await createTestDatabase({
    sql: `${shop} ALTER TABLE orders DROP CONSTRAINT "orders Fkey";
      ALTER TABLE orders ADD CONSTRAINT "orders Fkey" FOREIGN KEY (customer_id) REFERENCES "Customers" NOT VALID`,
  })
  const { findings } = await ask(foreignKeys, database)
  expect(findings).toEqual([
    {
      ...common,
      message: 'foreign key "orders Fkey" on "orders" is NOT VALID: rows from before it were never checked',
      hint: 'Validate it; that takes no lock that stops reads or writes.',
      fixSql: 'ALTER TABLE "public"."orders" VALIDATE CONSTRAINT "orders Fkey";',
    },
  ])
  await database.query(findings[0]?.fixSql ?? '')
  expect(await ask(foreignKeys, database)).toEqual(passed)
})

test.each([
  ['orders', 'ALTER TABLE public.orders ENABLE TRIGGER ALL;'],
  ['"Customers"', 'ALTER TABLE public."Customers" ENABLE TRIGGER ALL;'],
])('triggers that are off on %s are told, and the fix switches them on', async (table, fixSql) => {
  const database = await createTestDatabase({ sql: `${shop} ALTER TABLE ${table} DISABLE TRIGGER ALL` })
  const { findings } = await ask(foreignKeys, database)
  expect(findings).toEqual([
    {
      ...common,
      message:
        'the triggers of foreign key "orders Fkey" on "orders" are disabled: it does not enforce what it says',
      hint: 'Enable the triggers, then look for orphans.',
      fixSql,
    },
  ])
  await database.query(fixSql)
  expect(await ask(foreignKeys, database)).toEqual(passed)
})

test('triggers that fire only on a replica enforce nothing here; both ends are fixed', async () => {
  const database = await createTestDatabase({
    sql: `${shop} ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE "Customers" DISABLE TRIGGER ALL;
      DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass LOOP
        EXECUTE format('ALTER TABLE orders ENABLE REPLICA TRIGGER %I', t.tgname); END LOOP; END $$;`,
  })
  const { findings } = await ask(foreignKeys, database)
  expect(findings).toHaveLength(1)
  await database.query(findings[0]?.fixSql ?? '')
  expect(await ask(foreignKeys, database)).toEqual(passed)
})

test('the temporary tables of another session are none of our business', async () => {
  const database = await createTestDatabase({ sql: shop })
  const other = await database.client()
  await other.query(`CREATE TEMP TABLE p (id int PRIMARY KEY); CREATE TEMP TABLE c (p int);
    ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p NOT VALID`)
  expect(await ask(foreignKeys, database)).toEqual(passed)
})
