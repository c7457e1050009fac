import { beforeAll, describe, expect, test } from '@jest/globals'
import type pg from 'pg'
import type { Finding } from '../../src/domain/finding.js'
import { Mirror } from '../../src/forecast/from-twin/mirror.js'
import { pairWithTwin } from '../../src/forecast/from-twin/pair.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import { LockWatch } from '../../src/forecast/lock-watch.js'
import { lockPages } from '../../src/forecast/locks/pages.js'
import { type LockThresholds, lockThresholds } from '../../src/forecast/locks/thresholds.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import type { StatementPlace } from '../../src/forecast/requirement.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import type { Twin } from '../../src/twin/twin.js'
import { asGuard } from '../support/as-guard.js'
import { parse } from '../support/parse.js'
import { createTestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'

const GiB = 1024 ** 3

let client: pg.Client
let twin: Twin
/** As it is on the twin before any statement. */
let onTwin: CatalogModel
beforeAll(async () => {
  const database = await createTestDatabase({
    sql: `
      CREATE TABLE customers (id int PRIMARY KEY, name varchar(20));
      CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total numeric(8, 2) DEFAULT 0, note text);
      CREATE INDEX orders_total_idx ON orders (total);
      CREATE TABLE settings (key text PRIMARY KEY, value text);
      CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) FROM orders GROUP BY 1`,
  })
  client = await database.client()
  twin = await twinOf(client)
  onTwin = await twin.look((reader) => new Mirror('public').read(reader))
})

/** Sizes as large as no test can fill a table. */
const sizes: Record<string, { heapBytes: number; rowEstimate: number }> = {
  orders: { heapBytes: 4 * GiB, rowEstimate: 18_200_000 },
  customers: { heapBytes: 1 * GiB, rowEstimate: -1 },
  events_1: { heapBytes: 1 * GiB, rowEstimate: 5_000_000 },
  events_2: { heapBytes: 2 * GiB, rowEstimate: 9_000_000 },
  totals: { heapBytes: 1 * GiB, rowEstimate: 100 },
}

async function catalogWith(grown: typeof sizes): Promise<CatalogModel> {
  const catalog = await asGuard(client, () => readLiveCatalog(client, 'public'))
  for (const relation of catalog.relations) {
    Object.assign(relation, grown[relation.name] ?? {})
    for (const index of relation.indexes) Object.assign(index, { sizeBytes: 0 })
  }
  return catalog
}

/** What is said of a file that is one transaction. */
async function findings(
  sql: string,
  grown = sizes,
  thresholds: LockThresholds = lockThresholds,
): Promise<readonly Finding[]> {
  return (await watchOver(sql, grown, thresholds)).findings(['m'])
}

/** What the statements do on a twin is taken back behind the last. */
async function watchOver(sql: string, grown = sizes, thresholds: LockThresholds = lockThresholds) {
  const watch = new LockWatch(thresholds)
  const catalog = await catalogWith(grown)
  expect(pairWithTwin(catalog, onTwin).difference).toBeUndefined()
  const mark = await twin.mark()
  for (const statement of parse(sql)) {
    const ran = await twin.run(statement)
    watch.beforeStatement(statement, placeOf(statement), catalog, ran)
  }
  await mark.undo()
  expect(twin.lost).toBeUndefined()
  return watch
}

function placeOf({ index, line }: ParsedStatement): StatementPlace {
  return { migration: 'm', file: 'm/migration.sql', index, line }
}

const said = (found: readonly Finding[]) =>
  found.map(({ code, verdict, line, object, message }) => ({ code, verdict, line, object, message }))

describe('what makes others wait', () => {
  test.each<[string, Partial<Finding>[]]>([
    [
      'ALTER TABLE orders ALTER COLUMN id TYPE bigint',
      [
        {
          code: 'table-rewrite',
          verdict: 'warn',
          object: 'orders',
          message:
            'ALTER TABLE orders ALTER COLUMN id TYPE bigint rewrites "orders" (4.0 GB with about 18,200,000 rows) under ACCESS EXCLUSIVE: readers and writers wait',
        },
      ],
    ],
    [
      'ALTER TABLE customers ADD CHECK (id > 0)',
      [
        {
          code: 'table-scan-under-lock',
          verdict: 'warn',
          object: 'customers',
          message:
            'ALTER TABLE customers ADD CHECK (id > 0) reads "customers" (1.0 GB) under ACCESS EXCLUSIVE: readers and writers wait',
        },
      ],
    ],
    [
      'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
      [
        {
          code: 'foreign-key-locks-parent',
          verdict: 'warn',
          object: 'orders',
          message:
            'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers looks for every row of "orders" (4.0 GB with about 18,200,000 rows) in "customers", both under SHARE ROW EXCLUSIVE: writers wait',
        },
      ],
    ],
    [
      'CREATE INDEX x ON orders (total)',
      [
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          object: 'orders',
          message:
            'CREATE INDEX x ON orders (total) builds an index of "orders" (4.0 GB with about 18,200,000 rows) under SHARE: writers wait',
        },
      ],
    ],
    [
      'REINDEX INDEX orders_total_idx',
      [
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          object: 'orders',
          message:
            'REINDEX INDEX orders_total_idx builds an index of "orders" (4.0 GB with about 18,200,000 rows) under ACCESS EXCLUSIVE: readers and writers wait',
        },
      ],
    ],
    [
      'CREATE INDEX x ON events (id)',
      [
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          object: 'events',
          message:
            'CREATE INDEX x ON events (id) builds an index of "events" (3.0 GB with about 14,000,000 rows) under SHARE: writers wait',
        },
      ],
    ],
    [
      'ALTER TABLE events ADD UNIQUE (id, at)',
      [
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          object: 'events',
          message:
            'ALTER TABLE events ADD UNIQUE (id, at) builds an index of "events" (3.0 GB with about 14,000,000 rows) under ACCESS EXCLUSIVE: readers and writers wait',
        },
      ],
    ],
    ['ALTER TABLE ONLY events ADD UNIQUE (id, at)', []],
    [
      'REFRESH MATERIALIZED VIEW totals',
      [
        {
          code: 'refresh-blocks-readers',
          verdict: 'warn',
          object: 'totals',
          message:
            'REFRESH MATERIALIZED VIEW totals fills "totals" (1.0 GB with about 100 rows) anew under ACCESS EXCLUSIVE: readers and writers wait',
        },
      ],
    ],
    [
      "UPDATE orders SET note = 'a text that is longer than a line of the report has room for it'",
      [
        {
          code: 'rows-locked',
          verdict: 'warn',
          object: 'orders',
          message:
            'UPDATE orders SET note = \'a text that is longer than a line of the re… changes "orders" (4.0 GB with about 18,200,000 rows) in one transaction: writers of these rows wait until it ends',
        },
      ],
    ],
    [
      "DELETE FROM orders WHERE note = ''",
      [
        {
          code: 'rows-locked',
          verdict: 'warn',
          object: 'orders',
          message:
            'DELETE FROM orders WHERE note = \'\' changes up to 18,200,000 rows of "orders" (4.0 GB) in one transaction: writers of these rows wait until it ends',
        },
      ],
    ],
    [
      "DELETE FROM customers WHERE name = ''",
      [
        {
          code: 'rows-locked',
          verdict: 'warn',
          object: 'customers',
          message:
            'DELETE FROM customers WHERE name = \'\' changes up to all rows of "customers" (1.0 GB) in one transaction: writers of these rows wait until it ends',
        },
      ],
    ],
    [
      'ALTER TABLE settings ADD COLUMN x int;\nALTER TABLE orders ADD COLUMN y int;\nUPDATE orders SET y = 1;',
      [
        {
          code: 'rows-locked',
          verdict: 'warn',
          line: 3,
          object: 'orders',
          message:
            'UPDATE orders SET y = 1 changes "orders" (4.0 GB with about 18,200,000 rows) in one transaction: writers of these rows wait until it ends',
        },
        {
          code: 'lock-held-through-file',
          verdict: 'warn',
          line: 1,
          object: 'settings',
          message:
            'ACCESS EXCLUSIVE on "settings" is kept until the transaction ends, while line 3 changes "orders" (4.0 GB with about 18,200,000 rows): readers and writers of "settings" wait',
        },
        {
          code: 'lock-held-through-file',
          verdict: 'warn',
          line: 2,
          object: 'orders',
          message:
            'ACCESS EXCLUSIVE on "orders" is kept until the transaction ends, while line 3 changes "orders" (4.0 GB with about 18,200,000 rows): readers and writers of "orders" wait',
        },
      ],
    ],
    [
      // The implied lock on the parent is kept just as well; what the later statements say of themselves is not said twice.
      'CREATE TABLE lines (order_id int REFERENCES orders);\nCREATE INDEX x ON customers (name);\nCREATE INDEX y ON customers (id);',
      [
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          line: 2,
          object: 'customers',
          message:
            'CREATE INDEX x ON customers (name) builds an index of "customers" (1.0 GB) under SHARE: writers wait',
        },
        {
          code: 'index-blocks-writes',
          verdict: 'warn',
          line: 3,
          object: 'customers',
          message:
            'CREATE INDEX y ON customers (id) builds an index of "customers" (1.0 GB) under SHARE: writers wait',
        },
        {
          code: 'lock-held-through-file',
          verdict: 'warn',
          line: 1,
          object: 'orders',
          message:
            'SHARE ROW EXCLUSIVE on "orders" is kept until the transaction ends, while line 2 builds an index of "customers" (1.0 GB) (and 1 more statement): writers of "orders" wait',
        },
      ],
    ],
  ])('%s', async (sql, expected) => {
    expect(said(await findings(sql))).toEqual(expected.map((finding) => ({ line: 1, ...finding })))
  })
})

