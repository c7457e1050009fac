import { chmod, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { RehearsalDatabase } from '../../../src/postgres/rehearsal-database/request.js'
import { useOwnServer } from '../../support/own-server.js'
import { askAs, openFor } from '../../support/rehearsal.js'
import { createTestDatabase } from '../../support/test-database.js'

useOwnServer({})

const { XDG_CACHE_HOME: before } = process.env
let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'guard-cache-'))
  await chmod(home, 0o700)
  process.env.XDG_CACHE_HOME = home
})
afterAll(async () => {
  await rm(home, { recursive: true })
  if (before === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = before
})
afterEach(async () => {
  for (const name of await readdir(join(home, 'migrate-guard/clusters')))
    if (name.startsWith('schema-')) await rm(join(home, 'migrate-guard/clusters', name))
})

/** What a restore does, in short: things of several owners, and a setting. */
async function fill({ twoRoles }: RehearsalDatabase): Promise<void> {
  if (!twoRoles) throw new Error('it is not local')
  await askAs(twoRoles.maker, 'CREATE TABLE filled AS SELECT generate_series(1, 1000) AS n')
  await askAs(twoRoles.maker, 'GRANT SELECT ON filled TO PUBLIC')
}

const count = 'SELECT count(*) FROM filled'

test('one that was kept is there again with all that it held, and with other passwords', async () => {
  const target = await createTestDatabase()
  await target.query(`ALTER DATABASE ${target.name} SET work_mem = '5MB'`)
  const asked = { place: 'local', content: 'one' } as const
  const first = await openFor(target, asked)
  expect(first.isFilled).toBe(false)
  await fill(first)
  await first.keep?.()
  // What comes later is not kept.
  await askAs(first.address, 'CREATE TABLE later ()')
  const second = await openFor(target, asked)
  expect(second.isFilled).toBe(true)
  expect(await askAs(second.address, count)).toEqual(['1000'])
  expect(await askAs(second.address, 'SHOW work_mem')).toEqual(['5MB'])
  expect(await askAs(second.address, "SELECT to_regclass('later')")).toEqual(['null'])
  const identifier = 'SELECT system_identifier::text FROM pg_control_system()'
  expect(await askAs(second.address, identifier)).not.toEqual(await askAs(first.address, identifier))
  for (const which of ['address', 'ownerAddress'] as const) {
    const mixed = { ...second[which], ...(first[which].password ? { password: first[which].password } : {}) }
    await expect(askAs(mixed, 'SELECT 1')).rejects.toThrow('password')
    expect(await askAs(second[which], 'SELECT 1')).toEqual(['1'])
  }
  expect({ ...second, address: 0, ownerAddress: 0, twoRoles: 0, isFilled: 0 }).toEqual({
    ...first,
    address: 0,
    ownerAddress: 0,
    twoRoles: 0,
    isFilled: 0,
    keep: expect.any(Function),
    remove: expect.any(Function),
  })
  await first.remove()
  await second.remove()
}, 60_000)

test('another schema, role, setting or privilege is another content', async () => {
  const target = await createTestDatabase()
  const asked = { place: 'local', content: 'one' } as const
  const first = await openFor(target, asked)
  await fill(first)
  await first.keep?.()
  await first.remove()
  const isFilled = async (content: string) => {
    const database = await openFor(target, { ...asked, content })
    await database.remove()
    return database.isFilled
  }
  expect(await isFilled('two')).toBe(false)
  const role = `kept_${process.pid}`
  const { name } = target
  const changes = [
    [`CREATE ROLE ${role}`, `DROP ROLE ${role}`],
    [`ALTER DATABASE ${name} SET work_mem = '6MB'`, `ALTER DATABASE ${name} RESET ALL`],
  ]
  for (const [change = '', back = ''] of changes) {
    await target.query(change)
    expect({ change, isFilled: await isFilled('one') }).toEqual({ change, isFilled: false })
    await target.query(back)
    expect({ back, isFilled: await isFilled('one') }).toEqual({ back, isFilled: true })
  }
  await target.query(`CREATE ROLE ${role}`)
  await target.query(`GRANT CREATE ON DATABASE ${name} TO ${role}`)
  expect(await isFilled('one')).toBe(false)
}, 120_000)

test('one that nobody has used for long goes when the next one is kept', async () => {
  const target = await createTestDatabase()
  const clusters = join(home, 'migrate-guard/clusters')
  const keep = async (content: string) => {
    const database = await openFor(target, { place: 'local', content })
    await database.keep?.()
    await database.remove()
    return (await readdir(clusters)).filter((name) => name.startsWith('schema-'))
  }
  const [first = ''] = await keep('one')
  const longAgo = Date.now() / 1000 - 31 * 24 * 60 * 60
  await utimes(join(clusters, first), longAgo, longAgo)
  const left = await keep('two')
  expect(left).toHaveLength(1)
  expect(left).not.toContain(first)
}, 60_000)
