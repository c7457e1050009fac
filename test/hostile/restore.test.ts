import { beforeAll, expect, test } from '@jest/globals'
import type { TargetAddress } from '../../src/domain/target.js'
import { withConnection } from '../../src/postgres/connection.js'
import { hostileRow, hostileTimeoutMs } from '../support/hostile.js'
import { beforehand, constructs, tryDoors } from '../support/hostile-database/constructs.js'
import { doors } from '../support/hostile-database/doors.js'
import { useOwnServer } from '../support/own-server.js'
import { askAs, dump, openFor, restore } from '../support/rehearsal.js'
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/test-database.js'

// A role without rights owns everything in the database. What it has written tries every way out when it is called.

const row = hostileRow(
  import.meta.url,
  'A rehearsal on this machine runs nothing of what another role has written with the rights of a superuser',
)
const server = useOwnServer({ fsync: 'off' })

beforeAll(async () => {
  await queryOnce(server().url, "CREATE ROLE clerk LOGIN PASSWORD 'x'")
})

/** A database of the clerk's, with everything in it that calls a function of his. */
async function makeHostile(): Promise<TestDatabase> {
  const target = await createTestDatabase({ sql: 'GRANT ALL ON SCHEMA public TO clerk' })
  const asClerk = Object.assign(new URL(target.url), { username: 'clerk', password: 'x' }).href
  await queryOnce(asClerk, beforehand)
  for (const { name, sql } of constructs)
    await queryOnce(asClerk, sql(`public.harmless_looking($c$${name}$c$)`))
  await queryOnce(asClerk, tryDoors())
  return target
}

interface Evidence {
  readonly construct: string
  readonly door: string
  readonly role: string
}

async function readEvidence(address: TargetAddress): Promise<Evidence[]> {
  return withConnection(address, { applicationName: 'test' }, async (client) => {
    return (await client.query('SELECT construct, door, role FROM public.evidence')).rows
  })
}

const attempts = constructs.flatMap(({ name }) => Object.keys(doors).map((door) => `${name}: ${door}`))

test('every door is open to a superuser', async () => {
  const target = await makeHostile()
  await target.query("SELECT public.all_doors('superuser')")
  const open = await target.query("SELECT door FROM evidence WHERE door <> 'called' ORDER BY 1")
  const closed = Object.keys(doors).filter((name) => !open.some(({ door }) => door === name))
  // They lead to a role that is only on a server of ours.
  expect(closed).toEqual(['the session of a superuser', 'the role of a superuser'])
})

test(
  'no door is open to what the restore calls, nor to what migrations call as a superuser',
  async () => {
    const target = await makeHostile()
    const path = await dump(target)
    const database = await openFor(target, { place: 'local' })
    const { differences } = await restore(database, path, { jobs: 1 })
    expect(differences).toEqual([
      expect.stringMatching(/^"postgres" is no superuser here, because what "clerk"/),
    ])
    for (const { by } of constructs) if (by) await askAs(database.address, by)

    const evidence = await readEvidence(database.ownerAddress)
    const called = new Set(evidence.filter(({ door }) => door === 'called').map(({ construct }) => construct))
    // Each was really called on the copy, else it proves nothing.
    expect(constructs.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([])
    expect(evidence.filter(({ door }) => door !== 'called')).toEqual([])
    row.held(attempts.length)
  },
  hostileTimeoutMs,
)
