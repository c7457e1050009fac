import { expect, test } from '@jest/globals'
import { concludeChecks, makeChecks } from '../../src/checks/check.js'
import { tableChecks } from '../../src/checks/general-checks.js'
import { gate } from '../../src/checks/harmless/gate.js'
import type { Findings } from '../../src/domain/finding.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { readDeclaredSchema } from '../../src/sql/declared-schema.js'
import { ownSearchPath } from '../../src/sql/search-path.js'
import { filesOf } from '../support/forecast.js'
import { parse } from '../support/parse.js'
import { withTestDatabase } from '../support/test-database.js'

// The tables are asked before the forecast is made. What the pending migrations put right is left out afterwards.

const tables = `
  CREATE TABLE people (id int PRIMARY KEY, email text);
  CREATE TABLE orders (id int PRIMARY KEY, person_id int);
  INSERT INTO people VALUES (1, 'ann@x'), (2, 'ann@x');
  INSERT INTO orders VALUES (1, 1), (2, 7);
  ALTER TABLE orders ADD CONSTRAINT orders_person_id_fkey FOREIGN KEY (person_id) REFERENCES people NOT VALID;`
const declared = 'CREATE UNIQUE INDEX people_email_key ON people (email);'

async function findBefore(pending: string): Promise<Findings> {
  return withTestDatabase(async (database) => {
    await database.query(tables)
    const client = await database.client()
    await client.query(`SET search_path = ${ownSearchPath}`)
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const { readers } = await gate([client] as const)
    const context = {
      step: 'check' as const,
      schema: 'public',
      declared: readDeclaredSchema(parse(declared), { enforcesRelations: true }),
    }
    const made = await makeChecks(tableChecks, readers, context, () => undefined)
    const { failure, future } = await makeForecast(filesOf([pending]), readers, 'public')
    expect(failure).toBeUndefined()
    return concludeChecks(made, readers[0], context, future)
  })
}

const codesOf = ({ findings }: Findings) => findings.map(({ code }) => code)
const outcomesOf = ({ results }: Findings) =>
  results.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id)

test('what the migrations leave as it is, is found', async () => {
  const found = await findBefore('ALTER TABLE people ADD COLUMN name text')
  expect(codesOf(found)).toEqual(expect.arrayContaining(['duplicate-keys', 'orphan-rows']))
  expect(outcomesOf(found)).toEqual(expect.arrayContaining(['duplicate-keys', 'orphan-rows']))
})

test('what one of them puts right is left out, and nothing else', async () => {
  const found = await findBefore('DELETE FROM orders WHERE person_id = 7')
  expect(codesOf(found)).toContain('duplicate-keys')
  expect(codesOf(found)).not.toContain('orphan-rows')
  expect(outcomesOf(found)).not.toContain('orphan-rows')
})

test('so is a duplicate that they merge', async () => {
  const found = await findBefore('DELETE FROM people WHERE id = 2')
  expect(codesOf(found)).toContain('orphan-rows')
  expect(codesOf(found)).not.toContain('duplicate-keys')
})
