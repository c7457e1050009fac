import { existsSync } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { isAlive } from '../../src/effects/private-files.js'
import { startThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import { waitFor } from '../support/guarded-database.js'
import { hostileRow, hostileTimeoutMs } from '../support/hostile.js'
import { descendantsOf, readProcesses } from '../support/processes.js'

// A rehearsal's server holds the rows of production, and runs code that came with them.

const killed = hostileRow(
  import.meta.url,
  'After a SIGKILL of the guard, server and rows of the rehearsal go',
)
const asRoot = hostileRow(
  import.meta.url,
  "As root, nothing that the server's account can write is opened, followed, believed or killed",
)
const onlyAsRoot = process.getuid?.() === 0 ? describe : describe.skip

let temporary: string
// A temporary folder of its own: other runs on this machine sweep the one of all.
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'guard-test-tmp-'))
  await chmod(temporary, 0o711)
})
const folders: string[] = []
const victims: { kill(signal: 'SIGKILL'): boolean }[] = []
afterEach(() => {
  for (const victim of victims.splice(0)) victim.kill('SIGKILL')
})
afterAll(async () => {
  for (const folder of [...folders, temporary]) await rm(folder, { recursive: true, force: true })
})

/** Runs a program in the temporary folder of this file. */
function runElsewhere(program: string) {
  const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url)
  const imports = `
    import { startThrowAwayCluster } from '${built('postgres/throw-away-cluster.js')}'
    import { withScratchFolder } from '${built('effects/private-files.js')}'`
  return execa(process.execPath, ['--input-type=module', '--eval', `${imports}\n${program}`], {
    reject: false,
    env: { TMPDIR: temporary },
  })
}

