import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { observeEffects } from '../../src/effects/effect.js'
import {
  findServerBinaries,
  startThrowAwayCluster,
  type ThrowAwayCluster,
  type ThrowAwayClusterOptions,
} from '../../src/postgres/throw-away-cluster.js'

// Every test has a cache of its own, which is empty at first.

const { XDG_CACHE_HOME: before } = process.env
let home: string
let kept: string
const started: ThrowAwayCluster[] = []
const seen: string[] = []
let unobserve: () => void

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'guard-cache-'))
  // Programs that a test puts there must be open to the account of the server.
  await chmod(home, 0o755)
  process.env.XDG_CACHE_HOME = home
  kept = join(home, 'migrate-guard/clusters')
  unobserve = observeEffects({ after: (name) => void seen.push(name) })
})

afterEach(async () => {
  unobserve()
  seen.length = 0
  for (const cluster of started.splice(0)) await cluster.stop()
  await rm(home, { recursive: true })
  if (before === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = before
})

async function start(options?: ThrowAwayClusterOptions): Promise<{ url: string; isCopy: boolean }> {
  seen.length = 0
  const cluster = await startThrowAwayCluster(options)
  started.push(cluster)
  const isCopy = !seen.includes('cluster.initdb')
  expect(seen.includes('cluster.password')).toBe(isCopy)
  return { url: cluster.url, isCopy }
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query(sql)
    return rows.map((row) => Object.values(row)[0])
  } finally {
    await client.end()
  }
}

const identifier = 'SELECT system_identifier::text FROM pg_control_system()'

test('the second cluster is a copy, with its own identifier, its own password and nothing of the first', async () => {
  const one = await start()
  await ask(one.url, 'CREATE TABLE t ()')
  const other = await start()
  expect([one.isCopy, other.isCopy]).toEqual([false, true])
  const tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
  expect(await ask(one.url, tables)).toEqual(['t'])
  expect(await ask(other.url, tables)).toEqual([])
  expect(await ask(one.url, identifier)).not.toEqual(await ask(other.url, identifier))
  const mixed = new URL(other.url)
  mixed.password = new URL(one.url).password
  await expect(ask(mixed.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
  const settings = 'SELECT setting FROM pg_settings WHERE source = $$configuration file$$ ORDER BY name'
  expect(await ask(other.url, settings)).toEqual(await ask(one.url, settings))
  const collations = 'SELECT (c.*)::text FROM pg_collation c ORDER BY oid'
  expect(await ask(other.url, collations)).toEqual(await ask(one.url, collations))
  expect(await readdir(kept)).toHaveLength(1)
})

test('a copy survives a crash and a restart like any cluster', async () => {
  await start()
  const { url, isCopy } = await start({ settings: { synchronous_commit: 'on' } })
  expect(isCopy).toBe(true)
  await ask(url, 'CREATE TABLE t AS SELECT generate_series(1, 1000)')
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  process.kill(rows[0].pid, 'SIGKILL')
  const isBack = async () => ask(url, 'SELECT count(*)::int FROM t').catch(() => undefined)
  const giveUpAt = performance.now() + 20_000
  let answer = await isBack()
  while (answer === undefined && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer = await isBack()
  }
  expect(answer).toEqual([1000])
})

test('another superuser, or another program of the server, is another cluster', async () => {
  await start()
  expect((await start({ superuser: 'somebody' })).isCopy).toBe(false)
  const binaries = join(home, 'bin')
  await mkdir(binaries)
  const real = await findServerBinaries()
  const putProgram = async (name: string) => {
    await writeFile(join(binaries, `${name}.new`), `#!/bin/sh\nexec ${join(real, name)} "$@"\n`, {
      mode: 0o755,
    })
    await rename(join(binaries, `${name}.new`), join(binaries, name))
  }
  for (const name of ['initdb', 'postgres']) await putProgram(name)
  expect((await start({ binaries })).isCopy).toBe(false)
  expect((await start({ binaries })).isCopy).toBe(true)
  await putProgram('postgres')
  expect((await start({ binaries })).isCopy).toBe(false)
})

test('two that start at once with nothing kept are both right', async () => {
  const both = await Promise.all([start(), start()])
  for (const { url } of both) expect(await ask(url, 'SELECT 1')).toEqual([1])
  expect(await readdir(kept)).toHaveLength(1)
  expect((await start()).isCopy).toBe(true)
})

test('one that is damaged is made anew', async () => {
  await start()
  const [name = ''] = await readdir(kept)
  const { size } = await stat(join(kept, name))
  for (const left of [size >> 1, 100]) {
    await truncate(join(kept, name), left)
    const { url, isCopy } = await start()
    expect(isCopy).toBe(false)
    expect(await ask(url, 'SELECT 1')).toEqual([1])
  }
  expect((await start()).isCopy).toBe(true)
})

test.each([
  ['can be written to by others', () => chmod(join(home, 'migrate-guard'), 0o777)],
  [
    'is a link',
    async () => {
      await rename(kept, join(home, 'elsewhere'))
      await symlink(join(home, 'elsewhere'), kept)
    },
  ],
  ['lies in a folder that others can write to', () => chmod(home, 0o777)],
])('a cache that %s is not used', async (_, spoil) => {
  await start()
  expect((await start()).isCopy).toBe(true)
  await spoil()
  expect((await start()).isCopy).toBe(false)
})

test('without a cache there is a cluster all the same', async () => {
  await writeFile(join(home, 'migrate-guard'), 'a file')
  const { url, isCopy } = await start()
  expect(isCopy).toBe(false)
  expect(await ask(url, 'SELECT 1')).toEqual([1])
})

test('only the ones used last are kept, and nothing that a killed program left half-written', async () => {
  await mkdir(kept, { recursive: true, mode: 0o700 })
  for (let hour = 1; hour <= 6; hour++) {
    const path = join(kept, `empty-${hour}.cluster`)
    await writeFile(path, '')
    await utimes(path, Date.now() / 1000 - hour * 3600, Date.now() / 1000 - hour * 3600)
  }
  // No process has this id: https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html
  await writeFile(join(kept, 'empty-1.cluster.4194305-abc123.partial'), '')
  await start()
  const names = await readdir(kept)
  expect(names).toHaveLength(4)
  expect(names).toEqual(expect.arrayContaining(['empty-1.cluster', 'empty-2.cluster', 'empty-3.cluster']))
})

test('what is kept only this account can read', async () => {
  await start()
  const [name = ''] = await readdir(kept)
  expect((await stat(join(kept, name))).mode & 0o777).toBe(0o600)
  expect((await stat(kept)).mode & 0o777).toBe(0o700)
})