describe('quiet', () => {
  test.each([
    'ALTER TABLE orders ADD COLUMN x int DEFAULT 1',
    'ALTER TABLE orders DROP COLUMN note',
    'ALTER TABLE orders RENAME TO purchases',
    'ALTER TABLE orders ALTER COLUMN note TYPE varchar',
    'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers NOT VALID',
    'DROP TABLE orders CASCADE',
    'TRUNCATE orders',
    'ALTER TABLE settings ALTER COLUMN value TYPE int USING length(value); CREATE INDEX x ON settings (value)',
    'CREATE INDEX CONCURRENTLY x ON orders (total)',
    'VACUUM orders',
    "UPDATE orders SET note = 'x' WHERE id = 4",
    "UPDATE orders SET note = 'x' WHERE id IN (4, 5) AND total > 3",
    'INSERT INTO orders (id) VALUES (1)',
    'CREATE TABLE new (id int); CREATE INDEX x ON new (id)',
    'SELECT count(*) FROM orders',
  ])('%s', async (sql) => {
    expect(await findings(sql)).toEqual([])
  })
})

describe('by the text alone', () => {
  async function byText(sql: string, gigabytes: number): Promise<readonly Finding[]> {
    const watch = new LockWatch()
    const catalog = await catalogWith({ orders: { heapBytes: gigabytes * GiB, rowEstimate: 18_200_000 } })
    for (const statement of parse(sql)) watch.beforeStatement(statement, placeOf(statement), catalog)
    return watch.findings([])
  }

  test.each([
    [
      'ALTER TABLE orders ALTER COLUMN id TYPE bigint',
      'table-rewrite',
      'may rewrite "orders" (4.0 GB with about 18,200,000 rows) under ACCESS EXCLUSIVE: readers and writers wait',
    ],
    [
      'ALTER TABLE orders ALTER COLUMN note SET NOT NULL',
      'table-scan-under-lock',
      'may read "orders" (4.0 GB with about 18,200,000 rows) under ACCESS EXCLUSIVE: readers and writers wait',
    ],
    [
      'CREATE INDEX x ON orders (total)',
      'index-blocks-writes',
      'builds an index of "orders" (4.0 GB with about 18,200,000 rows) under SHARE: writers wait',
    ],
    [
      'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers',
      'foreign-key-locks-parent',
      'looks for every row of "orders" (4.0 GB with about 18,200,000 rows) in "customers", both under SHARE ROW EXCLUSIVE: writers wait',
    ],
  ])('%s', async (sql, code, message) => {
    const found = await byText(sql, 4)
    expect(found.map((one) => [one.code, one.verdict, one.message])).toEqual([
      [code, 'warn', `${sql} ${message}`],
    ])
  })

  test('what may last for minutes is unknown, and what surely does stops the run', async () => {
    const verdicts = async (sql: string) =>
      (await byText(sql, 16)).map(({ code, verdict }) => `${code} ${verdict}`)
    expect(await verdicts('ALTER TABLE orders ALTER COLUMN id TYPE bigint')).toEqual([
      'table-rewrite unknown',
    ])
    expect(await verdicts('CREATE INDEX x ON orders (total)')).toEqual(['index-blocks-writes block'])
  })

  test('what only changes the catalog is quiet', async () => {
    for (const sql of [
      'ALTER TABLE orders ADD COLUMN x int DEFAULT 1',
      'ALTER TABLE orders DROP COLUMN note',
      'ALTER TABLE orders RENAME TO purchases',
      'DROP TABLE orders CASCADE',
      'CREATE INDEX CONCURRENTLY x ON orders (total)',
    ])
      expect(await byText(sql, 16)).toEqual([])
  })
})

