import { beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import { outcomeFindings } from '../../src/forecast/findings.js'
import { makeForecast } from '../../src/forecast/forecast.js'
import { locksWithoutServer } from '../../src/forecast/offline-locks.js'
import { parseStatements } from '../../src/sql/parser.js'
import { filesOf } from '../support/forecast.js'
import { foretellAndRun } from '../support/foretell.js'
import { createTestDatabase } from '../support/test-database.js'
import { twinOf } from '../support/twin.js'

let client: pg.Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

const setup = `
  CREATE TABLE deep (a int, b text); INSERT INTO deep VALUES (1, 'x');
  CREATE TABLE other (a int); INSERT INTO other VALUES (NULL);`

/** More levels than the stack of this process holds, and fewer than that of the server. */
const levels = 3_000
const many = (text: string) => Array(levels).fill(text)

const tooDeep: Record<string, string> = {
  'an UPDATE': `UPDATE deep SET a = ${many('1').join(' + ')}`,
  'an INSERT': `INSERT INTO deep (a, b) VALUES (2, ${many("'x'").join(' || ')})`,
  'a UNION': `INSERT INTO deep (a) ${many('SELECT 1').join(' UNION ALL ')}`,
  'a CHECK': `ALTER TABLE deep ADD CONSTRAINT c CHECK (${many('NOT').join(' ')} a = 1)`,
  'a block': `DO $$ BEGIN ${many('IF true THEN').join(' ')} UPDATE deep SET a = 1; ${many('END IF;').join(' ')} END $$`,
}

test.each(Object.entries(tooDeep))(
  '%s that is too deep for the guard is unknown, with all that it touches',
  async (name, statement) => {
    const { doubts, foretold, real } = await foretellAndRun(
      client,
      setup,
      `${statement}; ALTER TABLE deep ALTER a SET NOT NULL`,
    )
    expect({ foretold, real }).toEqual({ foretold: 'passes', real: 'passes' })
    const own = /^migrate-guard cannot follow it, because of an error of its own \(.+\)$/
    expect(doubts.filter((doubt) => own.test(doubt))).toHaveLength(1)
    // A CHECK leaves the rows as they are, whatever it says; the twin that has it cannot be read any more.
    const others = doubts.filter((doubt) => !own.test(doubt) && !doubt.startsWith('the schema twin was left'))
    expect(others.length > 0).toBe(name !== 'a CHECK')
  },
)

test('what does not touch it is still foretold', async () => {
  const { foretold } = await foretellAndRun(
    client,
    setup,
    `${tooDeep['an UPDATE']}; ALTER TABLE other ALTER a SET NOT NULL`,
  )
  expect(foretold).toBe('23502')
})

test('an error of our own is told once for a statement, blocks, and asks for a report', async () => {
  await client.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${setup}`)
  const twin = await twinOf(client)
  await client.query('BEGIN')
  const files = filesOf([tooDeep['a block'] ?? ''])
  const forecast = await makeForecast(files, [client], 'public', () => undefined, twin)
  await client.query('ROLLBACK')
  const own = outcomeFindings(forecast).filter(({ hint }) => hint?.includes('--debug'))
  expect(own).toEqual([
    expect.objectContaining({
      code: 'decided-by-rehearsal',
      verdict: 'unknown',
      hint: expect.stringContaining('--debug'),
    }),
  ])
  expect(forecast.doubts.find(({ ownError }) => ownError)?.ownError?.stack).toContain('RangeError')
  expect(forecast.losses.filter(({ code }) => code === 'update')).toHaveLength(1)
})

test('without a server the locks of the next statement are told', async () => {
  const files = filesOf(['CREATE TABLE deep (a int)', `${tooDeep['an UPDATE']}; ALTER TABLE deep ADD b int`])
  const found = await locksWithoutServer(files, (name) => name === '2')
  expect(found.map(({ place }) => place.index)).toContain(2)
})

test('what is too deep for the parser is said to be', () => {
  expect(parseStatements(`SELECT ${many('(SELECT').join(' ')} 1 ${many(')').join('')}`)).toEqual({
    problem: { line: 1, message: expect.stringMatching(/nested too deeply|memory exhausted/) },
  })
})
