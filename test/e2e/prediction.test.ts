import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { makeProject } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createTestDatabase } from '../support/test-database.js'

const sql = `
  CREATE TABLE customers (id serial PRIMARY KEY, email text, role text DEFAULT 'member', city varchar(40));
  INSERT INTO customers (email, role, city)
  SELECT CASE WHEN i % 4 = 0 THEN NULL ELSE 'user' || i % 8 || '@example.com' END, CASE WHEN i = 7 THEN 'guest' ELSE 'member' END, 'Town ' || i
    FROM generate_series(1, 12) i;
  CREATE TABLE orders (id serial PRIMARY KEY, customer_id int);
  INSERT INTO orders (customer_id) SELECT i FROM generate_series(1, 15) i;`

/** It must not import from Prisma, which is not there. */
const config = `export default {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL },
}
`

interface Report {
  prediction: string
  exitCode: number
  migrations: { name: string; prediction: string }[]
  findings: {
    code: string
    kind: string
    verdict: string
    migration: string
    line: number
    message: string
    evidence: { count: number; samples: Record<string, string>[] } | null
    findSql: string | null
    fixSql: string | null
  }[]
}

async function check(
  migrations: Record<string, string>,
  extra: string[] = [],
  setup = sql,
  { hasPrisma = true } = {},
) {
  const database = await createTestDatabase({ sql: setup })
  const project = await makeProject({ migrations, ...(hasPrisma ? {} : { config }) })
  if (!hasPrisma) await rm(join(project.directory, 'node_modules'))
  const { stdout, stderr, exitCode } = await runCli(['check', '--json', ...extra], {
    cwd: project.directory,
    env: { DATABASE_URL: database.url },
    hasTwin: true,
  })
  await project.remove()
  return { database, report: JSON.parse(stdout) as Report, exitCode, output: stdout + stderr }
}

test('a migration that fixes its rows first succeeds, whatever stands in the rows today', async () => {
  const { report, exitCode } = await check({
    '1_mend': `UPDATE customers SET email = 'none-' || id WHERE email IS NULL;
DELETE FROM orders o WHERE NOT EXISTS (SELECT FROM customers c WHERE c.id = o.customer_id);`,
    '2_strict': `ALTER TABLE customers RENAME COLUMN email TO mail;
ALTER TABLE customers ALTER mail SET NOT NULL;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id);`,
  })
  expect(report.migrations.map(({ prediction }) => prediction)).toEqual(['succeeds', 'succeeds'])
  expect(report.prediction).toBe('succeeds')
  // Rows go with the DELETE, and nobody has accepted that yet.
  expect(report.findings.filter(({ kind }) => kind === 'failure')).toEqual([])
  expect(report.findings).toContainEqual(expect.objectContaining({ code: 'delete', kind: 'loss' }))
  expect(exitCode).toBe(0)
})

test('the statement that fails is named, with its SQLSTATE, the exact count, and SQL that finds and fixes the rows', async () => {
  const { report, exitCode, database } = await check({
    '1_fine': 'CREATE TABLE notes (id int PRIMARY KEY);',
    '2_fails': `ALTER TABLE customers ADD COLUMN note text;
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);`,
    '3_never_runs': 'ALTER TABLE customers ALTER email SET NOT NULL;',
  })
  expect(exitCode).toBe(3)
  expect(report.prediction).toBe('fails')
  expect(report.migrations.map(({ prediction }) => prediction)).toEqual([
    'succeeds',
    'fails',
    'decided-by-rehearsal',
  ])
  const failures = report.findings.filter(({ kind, verdict }) => kind === 'failure' && verdict === 'block')
  expect(failures).toHaveLength(1)
  const [failure] = failures
  expect(failure).toMatchObject({
    code: 'foreign-key-violation',
    verdict: 'block',
    migration: '2_fails',
    line: 2,
    evidence: { count: 3 },
  })
  expect(failure?.message).toContain('23503')
  expect(await database.query(failure?.findSql ?? '')).toHaveLength(3)
  await expect(
    database.query('ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)'),
  ).rejects.toMatchObject({ code: '23503' })
  await database.query(failure?.fixSql ?? '')
  await database.query('ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)')
})

