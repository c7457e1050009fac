import { expect, test } from '@jest/globals'
import { collationVersions } from '../../../src/checks/health/collation-versions.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

const passed = {
  results: [
    {
      id: 'collation-version',
      title: 'every collation sorts as when its indexes were built',
      outcome: 'passed',
    },
  ],
  findings: [],
}

/** What the server itself says when it uses something sorted by another version. */
async function runOneByOne(database: TestDatabase, sql: string): Promise<void> {
  for (const statement of sql.split('\n')) await database.query(statement)
}

test('a collation of another version is told with its indexes, and the fix works', async () => {
  const database = await createTestDatabase({
    sql: `CREATE COLLATION german (provider = icu, locale = 'de'); CREATE COLLATION unused (provider = icu, locale = 'fr');
      CREATE COLLATION "For Columns" (provider = icu, locale = 'sv');
      CREATE TABLE t (a text COLLATE german UNIQUE, b text, c text COLLATE "For Columns"); CREATE INDEX "By B" ON t (b COLLATE german)`,
  })
  expect(await ask(collationVersions, database)).toEqual(passed)
  await database.query(
    `UPDATE pg_collation SET collversion = '1.0' WHERE collname IN ('german', 'unused', 'For Columns')`,
  )
  const [{ version }] = await database.query(
    "SELECT pg_collation_actual_version(oid) AS version FROM pg_collation WHERE collname = 'german'",
  )
  const { results, findings } = await ask(collationVersions, database, { step: 'verify' })
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'collation-version',
      kind: 'health',
      verdict: 'warn',
      step: 'verify',
      object: 'german',
      message: `collation "german" was version 1.0 and is now ${version}: 2 indexes may be out of order`,
      hint: 'Look for duplicates, build the indexes again, and only then record the new version; until then pg_restore may fail on them.',
      fixSql: [
        'REINDEX INDEX CONCURRENTLY "public"."By B";',
        'REINDEX INDEX CONCURRENTLY "public"."t_a_key";',
        'ALTER COLLATION "public"."german" REFRESH VERSION;',
      ].join('\n'),
    },
  ])
  await runOneByOne(database, findings[0]?.fixSql ?? '')
  expect(await ask(collationVersions, database)).toEqual(passed)
})

test('the collation of the database itself, where the server knows its version', async () => {
  const maker = await createTestDatabase()
  const [{ version }] = await maker.query("SELECT current_setting('server_version_num')::int AS version")
  if (version < 150000) return
  const template = `${maker.name}_icu`
  await maker.query(
    `CREATE DATABASE "${template}" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'`,
  )
  const database = await createTestDatabase({
    template,
    sql: 'CREATE TABLE t (a text PRIMARY KEY, b int UNIQUE)',
  })
  await maker.query(`DROP DATABASE "${template}"`)
  expect(await ask(collationVersions, database)).toEqual(passed)
  await database.query(`UPDATE pg_database SET datcollversion = '0.0' WHERE datname = current_database()`)
  const { findings } = await ask(collationVersions, database)
  expect(findings).toMatchObject([
    {
      verdict: 'warn',
      object: database.name,
      message: expect.stringMatching(
        /^the collation of database "[^"]+" was version 0\.0 and is now [\d.]+: 1 index may be out of order$/,
      ),
      fixSql: `REINDEX INDEX CONCURRENTLY "public"."t_pkey";\nALTER DATABASE "${database.name}" REFRESH COLLATION VERSION;`,
    },
  ])
  await runOneByOne(database, findings[0]?.fixSql ?? '')
  expect(await ask(collationVersions, database)).toEqual(passed)
})
