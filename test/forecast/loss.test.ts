import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Client } from 'pg'
import { type Finding, isBlocking } from '../../src/domain/finding.js'
import {
  apply,
  brief,
  emptyAllTables,
  forecastOf,
  lossBetween,
  readRows,
  resetDatabase,
  type Truth,
  withProposal,
} from '../support/losses.js'
import { createTestDatabase } from '../support/test-database.js'
import { type Case, cases, shop } from './corpus/losses.js'

let client: Client

beforeAll(async () => {
  client = await (await createTestDatabase()).client()
})

async function prepare({ setup = '' }: Case): Promise<void> {
  await resetDatabase(client, `${shop};${setup}`)
}

/** What the findings say goes, in the terms of the truth. A changed type changes how a value is written, and is left out. */
function foretold(losses: readonly Finding[]): Truth {
  const truth = { rows: {} as Record<string, number>, values: {} as Record<string, number> }
  for (const { code, object = '', evidence, message } of losses) {
    if (/^(drop-sequence|narrowing|lost-time-zone)$/.test(code) || /^CASCADE also/.test(message)) continue
    const name = object.replace(/^old\./, '')
    const counts = truth[name.includes('.') ? 'values' : 'rows']
    counts[name] = (counts[name] ?? 0) + (evidence?.count ?? 0)
  }
  return truth
}

/** With what is proposed in front of the statement, the finding no longer blocks, and the files still run. */
async function expectAnswered(
  files: readonly string[],
  { code, object, fixSql, ...loss }: Finding,
): Promise<void> {
  const better = withProposal(files, { code, object, fixSql, ...loss } as Finding)
  const { losses, failure } = await forecastOf(client, better)
  const left = losses.filter((one) => one.code === code && one.object === object && isBlocking(one))
  expect({ better, failure, left }).toEqual({ better, failure: undefined, left: [] })
  await client.query('BEGIN')
  for (const sql of better) await client.query(sql)
  await client.query('ROLLBACK')
}

describe('what is lost', () => {
  test.each(cases)('$name', async (one) => {
    const { files, findings, message, fixSql, truth } = one
    await prepare(one)
    const { losses, failure } = await forecastOf(client, files)
    expect({ failure, losses: brief(losses) }).toEqual({ failure: undefined, losses: findings })
    if (message !== undefined) expect(losses.map((loss) => loss.message)).toContain(message)
    if (fixSql !== undefined) expect(losses.map((loss) => loss.fixSql)).toContain(fixSql)

    for (const loss of losses) {
      // Behind what the migration itself makes of the rows.
      expect(loss.findSql?.split('\n').at(-1)).not.toMatch(/\btrue AND|AND true\b/)
      expect((await client.query(loss.findSql ?? '')).rows).toHaveLength(loss.evidence?.count ?? -1)
      if (loss.fixSql !== undefined) await expectAnswered(files, loss)
    }
    const before = await readRows(client)
    await apply(client, files)
    expect(lossBetween(before, await readRows(client))).toEqual(truth ?? foretold(losses))
  })

  test.each(cases)('$name: nothing of it in empty tables', async (one) => {
    await prepare(one)
    await emptyAllTables(client)
    const { losses } = await forecastOf(client, one.files)
    expect(brief(losses)).toEqual(one.whenEmpty ?? [])
  })
})
