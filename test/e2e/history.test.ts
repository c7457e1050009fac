import { mkdir, writeFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { makeShop, pendingName, removeShops } from '../support/shop.js'

afterAll(removeShops)

test('history says who ran what against this database, how it ended and how long it took', async () => {
  const shop = await makeShop()
  expect((await shop.run(['history'])).stdout).toMatch(/^no run against this database in /)
  await shop.run(['deploy', '--confirm', '0123456789ab'.repeat(3)])
  await shop.run(['deploy', '--yes'])
  const { exitCode, stdout, stderr } = await shop.run(['history'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(
    /^\d{4}-..-.. ..:..:.. {2}deploy {2}passed: 1 of 1 migration applied; verification passed$/,
  )
  expect(lines[1]).toContain(`by ${userInfo().username} on ${hostname()}, plan `)
  expect(lines[2]).toContain('failed at confirm: --confirm names another plan')

  const { runs } = JSON.parse((await shop.run(['history', '--json', '--limit', '1'])).stdout)
  expect(runs).toHaveLength(1)
  expect(runs[0]).toMatchObject({
    command: 'deploy',
    database: shop.database.name,
    server: shop.server,
    exitCode: 0,
    databaseState: 'changed',
    migrations: [{ name: pendingName, outcome: 'applied' }],
    failure: null,
  })
})

test('runs against another database are shown with --all, and a folder that is damaged is named', async () => {
  const [shop, other] = [await makeShop(), await makeShop()]
  const backups = join(shop.project.directory, 'backups')
  await other.run(['verify', '--backups', backups])
  await mkdir(join(backups, '20260101T000000Z-broken'), { mode: 0o700 })
  await writeFile(join(backups, '20260101T000000Z-broken', 'run.json'), '{', { mode: 0o600 })
  const own = await shop.run(['history'])
  expect(own.stdout).toContain('20260101T000000Z-broken/run.json')
  expect(own.stdout).toContain('no run against this database')
  expect((await shop.run(['history', '--all'])).stdout).toMatch(/ {2}verify {2}/)
  expect((await shop.run(['history', '--limit', '0'])).exitCode).toBe(2)
})
