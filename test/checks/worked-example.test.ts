import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { type CheckFile, readCheckFile } from '../../src/checks/check-file.js'
import { runDeclaredChecks } from '../../src/checks/declared-checks.js'
import type { MeasuredFacts } from '../../src/checks/facts.js'
import type { Finding, Findings } from '../../src/domain/finding.js'
import { loadParser, parseStatements } from '../../src/sql/parser.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const migrations = new URL('../../prisma/migrations/', import.meta.url)
const hierarchy = '20261120043400_hierarchical_contacts'
const migrationSql = (name: string) => readFileSync(new URL(`${name}/migration.sql`, migrations), 'utf8')

function readChecks(time: 'before' | 'after'): CheckFile[] {
  const folder = new URL(`${hierarchy}/checks/${time}/`, migrations)
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8')
      const source = {
        id: `${hierarchy}/${time}/${name}`,
        file: name,
        folderId: hierarchy,
        migration: hierarchy,
        text,
      }
      const check = readCheckFile(source, parseStatements)
      if ('problem' in check) throw new Error(`${name}: ${check.problem}`)
      return check
    })
}

const rows = `
  INSERT INTO tenants (name) VALUES ('one'), ('two');
  INSERT INTO companies (tenant_id, name) VALUES (1, 'A'), (2, 'B');
  INSERT INTO customers (tenant_id, company_id, name, email) VALUES
    (1, 1, 'Ann', 'ann@example.com'), (1, NULL, 'Bob', NULL), (2, 2, 'Ann', 'ann@example.com'), (1, 1, 'Cy', NULL);
  INSERT INTO orders (tenant_id, customer_id, number, total) VALUES (1, 1, 'o1', 1), (2, 3, 'o2', 2), (1, 2, 'o3', 3);`

/** Does the damage, asks, and undoes it. With `fix`, runs the fix of every finding and asks again. */
async function askAfter(
  damage: string,
  time: 'before' | 'after',
  database: TestDatabase,
  measured: MeasuredFacts = new Map(),
): Promise<{ found: Findings; fixed: Findings }> {
  const client = await database.client()
  await client.query('BEGIN')
  await client.query(damage)
  const step = time === 'before' ? 'check' : 'verify'
  const context = { step, schema: 'public', timeoutMs: 60_000, measured } as const
  const look = () => runDeclaredChecks(readChecks(time), [client], context, () => undefined)
  const found = await look()
  await client.query('SET LOCAL search_path = public')
  for (const { fixSql } of found.findings) if (fixSql) await client.query(fixSql)
  const fixed = await look()
  await client.query('ROLLBACK')
  await client.end()
  return { found, fixed }
}

const numbers = (findings: readonly Finding[]) => findings.map(({ file }) => file?.slice(0, 3))
const outcomes = ({ results }: Findings) =>
  results.map(({ id, outcome }) => `${id.split('/')[2]?.slice(0, 3)} ${outcome}`)

let empty: TestDatabase
let filled: TestDatabase
let emptyAfter: TestDatabase
let filledAfter: TestDatabase
let measured: MeasuredFacts

beforeAll(async () => {
  await loadParser()
  empty = await createTestDatabase({ sql: migrationSql('20260105090000_crm') })
  filled = await createTestDatabase({ template: empty.name, sql: rows })
  emptyAfter = await createTestDatabase({ template: empty.name, sql: migrationSql(hierarchy) })
  filledAfter = await createTestDatabase({ template: filled.name, sql: migrationSql(hierarchy) })
  const { found } = await askAfter('', 'before', filled)
  measured = new Map(found.results.flatMap(({ id, facts }) => (facts ? [[id, facts]] : [])))
})

test('there are 22 checks', () => {
  expect(readChecks('before').length + readChecks('after').length).toBe(22)
})

test('before: on an empty and on a filled database nothing is wrong', async () => {
  const none = (await askAfter('', 'before', empty)).found
  const some = (await askAfter('', 'before', filled)).found
  expect([none.findings, some.findings]).toEqual([[], []])
  expect(outcomes(none)).toEqual(outcomes(some))
  expect(outcomes(some)).toEqual([
    '010 passed',
    '020 info',
    '030 info',
    '040 passed',
    '050 info',
    '060 passed',
    '070 passed',
    '080 passed',
    '090 passed',
    '100 passed',
  ])
  const facts = (found: Findings) => found.results.flatMap(({ facts: one }) => (one ? [one.row_count] : []))
  expect(facts(none)).toEqual(['0', '0', '0'])
  expect(facts(some)).toEqual(['4', '1', '3'])
})