test('a lock is not kept where each statement is a transaction of its own', async () => {
  const watch = await watchOver('ALTER TABLE settings ADD COLUMN x int; CREATE INDEX x ON orders (total)')
  expect(watch.findings([]).map(({ code }) => code)).toEqual(['index-blocks-writes'])
})

test('a statement that hits few rows of a large table keeps locks while it reads the table', async () => {
  const watch = await watchOver("ALTER TABLE settings ADD COLUMN x int;\nDELETE FROM orders WHERE note = ''")
  const places = watch.statements.map(({ place }) => place)
  watch.noteRowsHit(places[1] as (typeof places)[number], 3)
  expect(watch.findings(['m']).map(({ message }) => message)).toEqual([
    'ACCESS EXCLUSIVE on "settings" is kept until the transaction ends, while line 2 reads "orders" (4.0 GB with about 18,200,000 rows): readers and writers of "settings" wait',
  ])
})

test('what lasts for minutes stops the run', async () => {
  const grown = { orders: { heapBytes: 16 * GiB, rowEstimate: 80_000_000 } }
  const verdicts = async (sql: string) =>
    (await findings(sql, grown)).map(({ code, verdict }) => `${code} ${verdict}`)
  expect(await verdicts('ALTER TABLE orders ALTER COLUMN id TYPE bigint')).toEqual(['table-rewrite block'])
  expect(await verdicts('CREATE INDEX x ON orders (total)')).toEqual(['index-blocks-writes block'])
  expect(await verdicts('ALTER TABLE orders ADD CHECK (id > 0)')).toEqual(['table-scan-under-lock warn'])
  expect(await verdicts("UPDATE orders SET note = ''")).toEqual(['rows-locked warn'])
})

