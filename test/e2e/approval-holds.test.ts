import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { findServerBinaries } from '../../src/postgres/throw-away-cluster.js'
import type { JsonReport } from '../../src/report/json.js'
import { restartServer, startServer, stopServer, useOwnServer } from '../support/own-server.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

// An approval is for one plan on one database in one place: what it outlives, and what ends it.

const cluster = useOwnServer({ wal_level: 'replica', max_wal_senders: '4' })

afterAll(removeShops)

async function planHash(shop: Shop): Promise<string> {
  const { stdout, stderr } = await shop.run(['plan', '--json'])
  const hash = (JSON.parse(stdout || '{}') as Partial<JsonReport>).plan?.hash
  if (!hash) throw new Error(`no plan: ${stderr}`)
  return hash
}

test('a deploy that failed and was rolled back leaves the approval and the rehearsal as they were', async () => {
  const shop = await makeShop({ rehearses: true })
  expect((await shop.run(['rehearse', '--rehearsal', 'same-server'])).exitCode).toBe(0)
  const { runId, plan } = await shop.report()
  const hash = plan?.hash ?? ''
  const other = await shop.database.client()
  await other.query('BEGIN; LOCK TABLE customers IN ACCESS SHARE MODE')
  const approved = ['deploy', '--confirm', hash.slice(0, 32), '--rehearsed', runId]
  const impatient = ['--lock-timeout', '100ms', '--retries', '0']
  const failed = await shop.run([...approved, ...impatient])
  expect(failed.exitCode).toBe(20)
  await other.query('COMMIT')
  const [{ count }] = await shop.database.query(
    'SELECT count(*)::int AS count FROM _prisma_migrations WHERE rolled_back_at IS NOT NULL',
  )
  expect(count).toBe(1)
  expect(await planHash(shop)).toBe(hash)
  const again = await shop.run(approved)
  expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({ exitCode: 0, stderr: '' })
})

test('a restart in order leaves the approval as it was; a physical copy in the same place does not have it', async () => {
  const shop = await makeShop()
  const hash = await planHash(shop)
  await restartServer(cluster(), 'fast')
  expect(await planHash(shop)).toBe(hash)

  const { directory, url } = cluster()
  const data = join(directory, 'data')
  const copy = join(directory, 'copy')
  const server = new URL(url)
  await asPostgres(
    join(await findServerBinaries(), 'pg_basebackup'),
    ['-D', copy, '-X', 'stream', '-c', 'fast'],
    {
      PGHOST: server.hostname,
      PGPORT: server.port,
      PGUSER: decodeURIComponent(server.username),
      PGPASSWORD: decodeURIComponent(server.password),
    },
  )
  await stopServer(cluster(), 'fast')
  // The copy takes the very place of the original: the same address, identifier, OIDs and timeline.
  await asPostgres('mv', [data, `${data}.original`])
  await asPostgres('mv', [copy, data])
  await startServer(cluster())
  expect(await planHash(shop)).not.toBe(hash)
  const before = await shop.fingerprint()
  const deployed = await shop.run(['deploy', '--confirm', hash.slice(0, 32)])
  expect(deployed.exitCode).toBe(6)
  expect(deployed.stderr).toContain('--confirm names another plan')
  expect(await shop.fingerprint()).toBe(before)
})

test('what nothing else tells apart, the mark that a person sets does', async () => {
  const shop = await makeShop()
  const hash = await planHash(shop)
  expect(await planHash(shop)).toBe(hash)
  await shop.database.query(`ALTER DATABASE ${shop.database.name} SET migrate_guard.place = 'staging'`)
  expect(await planHash(shop)).not.toBe(hash)
})

async function asPostgres(program: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  const [file = '', ...rest] =
    process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', program, ...args] : [program, ...args]
  await execa(file, rest, { cwd: '/', env })
}