test('a check asks nothing of Prisma, which need not be installed', async () => {
  const { report, exitCode } = await check({ '1_fine': 'CREATE TABLE notes (id int);' }, [], sql, {
    hasPrisma: false,
  })
  expect(report.prediction).toBe('succeeds')
  expect(exitCode).toBe(0)
})

test('values stand in no output unless somebody asks to see them', async () => {
  const migrations = {
    '1_cast': 'ALTER TABLE customers ALTER role DROP DEFAULT, ALTER role TYPE int USING role::int;',
  }
  const { report, output } = await check(migrations)
  expect(report.findings.find(({ kind }) => kind === 'failure')?.code).toBe('invalid-value')
  expect(output).not.toMatch(/guest|"member|user1@|Town 1/)
})

test('what cannot be told is left to the rehearsal, and stops the run', async () => {
  const { report, exitCode } = await check({
    '1_random': `UPDATE customers SET email = 'x' WHERE random() < 0.5;
CREATE UNIQUE INDEX customers_email ON customers (email);`,
  })
  expect(report.prediction).toBe('decided-by-rehearsal')
  expect(exitCode).toBe(3)
  expect(report.findings).toContainEqual(
    expect.objectContaining({ code: 'decided-by-rehearsal', verdict: 'unknown' }),
  )
})

test('behind code whose effect is not known nothing is promised of the next files', async () => {
  const { report } = await check({
    '1_plain': 'ALTER TABLE customers ADD COLUMN first int;',
    '2_by_chance': `DO $$ BEGIN
  IF (SELECT count(*) FROM customers) > random() * 100 THEN
    EXECUTE 'ALTER TABLE customers RENAME COLUMN city TO town';
  END IF;
END $$;`,
    '3_after': 'ALTER TABLE customers ADD COLUMN last int;',
  })
  expect(report.migrations.map(({ prediction }) => prediction)).toEqual([
    'succeeds',
    'decided-by-rehearsal',
    'decided-by-rehearsal',
  ])
})

test('a question that takes too long is unknown', async () => {
  const { report, exitCode } = await check(
    { '1_unique': 'CREATE UNIQUE INDEX c ON customers (city);' },
    ['--question-timeout', '1ms'],
    `${sql} INSERT INTO customers (city) SELECT 'City ' || i FROM generate_series(1, 300000) i;`,
  )
  expect(exitCode).toBe(3)
  expect(report.prediction).not.toBe('succeeds')
  expect(report.findings.every(({ verdict }) => verdict !== 'block')).toBe(true)
})

test('a check reads, and leaves rows, sequences and statistics as they were', async () => {
  const state = `SELECT (SELECT json_agg(t) FROM customers t), (SELECT last_value FROM customers_id_seq),
    (SELECT count(*) FROM pg_statistic), (SELECT json_agg(xmin::text) FROM customers), (SELECT count(*) FROM pg_class)`
  const setup = `${sql} ANALYZE;`
  const database = await createTestDatabase({ sql: setup })
  const project = await makeProject({
    migrations: {
      '1_all': `INSERT INTO customers (email) VALUES ('new@example.com');
UPDATE customers SET city = upper(city);
DELETE FROM orders WHERE id > 10;
ALTER TABLE customers ADD COLUMN code serial;`,
    },
  })
  const before = await database.query(state)
  const { exitCode } = await runCli(['check', '--json'], {
    cwd: project.directory,
    env: { DATABASE_URL: database.url },
    hasTwin: true,
  })
  await project.remove()
  expect(exitCode).not.toBe(1)
  expect(await database.query(state)).toEqual(before)
})
