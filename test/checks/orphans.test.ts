import { expect, test } from '@jest/globals'
import { orphans } from '../../src/checks/orphans.js'
import type { Finding } from '../../src/domain/finding.js'
import { ask, type Question } from '../support/ask.js'
import { createTestDatabase, type TestDatabase, withTestDatabase } from '../support/test-database.js'

/** What the check finds in a database made by `sql`; it must be one finding whose SQL finds what was counted. */
async function findOne(sql: string, question?: Question): Promise<Finding> {
  return withTestDatabase(async (database) => {
    await database.query(sql)
    const { findings } = await ask(orphans, database, question)
    expect(findings).toHaveLength(1)
    const [finding] = findings as [Finding]
    expect(await database.query(finding.findSql ?? '')).toHaveLength(finding.evidence?.count ?? -1)
    return finding
  })
}

async function outcome(sql: string, question?: Question) {
  return withTestDatabase(async (database) => {
    await database.query(sql)
    return ask(orphans, database, question)
  })
}

/** Loads rows as a restore or a replica does: nobody looks at the foreign keys. */
const unchecked = (sql: string) =>
  `SET session_replication_role = replica; ${sql}; RESET session_replication_role;`

const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, name text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, note text,
    CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers);
  INSERT INTO customers VALUES (1, 'Ann');
  INSERT INTO orders VALUES (1, 1, 'secret'), (2, NULL, 'secret');`

const passed = {
  results: [{ id: 'orphan-rows', title: 'no row refers to a row that is missing', outcome: 'passed' }],
  findings: [],
}

test('sound data passes, also with a NULL that refers to nothing', async () => {
  expect(await outcome(shop)).toEqual(passed)
})

test('rows that came in past the foreign key are found', async () => {
  const finding = await findOne(shop + unchecked(`INSERT INTO orders VALUES (3, 7, 'x'), (4, 8, 'y')`))
  expect(finding).toEqual({
    code: 'orphan-rows',
    kind: 'health',
    verdict: 'block',
    step: 'check',
    object: 'orders.customer_id',
    message:
      '2 rows of "orders" refer by customer_id to a row of "customers" that does not exist (orders_customer_id_fkey)',
    // The key and the reference; what else is in the row is nobody's business.
    evidence: {
      count: 2,
      samples: [
        { id: '3', customer_id: '7' },
        { id: '4', customer_id: '8' },
      ],
    },
    findSql: `SELECT r."id", r."customer_id"
  FROM "public"."orders" r
 WHERE (r."customer_id" IS NOT NULL)
   AND NOT EXISTS (SELECT FROM "public"."customers" p
                    WHERE p."id" = r."customer_id")`,
    hint: 'Restore the missing rows of "customers", or correct or remove the rows of "orders".',
  })
})

test('one row is one row', async () => {
  const { message } = await findOne(shop + unchecked('INSERT INTO orders VALUES (3, 7)'))
  expect(message).toBe(
    '1 row of "orders" refers by customer_id to a row of "customers" that does not exist (orders_customer_id_fkey)',
  )
})

test('a parent that was deleted past the foreign key is missed', async () => {
  const damage = `ALTER TABLE customers DISABLE TRIGGER ALL; DELETE FROM customers; ALTER TABLE customers ENABLE TRIGGER ALL`
  expect((await findOne(`${shop} ${damage}`)).evidence?.count).toBe(1)
})

test('a count is exact and the samples are five', async () => {
  const { evidence } = await findOne(
    shop + unchecked('INSERT INTO orders SELECT n, n FROM generate_series(100, 1336) n'),
  )
  expect(evidence?.count).toBe(1237)
  expect(evidence?.samples).toHaveLength(5)
})

test('numbers beyond 2^53 are shown exactly', async () => {
  const { evidence, message } = await findOne(`CREATE TABLE p (id bigint PRIMARY KEY);
    CREATE TABLE c (id bigint PRIMARY KEY, p bigint, CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p);
    INSERT INTO p VALUES (9007199254740993);
    ${unchecked('INSERT INTO c VALUES (9223372036854775807, 9007199254740992)')}`)
  expect(evidence).toEqual({ count: 1, samples: [{ id: '9223372036854775807', p: '9007199254740992' }] })
  expect(message).toContain('(c_p)')
})

test('a key of two columns is one key, and NULL in a part of it refers to nothing', async () => {
  const finding = await findOne(`CREATE TABLE p (tenant int, id int, PRIMARY KEY (tenant, id));
    CREATE TABLE c (id int PRIMARY KEY, tenant int, p int, FOREIGN KEY (tenant, p) REFERENCES p);
    INSERT INTO p VALUES (1, 1), (2, 2);
    ${unchecked('INSERT INTO c VALUES (1, 1, 1), (2, NULL, 9), (3, 9, NULL), (4, 1, 2), (5, 2, 1)')}`)
  expect(finding.object).toBe('c.tenant,p')
  expect(finding.message).toBe(
    '2 rows of "c" refer by tenant, p to a row of "p" that does not exist (c_tenant_p_fkey)',
  )
  expect(finding.evidence?.samples.map(({ id }) => id)).toEqual(['4', '5'])
})

test('MATCH FULL allows no key that is NULL in part', async () => {
  const finding = await findOne(`CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
    CREATE TABLE c (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p MATCH FULL);
    INSERT INTO p VALUES (1, 1);
    ${unchecked('INSERT INTO c VALUES (1, 1, 1), (2, NULL, NULL), (3, 1, NULL)')}`)
  expect(finding.evidence?.samples.map(({ id }) => id)).toEqual(['3'])
})

test('a table may refer to itself', async () => {
  const sql = `CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree); INSERT INTO tree VALUES (1, NULL), (2, 1);`
  expect(await outcome(sql)).toEqual(passed)
  const { evidence } = await findOne(sql + unchecked('INSERT INTO tree VALUES (3, 4)'))
  expect(evidence).toEqual({ count: 1, samples: [{ id: '3', parent: '4' }] })
})

test('where the server does not claim to enforce it, an orphan is a warning', async () => {
  const { verdict } =
    await findOne(`CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int); INSERT INTO c VALUES (1);
    ALTER TABLE c ADD CONSTRAINT c_p_fkey FOREIGN KEY (p) REFERENCES p NOT VALID;`)
  expect(verdict).toBe('warn')
})

test('partitions are looked at through their parent, on both ends', async () => {
  const finding = await findOne(`
    CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT;
    CREATE TABLE c (id int, p int REFERENCES p, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE c1 PARTITION OF c FOR VALUES FROM (0) TO (10); CREATE TABLE c2 PARTITION OF c DEFAULT;
    INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (20, 2);
    ${unchecked('INSERT INTO c VALUES (2, 3), (30, 3)')}`)
  expect(finding.object).toBe('c.p')
  expect(finding.evidence?.count).toBe(2)
})

test('children by inheritance are tables of their own, on both ends', async () => {
  const sql = `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE pc () INHERITS (p); INSERT INTO pc VALUES (5);
    CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p); CREATE TABLE cc () INHERITS (c); INSERT INTO cc VALUES (1, 9);`
  expect(await outcome(sql)).toEqual(passed)
  expect((await findOne(sql + unchecked('INSERT INTO c VALUES (2, 5)'))).evidence?.count).toBe(1)
})

test('names with capitals, dots and quotes, and other schemas', async () => {
  const { object, evidence } = await findOne(`CREATE SCHEMA "My.Schema"; CREATE SCHEMA other;
    CREATE TABLE other."P""x" ("Id" int PRIMARY KEY);
    CREATE TABLE "My.Schema"."C x" ("Id" int PRIMARY KEY, "the P" int REFERENCES other."P""x");
    ${unchecked('INSERT INTO "My.Schema"."C x" VALUES (1, 2)')}`)
  expect(object).toBe('C x.the P')
  expect(evidence?.samples).toEqual([{ Id: '1', 'the P': '2' }])
})

test('equality is that of the foreign key, wherever its operator lives', async () => {
  const sql = `CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions;
    CREATE TABLE p (id extensions.citext PRIMARY KEY); CREATE TABLE c (p extensions.citext REFERENCES p);
    INSERT INTO p VALUES ('Ann'); INSERT INTO c VALUES ('ANN');`
  expect(await outcome(sql)).toEqual(passed)
  expect((await findOne(sql + unchecked(`INSERT INTO c VALUES ('Bob')`))).evidence?.count).toBe(1)
})

test('the temporary tables of another session are none of our business', async () => {
  const database = await createTestDatabase({ sql: shop })
  const other = await database.client()
  await other.query('CREATE TEMP TABLE p (id int PRIMARY KEY); CREATE TEMP TABLE c (p int REFERENCES p)')
  expect(await ask(orphans, database)).toEqual(passed)
})

const declared = `
  CREATE TABLE "customers" ("id" INTEGER NOT NULL);
  ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id");`
