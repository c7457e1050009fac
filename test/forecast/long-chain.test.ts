import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { brief, forecastOf, resetDatabase } from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

const setup = `
  CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE names (id int PRIMARY KEY, name text);
  INSERT INTO people SELECT i, 'old ' || i FROM generate_series(1, 50) i;
  INSERT INTO names SELECT i, 'new ' || i FROM generate_series(1, 50) i;`

/** Each file changes the table from another one, so that none can be followed together with the next. */
function file(i: number, condition = ''): string {
  return `
    ALTER TABLE people ADD COLUMN c${i} text;
    UPDATE people SET c${i} = n.name FROM names n WHERE n.id = people.id${condition};
    ALTER TABLE people ALTER COLUMN c${i} SET NOT NULL;
    UPDATE people SET name = n.name FROM names n WHERE n.id = people.id AND n.id = ${i};`
}

async function ask(pending: readonly string[]) {
  await resetDatabase(client, setup)
  const asked: string[] = []
  const watched = new Proxy(client, {
    get: (target, name) =>
      name === 'query'
        ? (sql: string, values?: unknown[]) => {
            if (sql.includes('"~')) asked.push(sql)
            return target.query(sql, values)
          }
        : Reflect.get(target, name),
  })
  return { forecast: await forecastOf(watched, pending), asked }
}

const files = Array.from({ length: 30 }, (_, i) => file(i + 1))

test('a long chain is asked in few questions, not once for each statement on it', async () => {
  const { forecast, asked } = await ask(files)
  expect(forecast.failure).toBeUndefined()
  expect(forecast.doubts).toEqual([])
  expect(brief(forecast.losses)).toEqual(Array(30).fill('update people.name 1 info'))
  const long = asked.filter((sql) => sql.length > 10_000)
  expect(long.length).toBeGreaterThan(0)
  expect(asked.filter((sql) => !sql.includes('WITH bad')).length).toBeLessThan(30)
})

test('of many questions asked together, the one that does not hold is found and its rows are counted', async () => {
  const { forecast } = await ask(files.with(19, file(20, ' AND n.id > 3')))
  expect(forecast.failure?.place).toMatchObject({ migration: 'migration_20', index: 3 })
  expect(forecast.failure).toMatchObject({ sqlstate: '23502', evidence: { count: 3 } })
  expect(forecast.later).toEqual([])
})

test('a long chain shows rows of its first losses, and counts all of them', async () => {
  const { forecast } = await ask(
    Array.from({ length: 90 }, (_, i) => file(i + 1).split(';')[3] ?? '').map((sql, i) =>
      sql.replace(/n\.id = \d+/, `n.id = ${(i % 50) + 1}`),
    ),
  )
  const counts = forecast.losses.map(({ evidence }) => evidence?.count)
  expect(counts).toEqual(Array(50).fill(1))
  expect(forecast.losses.at(0)?.evidence?.samples).toHaveLength(1)
  expect(forecast.losses.at(-1)?.evidence?.samples).toEqual([])
})
