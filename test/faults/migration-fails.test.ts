import { expect, test } from '@jest/globals'
import { firstMigration, makeGuardedDatabase } from '../support/guarded-database.js'
import { isLong } from '../support/long.js'

const second = '20260201000000_second'
const third = '20260202000000_third'

const refusals: readonly (readonly [string, string, RegExp])[] = [
  [
    'a duplicate key',
    'CREATE UNIQUE INDEX people_email_key ON people (email);',
    /^migration ".*" failed: line 3: could not create unique index "people_email_key" \(23505\); the target is proven unchanged$/,
  ],
  [
    'a NULL',
    'ALTER TABLE people ALTER COLUMN city SET NOT NULL;',
    /failed: line 3: column "city" of relation "people" contains null values \(23502\); the target is proven unchanged$/,
  ],
  [
    'an orphan',
    'ALTER TABLE visits ADD CONSTRAINT visits_person_fkey FOREIGN KEY (person) REFERENCES people (id);',
    /failed: line 3: insert or update on table "visits" violates foreign key constraint "visits_person_fkey" \(23503\); the target/,
  ],
]

test.each(isLong ? refusals : refusals.slice(0, 1))(
  '%s in the data stops a later statement: 20, line and SQLSTATE',
  async (_, statement, message) => {
    const guarded = await makeGuardedDatabase({
      [second]: `ALTER TABLE people ADD COLUMN phone text;\nUPDATE people SET phone = 'none';\n${statement}\n`,
    })
    const before = await guarded.truth()
    const result = await guarded.deploy()
    expect(result.exitCode).toBe(20)
    expect(result.record.failure?.message).toMatch(message)
    expect(result.record.failure?.hint).toBe(
      'Correct the migration or the data, then run the command again; the history is clean.',
    )
    expect(await guarded.truth()).toEqual({
      ...before,
      history: [`${firstMigration}: finished`, `${second}: rolled back`],
    })
  },
)

test('the second of two fails: 21, the first is applied, and the evidence says exactly that', async () => {
  const guarded = await makeGuardedDatabase({
    [second]: 'ALTER TABLE people ADD COLUMN phone text;\n',
    [third]: 'CREATE TABLE phones (id int);\nALTER TABLE people ALTER COLUMN city SET NOT NULL;\n',
  })
  const before = await guarded.truth()
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(21)
  expect(result.record.databaseState).toBe('changed')
  expect(result.record.failure).toMatchObject({
    code: 'deploy-incomplete',
    message: `migration "${third}" failed: line 2: column "city" of relation "people" contains null values (23502); exactly the first 1 of 2 migrations applied`,
    hint: `Correct the migration or the data, then run the command again; the history is clean. Applied and there to stay: "${second}".`,
  })
  expect(result.evidence.replace(/transaction \d+/g, 'transaction N').split('\n')).toEqual([
    'prisma migrate deploy ended with exit code 1',
    'no session of the deploy is left on the server',
    `the history row of "${second}" from this run is finished and has the planned checksum`,
    `the server says that transaction N of "${second}" is committed`,
    `"${third}" was started by this run and has no finished history row`,
    `the server says that transaction N of "${third}" is aborted`,
    'the catalog differs from the one before the deploy',
    'in the catalog: column public.people.phone is new',
    `the attempt is marked as rolled back in the migration history: "${third}"`,
  ])
  const truth = await guarded.truth()
  expect(truth).toMatchObject({
    columns: [...before.columns, 'phone'],
    tables: before.tables,
    history: [`${firstMigration}: finished`, `${second}: finished`, `${third}: rolled back`],
  })
  await guarded.database.query("UPDATE people SET city = 'somewhere' WHERE city IS NULL")
  expect((await guarded.deploy()).exitCode).toBe(0)
})

test('a statement-by-statement file stops at statement 3: 21, and it is named', async () => {
  const guarded = await makeGuardedDatabase({
    [second]: `CREATE INDEX CONCURRENTLY people_city ON people (city);
UPDATE people SET email = lower(email);
ALTER TABLE people ALTER COLUMN city SET NOT NULL;
`,
  })
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(21)
  expect(result.record.databaseState).toBe('changed')
  expect(result.record.failure?.message).toBe(
    `migration "${second}" failed: line 3: column "city" of relation "people" contains null values (23502); partly applied: the first 2 statements of "${second}"`,
  )
  expect(result.record.failure?.hint).toMatch(
    /^A part of ".*" is in the database: correct what stopped it, then run npx migrate-guard resolve --yes, which runs the rest of it\.$/,
  )
  expect(result.evidence).toContain(
    `"${second}" runs statement by statement: 2 of 3 statements finished, 1 did not; 2 of them took effect`,
  )
  expect((await guarded.truth()).history).toEqual([`${firstMigration}: finished`, `${second}: unfinished`])

  const next = await guarded.deploy()
  expect(next.exitCode).toBe(3)
  expect(next.stdout).toContain('failed-migration')
})

test('CREATE UNIQUE INDEX CONCURRENTLY on duplicates: 21, and the invalid index is named', async () => {
  const guarded = await makeGuardedDatabase({
    [second]: 'CREATE UNIQUE INDEX CONCURRENTLY people_email_key ON people (email);\n',
  })
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(21)
  expect(result.record.deployment?.invalidIndexes).toEqual(['people_email_key'])
  expect(result.record.failure?.message).toMatch(
    /could not create unique index .* \(23505\); partly applied: index public.people_email_key, which is not valid$/,
  )
  expect(result.record.failure?.hint).toContain('drops the invalid index people_email_key')
  expect((await guarded.truth()).invalidIndexes).toEqual(['people_email_key'])
})

test('a statement-by-statement file whose first statement is refused leaves nothing: 20', async () => {
  const guarded = await makeGuardedDatabase({
    [second]:
      'BEGIN;\nUPDATE people SET email = lower(email);\nALTER TABLE people ALTER COLUMN city SET NOT NULL;\nCOMMIT;\nVACUUM people;\n',
  })
  const before = await guarded.truth()
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(20)
  expect(result.record.databaseState).toBe('unchanged')
  expect(await guarded.truth()).toEqual({
    ...before,
    history: [`${firstMigration}: finished`, `${second}: rolled back`],
  })
})
