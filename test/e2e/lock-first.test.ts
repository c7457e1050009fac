import { afterAll, expect, test } from '@jest/globals'
import { parseEvents } from '../../src/prisma/engine-events.js'
import { isLong } from '../support/long.js'
import { makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'

afterAll(removeShops)

/** A rehearsal takes seconds more. */

const groups = [
  {
    beforeStatement: 1,
    tables: [
      { schema: 'public', name: 'customers', mode: 'ACCESS EXCLUSIVE' },
      { schema: 'public', name: 'notes', mode: 'ACCESS EXCLUSIVE' },
    ],
  },
]

async function taken(shop: Shop, file: string): Promise<unknown[]> {
  const { events } = parseEvents(await shop.runFile(file))
  return events.filter(({ type }) => type === 'locks-taken')
}

test('the plan says which locks come first, and the rehearsal and the deploy take them', async () => {
  const pending =
    'ALTER TABLE "notes" ADD COLUMN "text" TEXT;\nALTER TABLE "customers" ADD COLUMN "phone" TEXT;\n'
  const shop = await makeShop({ pending, rehearses: isLong })
  const plan = await shop.run(['plan'])
  expect(plan.stdout).toContain(
    '    takes first, in this order: ACCESS EXCLUSIVE on customers, notes\n      within one lock time-out',
  )
  const told = JSON.parse((await shop.run(['plan', '--json'])).stdout)
  expect(told.migrations).toMatchObject([{ name: pendingName, lockFirst: groups }])

  const accepted = ['--accept', 'schema-difference=wanted']
  const place = isLong ? ['--rehearsal', 'same-server'] : ['--skip-backup']
  const deployed = await shop.run(['deploy', '--yes', ...place, ...accepted])
  expect([deployed.exitCode, deployed.stderr]).toEqual([0, ''])
  const expected = [{ migration: pendingName, before: 1, tables: groups[0]?.tables }]
  if (isLong) expect(await taken(shop, 'rehearsal-events.ndjson')).toMatchObject(expected)
  expect(await taken(shop, 'events.ndjson')).toMatchObject(expected)
  expect(told.plan.hash).toBe((await shop.report()).plan?.hash)
  expect(await shop.leftovers()).toEqual([])
})
