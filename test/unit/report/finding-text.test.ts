import { expect, test } from '@jest/globals'
import type { Finding } from '../../../src/domain/finding.js'
import { formatFinding } from '../../../src/report/finding-text.js'

const blocker: Finding = {
  code: 'unique-duplicates',
  kind: 'failure',
  verdict: 'block',
  step: 'check',
  message: '12 rows of "customers" share their email with another row',
  migration: '20261119_unique_email',
  file: 'prisma/migrations/20261119_unique_email/migration.sql',
  line: 3,
  object: 'customers_email_key',
  evidence: { count: 12, samples: [{ id: 4 }, { id: 9 }] },
  hint: 'Merge or rename the duplicates, then run again.',
  findSql: 'SELECT id, email\n  FROM customers\n WHERE email IN (…);\n',
  fixSql: 'UPDATE customers SET email = NULL WHERE id = 9;',
}

test('a blocker says what, where, how many, how to find, how to fix and how to override', () => {
  expect(
    formatFinding(blocker),
  ).toBe(`blocker unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
  12 rows of "customers" share their email with another row
  rows: 12; for example id=4, id=9
  find: SELECT id, email
          FROM customers
         WHERE email IN (…);
  fix:  UPDATE customers SET email = NULL WHERE id = 9;
  hint: Merge or rename the duplicates, then run again.
  override: --accept unique-duplicates:customers_email_key="reason"   (stored in the run record and the report)`)
})

test('an accepted blocker gives its reason and needs no override', () => {
  const { findSql: _find, fixSql: _fix, hint: _hint, evidence: _evidence, ...short } = blocker
  expect(formatFinding({ ...short, accepted: 'cleaned up\nby hand at 03:00' })).toBe(
    `accepted unique-duplicates  prisma/migrations/20261119_unique_email/migration.sql:3
  12 rows of "customers" share their email with another row
  accepted: cleaned up by hand at 03:00`,
  )
})

test('an unknown says so and can be overridden', () => {
  expect(
    formatFinding({
      code: 'cannot-tell',
      kind: 'failure',
      verdict: 'unknown',
      step: 'check',
      message: 'the question about "orders" was not answered',
      file: 'a.sql',
    }),
  ).toBe(`unknown cannot-tell  a.sql
  the question about "orders" was not answered
  override: --accept cannot-tell="reason"   (stored in the run record and the report)`)
})

test('a warning has no override; without a file it names the object', () => {
  expect(
    formatFinding({
      code: 'long-transaction',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      message: 'a transaction has been open for 2 h 4 min',
      object: 'pid 4711',
      evidence: { count: 1200, samples: [] },
    }),
  ).toBe(`warning long-transaction  pid 4711
  a transaction has been open for 2 h 4 min
  rows: 1,200`)
})

test('an info without any place is two lines', () => {
  const info: Finding = { code: 'size', kind: 'health', verdict: 'info', step: 'check', message: 'small' }
  expect(formatFinding(info)).toBe('info size\n  small')
})

test('keys of several columns stand in brackets', () => {
  const evidence = {
    count: 2,
    samples: [
      { tenant: 1, email: 'a b' },
      { tenant: 2, email: null },
    ],
  }
  expect(
    formatFinding({ code: 'c', kind: 'loss', verdict: 'warn', step: 'check', message: 'm', evidence }),
  ).toBe('warning c\n  m\n  rows: 2; for example (tenant=1, email="a b"), (tenant=2, email=NULL)')
})

test('hostile names can neither add a line nor colour one', () => {
  expect(
    formatFinding({
      code: 'orphans',
      kind: 'failure',
      verdict: 'block',
      step: 'check',
      message: 'rows of "x\n  accepted: \x1b[32mall is well" have no parent',
      object: 'x\n  accepted: y',
      evidence: { count: 1, samples: [{ 'k\n': '\x1b]0;t\x07v\nw' }] },
      findSql: 'SELECT * FROM "x\n  accepted: \x1b[32my"',
    }),
  ).toBe(`blocker orphans  x   accepted: y
  rows of "x   accepted: all is well" have no parent
  rows: 1; for example k ="v w"
  find: SELECT * FROM "x
          accepted: y"
  override: --accept 'orphans:x   accepted: y'="reason"   (stored in the run record and the report)`)
})

test('the override can be pasted into a shell, whatever the object is called', () => {
  const lineFor = (object: string) =>
    formatFinding({ ...blocker, object })
      .split('\n')
      .at(-1)
  expect(lineFor('order lines')).toContain(` --accept 'unique-duplicates:order lines'="reason"`)
  expect(lineFor("it's $HOME")).toContain(` --accept 'unique-duplicates:it'\\''s $HOME'="reason"`)
})