const bare = `CREATE TABLE customers (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, customer_id int);
  INSERT INTO orders VALUES (1, 2), (2, NULL);`

test.each([
  ['before the deploy, when it may be still to come', { declared }, 'warn'],
  ['afterwards', { declared, step: 'verify' }, 'block'],
  ['afterwards with relationMode = "prisma"', { declared, step: 'verify', enforcesRelations: false }, 'warn'],
] as const)('a relation that only Prisma declares, %s', async (_, question, verdict) => {
  const finding = await findOne(bare, question)
  expect(finding).toMatchObject({ verdict, evidence: { count: 1, samples: [{ id: '1', customer_id: '2' }] } })
})

test('a relation that the database has too is asked about once', async () => {
  await findOne(shop + unchecked('INSERT INTO orders VALUES (3, 7)'), { declared })
})

test('a relation whose tables or columns are still to come has no rows to look at', async () => {
  expect(await outcome('CREATE TABLE orders (id int)', { declared })).toEqual(passed)
  expect(await outcome('SELECT 1', { declared })).toEqual(passed)
})

test('a relation whose columns cannot be compared yet is still to come; afterwards nobody knows', async () => {
  const sql = 'CREATE TABLE customers (id uuid); CREATE TABLE orders (id int, customer_id int)'
  expect(await outcome(sql, { declared })).toEqual(passed)
  const { results, findings } = await outcome(sql, { declared, step: 'verify' })
  expect(results).toMatchObject([{ id: 'orphan-rows', outcome: 'unknown' }])
  expect(findings).toEqual([
    {
      code: 'check-not-answered',
      kind: 'health',
      verdict: 'unknown',
      step: 'verify',
      object: 'orders.customer_id',
      message:
        '"no row of "orders" refers by customer_id to a missing row" could not be answered: operator does not exist: uuid pg_catalog.= integer',
      hint: 'Fix the cause and run the command again; a question without an answer counts as a failure.',
    },
  ])
})

test('a relation that may not be read is unknown, and the next one is asked all the same', async () => {
  const database: TestDatabase = await createTestDatabase({
    sql: `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a); CREATE TABLE z (id int PRIMARY KEY, a int);
      ALTER TABLE z ADD CONSTRAINT z_a FOREIGN KEY (a) REFERENCES a; ${unchecked('INSERT INTO z VALUES (1, 2)')}
      CREATE VIEW hidden AS SELECT 1 / 0 AS a; CREATE TABLE y (id int);`,
  })
  const { findings } = await ask(orphans, database, {
    declared: 'ALTER TABLE "hidden" ADD CONSTRAINT "hidden_a" FOREIGN KEY ("a") REFERENCES "y"("id")',
  })
  expect(findings.map(({ code, object }) => [code, object])).toEqual([
    ['orphan-rows', 'z.a'],
    ['check-not-answered', 'hidden.a'],
  ])
})