/** What the next start sweeps is swept then. */
async function startAgain(): Promise<void> {
  const { exitCode, stderr } = await runElsewhere(`
    await (await startThrowAwayCluster()).stop()
    await withScratchFolder(async () => undefined)`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
}

/** A program that starts a server, says where, and goes on with `then` when it is told to. */
async function startElsewhere(then = '') {
  const caller = runElsewhere(`
    const cluster = await startThrowAwayCluster()
    console.log(cluster.directory)
    process.stdin.once('data', async () => { ${then} }); setInterval(() => {}, 1000)`)
  const directory = await new Promise<string>((resolve, reject) => {
    caller.stdout.once('data', (text) => resolve(String(text).trim()))
    void caller.then(({ stderr }) => reject(new Error(`it did not start a server: ${stderr}`)))
  })
  const pid = Number.parseInt(await readFile(join(directory, 'data/postmaster.pid'), 'utf8'), 10)
  return { caller, directory, pid }
}

async function account(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody')
  return { uid: Number(found?.[2]), gid: Number(found?.[3]) }
}

/** What the server's account does, as a superuser of the server can have it do. */
async function asServer(command: string, ...words: string[]) {
  return execa('sh', ['-c', command, 'sh', ...words], { reject: false, cwd: '/', ...(await account()) })
}

/** Gives its process id. */
function startVictim(): number {
  const victim = execa('sleep', ['100'], { reject: false })
  victims.push(victim)
  return victim.pid ?? 0
}

/** One that nobody has waited for yet runs no longer. */
async function isRunning(pid: number): Promise<boolean> {
  return (await readProcesses()).some(({ processId }) => processId === pid)
}

/** The id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const dead = execa('true')
  await dead
  return dead.pid ?? 0
}

test(
  'after a real SIGKILL the server ends and its rows are removed',
  async () => {
    const { caller, directory, pid } = await startElsewhere()
    expect(isAlive(pid)).toBe(true)
    caller.kill('SIGKILL')
    await caller
    await waitFor('the end of the server', async () => !isAlive(pid) && !existsSync(join(directory, 'data')))
    killed.held()
  },
  hostileTimeoutMs,
)

test(
  'when the watch is killed too, the next start ends the server',
  async () => {
    const { caller, directory, pid } = await startElsewhere()
    const all = await readProcesses()
    const watches = descendantsOf(caller.pid ?? 0, all).filter(({ command }) =>
      command.includes('migrate-guard-watch'),
    )
    expect(watches).toHaveLength(1)
    for (const { processId } of watches) process.kill(processId, 'SIGKILL')
    caller.kill('SIGKILL')
    await caller
    expect(isAlive(pid)).toBe(true)
    await startAgain()
    // At once: without its directory a server would end by itself, within a minute.
    expect(await isRunning(pid)).toBe(false)
    expect(existsSync(dirname(directory))).toBe(false)
    killed.held()
  },
  hostileTimeoutMs,
)

test(
  'a SIGKILL while the server starts leaves none',
  async () => {
    // It lets nobody in for a minute.
    const caller = runElsewhere(`await startThrowAwayCluster({ settings: { pre_auth_delay: '60' } })`)
    const servers = async () =>
      descendantsOf(caller.pid ?? 0, await readProcesses()).filter(({ command }) =>
        /postgres\b.* pre_auth_delay=60 /.test(command),
      )
    await waitFor('the server', async () => (await servers()).length > 0)
    const [server] = await servers()
    const directory = / -D (\S+)/.exec(server?.command ?? '')?.[1] ?? ''
    await waitFor('its data', async () => existsSync(join(directory, 'postmaster.pid')))
    caller.kill('SIGKILL')
    await caller
    await waitFor('the end of the server', async () => !existsSync(directory))
    expect(await isRunning(server?.processId ?? 0)).toBe(false)
    killed.held()
  },
  hostileTimeoutMs,
)

onlyAsRoot('as root', () => {
  test("the server's account can put nothing beside its directory, and finds no log and no password there", async () => {
    const cluster = await startThrowAwayCluster()
    try {
      const outer = dirname(cluster.directory)
      for (const name of ['server.log', 'password', 'server.json', 'anything']) {
        const linked = await asServer('ln -sfn /etc/passwd "$1"', join(outer, name))
        expect(linked.stderr).toContain('Permission denied')
      }
      expect((await asServer('ls "$1"', outer)).stderr).toContain('Permission denied')
      expect((await asServer('mv "$1" "$1.old"', cluster.directory)).stderr).toContain('Permission denied')
      expect(await readdir(outer)).toEqual(['s', 'server.json'])
      expect((await lstat(join(outer, 'server.json'))).mode & 0o777).toBe(0o600)
      expect((await readdir(cluster.directory)).filter((name) => !name.startsWith('.s.'))).toEqual(['data'])
      asRoot.held()
    } finally {
      await cluster.stop()
    }
  })

  const stopping = { exits: 'process.exit(3)', 'stops its server': 'await cluster.stop(); process.exit()' }

  test.each([...Object.keys(stopping), 'is ended by a signal', 'is killed', 'is killed, and its watch'])(
    'a forged postmaster.pid has nobody killed when the guard %s',
    async (how) => {
      const victim = startVictim()
      const { caller, directory, pid } = await startElsewhere(stopping[how as keyof typeof stopping])
      const pidFile = join(directory, 'data/postmaster.pid')
      const forged = await asServer('sed -i "1s/.*/$2/" "$1"', pidFile, String(victim))
      expect(forged).toMatchObject({ exitCode: 0 })
      if (how in stopping) caller.stdin.write('go\n')
      else if (how === 'is ended by a signal') caller.kill('SIGTERM')
      else {
        const all = how === 'is killed' ? [] : descendantsOf(caller.pid ?? 0, await readProcesses())
        for (const { command, processId } of all)
          if (command.includes('migrate-guard-watch')) process.kill(processId, 'SIGKILL')
        caller.kill('SIGKILL')
      }
      await caller
      await startAgain()
      await waitFor('the end of the server', async () => !isAlive(pid))
      expect(isAlive(victim)).toBe(true)
      asRoot.held()
    },
    hostileTimeoutMs,
  )

  test('a link in its directory leads the removal nowhere', async () => {
    const precious = await mkdtemp(join(tmpdir(), 'guard-test-precious-'))
    folders.push(precious)
    await writeFile(join(precious, 'row'), 'precious')
    const cluster = await startThrowAwayCluster()
    const made = await asServer(
      'ln -s "$2" "$1/data/base/link" && ln -s "$2" "$1/link"',
      cluster.directory,
      precious,
    )
    expect(made).toMatchObject({ exitCode: 0 })
    await cluster.stop()
    expect(existsSync(dirname(cluster.directory))).toBe(false)
    expect(await readFile(join(precious, 'row'), 'utf8')).toBe('precious')
    asRoot.held()
  })

  test("the removal is the server's account's own: of root it removes nothing", async () => {
    const cluster = await startThrowAwayCluster()
    const ofRoot = join(cluster.directory, 'of-root')
    await mkdir(ofRoot, { mode: 0o700 })
    await writeFile(join(ofRoot, 'row'), 'precious')
    await expect(cluster.stop()).rejects.toMatchObject({ code: 'cluster-not-removed' })
    expect(await readFile(join(ofRoot, 'row'), 'utf8')).toBe('precious')
    await rm(dirname(cluster.directory), { recursive: true })
    asRoot.held()
  })

  test.each(['migrate-guard-cluster-', 'migrate-guard-'])(
    'a folder of another account with the name %s of ours is left alone',
    async (prefix) => {
      const victim = startVictim()
      const folder = await mkdtemp(join(temporary, `${prefix}${await deadProcess()}-`))
      folders.push(folder)
      await mkdir(join(folder, 's/data'), { recursive: true })
      const note = JSON.stringify({ processId: victim, startedAt: '1' })
      await writeFile(join(folder, 'server.json'), note)
      await writeFile(join(folder, 's/data/postmaster.pid'), `${victim}\n`)
      const { uid, gid } = await account()
      await chown(folder, uid, gid)
      await startAgain()
      expect(await readFile(join(folder, 'server.json'), 'utf8')).toBe(note)
      expect(isAlive(victim)).toBe(true)
      asRoot.held()
    },
  )

  test('a process that has taken the number of the server is not ended', async () => {
    const victim = startVictim()
    const folder = await mkdtemp(join(temporary, `migrate-guard-cluster-${await deadProcess()}-`))
    folders.push(folder)
    await writeFile(join(folder, 'server.json'), JSON.stringify({ processId: victim, startedAt: '1' }))
    await startAgain()
    expect(existsSync(folder)).toBe(false)
    expect(isAlive(victim)).toBe(true)
    asRoot.held()
  })
})
