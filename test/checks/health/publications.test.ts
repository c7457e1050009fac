import { beforeEach, expect, test } from '@jest/globals'
import { publications } from '../../../src/checks/health/publications.js'
import { publishedTables } from '../../../src/checks/health/published-tables.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase({
    sql: `CREATE TABLE keyed (id int PRIMARY KEY); CREATE TABLE bare (id int); CREATE TABLE unpublished (id int);
      CREATE TABLE whole (id int); ALTER TABLE whole REPLICA IDENTITY FULL;
      CREATE TABLE chosen (id int NOT NULL UNIQUE); ALTER TABLE chosen REPLICA IDENTITY USING INDEX chosen_id_key;
      CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
      CREATE TABLE late (id int PRIMARY KEY DEFERRABLE);
      INSERT INTO keyed VALUES (1); INSERT INTO bare VALUES (1); INSERT INTO whole VALUES (1);
      INSERT INTO chosen VALUES (1); INSERT INTO nothing VALUES (1); INSERT INTO late VALUES (1)`,
  })
})

const published = ['keyed', 'bare', 'whole', 'chosen', 'nothing', 'late']
const table = (name: string, strongestLock?: string) => ({
  schema: 'public',
  name,
  ...(strongestLock ? { strongestLock } : {}),
})

/** The published tables that the server lets nobody update. */
async function refused(): Promise<string[]> {
  const tables: string[] = []
  for (const name of published) {
    await database.query(`UPDATE ${name} SET id = 2`).catch(({ code }) => {
      if (code === '55000') tables.push(name)
    })
  }
  return tables.sort()
}

test('a published table is told exactly when the server refuses to update it, and the fix works', async () => {
  expect(await ask(publications, database)).toEqual({
    results: [
      {
        id: 'publication-without-identity',
        title: 'every published table has a replica identity',
        outcome: 'passed',
      },
    ],
    findings: [],
  })
  await database.query(`CREATE PUBLICATION feed FOR TABLE ${published.join(', ')}`)
  await database.query('CREATE PUBLICATION "Inserts" FOR TABLE bare')
  const { results, findings } = await ask(publications, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings.map(({ object }) => object)).toEqual(['bare', 'late', 'nothing'])
  expect(await refused()).toEqual(['bare', 'late', 'nothing'])
  expect(findings[0]).toEqual({
    code: 'publication-without-identity',
    kind: 'health',
    verdict: 'warn',
    step: 'check',
    object: 'bare',
    message:
      '"bare" is published by "Inserts", "feed" and has neither primary key nor replica identity: every UPDATE and DELETE of it fails',
    hint: 'Give it a primary key; REPLICA IDENTITY FULL helps at once and makes each change more expensive.',
    fixSql: 'ALTER TABLE "public"."bare" REPLICA IDENTITY FULL;',
  })
  for (const { fixSql } of findings) await database.query(fixSql ?? '')
  expect((await ask(publications, database)).findings).toEqual([])
  expect(await refused()).toEqual([])
})

test('only the tables that the migrations concern are told, when they are known', async () => {
  await database.query('CREATE PUBLICATION feed FOR ALL TABLES')
  const { findings } = await ask(publications, database, {
    concerned: { tables: [table('bare'), table('keyed')] },
  })
  expect(findings).toMatchObject([{ object: 'bare' }])
})

test('a publication of inserts needs no identity', async () => {
  await database.query("CREATE PUBLICATION feed FOR TABLE bare WITH (publish = 'insert, truncate')")
  expect((await ask(publications, database)).findings).toEqual([])
  expect(await refused()).toEqual([])
})

test('a change of the schema of a published table is told for each publication', async () => {
  expect((await ask(publishedTables, database)).results).toMatchObject([{ outcome: 'not-made' }])
  const concerned = {
    tables: [
      table('keyed', 'ACCESS EXCLUSIVE'),
      table('bare'),
      table('whole', 'ROW EXCLUSIVE'),
      table('unpublished', 'ACCESS EXCLUSIVE'),
    ],
  }
  expect((await ask(publishedTables, database, { concerned })).results).toMatchObject([{ outcome: 'passed' }])
  await database.query(`CREATE PUBLICATION feed FOR TABLE ${published.join(', ')}`)
  await database.query('CREATE PUBLICATION empty')
  expect((await ask(publishedTables, database, { concerned })).findings).toEqual([
    {
      code: 'published-table',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      object: 'feed',
      message: 'publication "feed" sends 2 tables that the migrations change to its subscribers: bare, keyed',
      hint: 'Changes of the schema are not sent: add columns on the subscribers first and drop them there last, or replication stops.',
    },
  ])
})