test('the sizes that matter can be given', async () => {
  const none = { rewriteBytes: 1e15, buildBytes: 1e15, scanBytes: 1e15, rows: 1e15 }
  const quiet = { quietBelow: none, blockFrom: none }
  expect(await findings('ALTER TABLE orders ALTER COLUMN id TYPE bigint', sizes, quiet)).toEqual([])
})

test('a finding brings the SQL that a careful person would write', async () => {
  const [finding] = await findings('CREATE INDEX x ON orders (total)')
  expect(finding?.hint).toBe('Deploy it as a migration of its own instead, written so that nobody waits.')
  expect(finding?.fixSql).toBe(
    '-- build_x: others read and write while it is built; it may not run in a transaction, so it stands alone\nCREATE INDEX CONCURRENTLY x ON orders (total);',
  )
  const [key] = await findings('ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers')
  expect(key?.hint).toBe('Deploy it as 2 migrations instead, written so that nobody waits.')
  expect(key?.fixSql).toBe(
    [
      '-- alter_orders: only the catalog changes, under a short lock',
      'ALTER TABLE orders ',
      '  ADD CONSTRAINT orders_customer_id_fkey',
      '    FOREIGN KEY(customer_id)',
      '    REFERENCES customers',
      '    NOT VALID;',
      '',
      '-- validate_orders_customer_id_fkey: the rows that are there are checked while others read and write',
      'ALTER TABLE "orders" VALIDATE CONSTRAINT "orders_customer_id_fkey";',
    ].join('\n'),
  )
  const [refresh] = await findings('REFRESH MATERIALIZED VIEW totals')
  expect(refresh).toMatchObject({
    hint: 'Give the view a unique index on plain columns, and refresh it CONCURRENTLY.',
  })
  expect(refresh).not.toHaveProperty('fixSql')
})

test('every code has a page', async () => {
  const sqls = [
    'ALTER TABLE orders ALTER COLUMN id TYPE bigint; ALTER TABLE customers ADD CHECK (id > 0)',
    'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers; CREATE INDEX x ON orders (total)',
    "REFRESH MATERIALIZED VIEW totals; UPDATE orders SET note = ''",
  ]
  const codes: string[] = []
  for (const sql of sqls) codes.push(...(await findings(sql)).map(({ code }) => code))
  expect([...new Set(codes)].sort()).toEqual(lockPages.map(({ code }) => code).sort())
})

test.each([
  ['ALTER TABLE events ADD PRIMARY KEY (id, at)', 'ALTER TABLE ONLY'],
  ['CREATE INDEX ON events (id)', 'ON ONLY'],
])('for a partitioned table %s is to be done partition by partition', async (sql, advice) => {
  const found = (await findings(sql)).filter(({ code }) => code === 'index-blocks-writes')
  expect(found).toEqual([expect.objectContaining({ hint: expect.stringContaining(advice) })])
  expect(found[0]?.hint).toContain('ATTACH PARTITION')
})