describe('before: each damage is named, and only it', () => {
  test.each<[string, string, string, number, string | undefined]>([
    [
      'a company without a tenant',
      `INSERT INTO companies (tenant_id, name) VALUES (99, 'x')`,
      '040',
      1,
      '[]',
    ],
    [
      'an order without a customer',
      `INSERT INTO orders (tenant_id, customer_id, number, total) VALUES (1, 98, 'x', 1), (1, 99, 'x', 1)`,
      '060',
      2,
      '[]',
    ],
    [
      'an order of another tenant',
      `INSERT INTO orders (tenant_id, customer_id, number, total) VALUES (2, 1, 'x', 1)`,
      '070',
      1,
      undefined,
    ],
    [
      'an e-mail used twice',
      `INSERT INTO customers (tenant_id, name, email) VALUES (1, 'x', 'ann@example.com'), (1, 'y', 'ann@example.com'), (1, 'z', ''), (1, 'z', '')`,
      '080',
      2,
      '[]',
    ],
    [
      'a customer of a company that is not there',
      `INSERT INTO customers (tenant_id, company_id, name) VALUES (1, 99, 'x')`,
      '090',
      1,
      '[]',
    ],
    [
      "a customer of another tenant's company",
      `INSERT INTO customers (tenant_id, company_id, name) VALUES (1, 2, 'x')`,
      '100',
      1,
      undefined,
    ],
  ])('%s', async (_, damage, number, count, afterFix) => {
    const { found, fixed } = await askAfter(damage, 'before', filled)
    expect(numbers(found.findings)).toEqual([number])
    const [finding] = found.findings as [Finding]
    expect(finding.verdict).toBe('block')
    expect(finding.evidence?.count).toBe(count)
    expect(finding.message).toContain(`"${found.results.find(({ id }) => id.includes(`/${number}`))?.title}"`)
    expect(finding.fixSql !== undefined).toBe(afterFix !== undefined)
    if (afterFix) expect(JSON.stringify(numbers(fixed.findings))).toBe(afterFix)
  })

  test('the table is not there: said once', async () => {
    const { found } = await askAfter('DROP TABLE customers', 'before', filled)
    expect(numbers(found.findings)).toEqual(['010'])
    expect(outcomes(found)).toEqual([
      '010 failed',
      '020 not-made',
      '030 not-made',
      '040 not-made',
      '050 info',
      '060 not-made',
      '070 not-made',
      '080 not-made',
      '090 not-made',
      '100 not-made',
    ])
  })
})

test('after: nothing is wrong, and what was counted before is there', async () => {
  const { found } = await askAfter('', 'after', filledAfter, measured)
  expect(found.findings).toEqual([])
  expect(found.results.every(({ outcome }) => outcome === 'passed')).toBe(true)
  expect(found.results).toHaveLength(12)
})

test('after: on an empty database nothing is wrong; without earlier counts three are not made', async () => {
  const { found } = await askAfter('', 'after', emptyAfter)
  expect(found.findings).toEqual([])
  expect(outcomes(found).filter((one) => !one.endsWith('passed'))).toEqual([
    '030 not-made',
    '040 not-made',
    '060 not-made',
  ])
})

describe('after: each damage is named', () => {
  test.each<[string, string, string[]]>([
    ['the contacts are gone', 'ALTER TABLE contacts RENAME TO gone', ['010', '100', '110', '120']],
    ['the old table is back', 'CREATE TABLE customers (id int)', ['020']],
    ['a contact is lost', "DELETE FROM contacts WHERE name = 'Cy'", ['030']],
    ['an order is lost', 'DELETE FROM orders WHERE id = 1', ['040']],
    ["a contact of another tenant's company", 'UPDATE contacts SET company_id = 2 WHERE id = 4', ['050']],
    [
      'a contact that left the default company',
      "UPDATE contacts SET company_id = 1 WHERE name = 'Bob'",
      ['060'],
    ],
    ['a column that may be empty', 'ALTER TABLE orders ALTER company_id DROP NOT NULL', ['070']],
    [
      "an order of a company that is not its contact's",
      'ALTER TABLE orders DISABLE TRIGGER USER; UPDATE orders SET company_id = 2 WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE orders ENABLE TRIGGER USER',
      ['080'],
    ],
    ['no addresses', 'DROP TABLE addresses CASCADE', ['090', '100', '110']],
    ['an index is missing', 'DROP INDEX contacts_company_id_idx', ['100']],
    ['a foreign key is missing', 'ALTER TABLE orders DROP CONSTRAINT orders_company_id_fkey', ['110']],
    ['a trigger is off', 'ALTER TABLE orders DISABLE TRIGGER orders_company_from_contact', ['120']],
  ])('%s', async (_, damage, expected) => {
    const { found } = await askAfter(damage, 'after', filledAfter, measured)
    expect(numbers(found.findings)).toEqual(expected)
    expect(found.findings.every(({ verdict, step }) => verdict === 'block' && step === 'verify')).toBe(true)
  })

  test('the fix of 080 fixes it', async () => {
    const damage = `ALTER TABLE orders DISABLE TRIGGER orders_company_from_contact; UPDATE orders SET company_id = 2 WHERE id = 1;
      SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE orders ENABLE TRIGGER orders_company_from_contact`
    const { found, fixed } = await askAfter(damage, 'after', filledAfter, measured)
    expect([numbers(found.findings), numbers(fixed.findings)]).toEqual([['080'], []])
  })
})
