import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from '@jest/globals'
import { execa } from 'execa'
import pg from 'pg'
import { type BareFault, tryBare } from '../../support/faults/bare.js'
import type { FaultScene } from '../../support/faults/scene.js'
import { sweep, type Try } from '../../support/faults/sweep.js'
import { type Fault, tryFault } from '../../support/faults/try-fault.js'
import { restartServer, startServer, stopServer, useOwnServer } from '../../support/own-server.js'
import { chosenOf, groupTimeoutMs, sampleOf } from './tally.js'

// It is restarted, filled and taken full; nobody else's scenes are on it.
const server = useOwnServer({ max_connections: '40', synchronous_commit: 'on' })

/** One scene, told to the guard and to a bare Prisma. */
interface Scene {
  readonly name: string
  readonly guard: Fault
  readonly bare?: BareFault
}

const atDump = 'guard before backup.pg-dump 1'
const atStatement = 'deploy before engine.statement 2'
const toBare = (at: string) => at.replace('deploy', 'prisma')

/** A disk of so many kilobytes at the path; `restore` takes it away. */
async function mountDisk(path: string, options: string): Promise<() => Promise<void>> {
  await mkdir(path, { recursive: true })
  await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  return async () => {
    await execa('umount', ['--lazy', path], { reject: false })
  }
}

function onDisk(name: string, sizeKb: number, exits: readonly number[]): Scene {
  let unmount: (() => Promise<void>) | undefined
  return {
    name,
    guard: {
      prepare: async ({ project }) => {
        unmount = await mountDisk(join(project.directory, 'backups'), `size=${sizeKb}k,mode=755`)
        return undefined
      },
      repair: async () => unmount?.(),
      expects: ({ exitCode }) => expectExit(exits, exitCode),
    },
  }
}

function expectExit(exits: readonly number[], exitCode: number | undefined): string[] {
  return exits.includes(exitCode ?? -1) ? [] : [`ended with ${exitCode}, not with ${exits.join(' or ')}`]
}

/** Fills the disk of the backups when the run comes to the point. */
function fillsAt(at: string, exits: readonly number[]): Scene {
  let unmount: (() => Promise<void>) | undefined
  return {
    name: `the disk of the backups is full, ${at}`,
    guard: {
      at,
      act: async (_, { project }) => {
        const filler = join(project.directory, 'backups', 'filler')
        for (let size = 1 << 20; size >= 1 << 10; size >>= 1)
          await execa('dd', ['if=/dev/zero', `of=${filler}`, `bs=${size}`, 'oflag=append', 'conv=notrunc'], {
            reject: false,
          })
      },
      prepare: async ({ project }) => {
        unmount = await mountDisk(join(project.directory, 'backups'), 'size=4m,mode=755')
        return undefined
      },
      repair: async () => unmount?.(),
      expects: ({ exitCode }) => expectExit(exits, exitCode),
    },
  }
}

function readOnlyBackups(): Scene {
  let unmount: (() => Promise<void>) | undefined
  return {
    name: 'the file system of the backups is read-only',
    guard: {
      prepare: async ({ project }) => {
        unmount = await mountDisk(join(project.directory, 'backups'), 'size=1m,ro')
        return undefined
      },
      repair: async () => unmount?.(),
      expects: ({ exitCode }) => expectExit([4], exitCode),
    },
  }
}

function restartAt(at: string, mode: 'fast' | 'immediate', pauseMs: number): Scene {
  const act = () => restartServer(server(), mode, pauseMs)
  return {
    name: `the server restarts (${mode}), ${at}`,
    guard: { at, act },
    ...(at.startsWith('deploy') ? { bare: { at: toBare(at), act } } : {}),
  }
}

/** The server is away for longer than anybody waits for it. */
function stopAt(at: string): Scene {
  const act = () => stopServer(server(), 'fast')
  const repair = () => startServer(server())
  return {
    name: `the server stops and stays away, ${at}`,
    guard: { at, act, repair },
    ...(at.startsWith('deploy') ? { bare: { at: toBare(at), act, repair } } : {}),
  }
}

/** Every connection that is left is taken, and given back after a while or after the run. */
function takesAllConnections(at: string, givesBackAfterMs?: number): Scene {
  const taken: pg.Client[] = []
  const giveBack = async () => {
    for (const client of taken.splice(0)) await client.end().catch(() => undefined)
  }
  const act = async (_: unknown, { database }: FaultScene) => {
    for (;;) {
      const client = new pg.Client(database.url)
      client.on('error', () => undefined)
      try {
        await client.connect()
        taken.push(client)
      } catch {
        break
      }
    }
    if (givesBackAfterMs !== undefined) setTimeout(() => void giveBack(), givesBackAfterMs)
  }
  const how = givesBackAfterMs === undefined ? 'until the run has ended' : `for ${givesBackAfterMs / 1000} s`
  return {
    name: `max_connections is reached ${how}, ${at}`,
    guard: { at, act, repair: giveBack },
    ...(at.startsWith('deploy') ? { bare: { at: toBare(at), act, repair: giveBack } } : {}),
  }
}

/** A role of the scene's own, which owns everything in it, and what becomes of it in the middle of the run. */
function withRole(
  name: string,
  at: string,
  becomes: (role: string) => string,
  back: (role: string) => string,
  changesCatalog = false,
): Scene {
  let role = ''
  const prepare = async ({ database }: FaultScene) => {
    role = `fault_${database.name.split('_').slice(-2).join('_')}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'old' ; GRANT ALL ON DATABASE "${database.name}" TO ${role};
      GRANT ALL ON SCHEMA public TO ${role}; ALTER TABLE people OWNER TO ${role}; ALTER TABLE visits OWNER TO ${role};
      ALTER TABLE _prisma_migrations OWNER TO ${role}`)
    return { DATABASE_URL: Object.assign(new URL(database.url), { username: role, password: 'old' }).href }
  }
  const act = async (_: unknown, { database }: FaultScene) => {
    await database.query(becomes(role))
  }
  const repair = async (scene: FaultScene) => {
    // The recovery, and the drop of the scene, are the superuser's; the role goes with the server.
    await scene.database.query(back(role))
  }
  return {
    name: `${name}, ${at}`,
    guard: { prepare, at, act, repair, changesCatalog },
    ...(at.startsWith('deploy') ? { bare: { prepare, at: toBare(at), act, repair } } : {}),
  }
}

const afterPlan = 'guard after lock.take 1'
const beforeDeploy = 'guard before deploy.prisma 1'

function roleScenes(): Scene[] {
  const places = [afterPlan, beforeDeploy, atStatement]
  const scenes = places.flatMap((at) => [
    apart(() =>
      withRole(
        'the password is changed',
        at,
        (role) => `ALTER ROLE ${role} PASSWORD 'new'`,
        () => 'SELECT 1',
      ),
    ),
    apart(() =>
      withRole(
        'the login is taken away',
        at,
        (role) => `ALTER ROLE ${role} NOLOGIN`,
        () => 'SELECT 1',
      ),
    ),
    apart(() =>
      withRole(
        'the privileges are revoked',
        at,
        (role) =>
          `ALTER TABLE people OWNER TO CURRENT_USER; REVOKE ALL ON people FROM ${role}; REVOKE ALL ON SCHEMA public FROM ${role}`,
        (role) => `ALTER TABLE people OWNER TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`,
        true,
      ),
    ),
    apart(() =>
      withRole(
        'the role is dropped',
        at,
        (role) => `REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`,
        (role) => `CREATE ROLE ${role}`,
        true,
      ),
    ),
  ])
  // In the middle of the deploy the tables are locked: nobody can take them away.
  return scenes.filter(({ name }) => !/^the (privileges|role) .*engine/.test(name))
}

/** The rows of a migration need more room than the disk of the server has. */
function serverDiskFull(): Scene {
  let unmount: (() => Promise<void>) | undefined
  let fillerPath = ''
  const prepare = async ({ project, database }: FaultScene) => {
    const path = join(project.directory, 'space')
    unmount = await mountDisk(path, 'size=2m,mode=777')
    const folder = join(path, 'tablespace')
    await mkdir(folder)
    await chmod(folder, 0o700)
    await execa('chown', ['postgres:postgres', folder])
    const name = `space_${database.name.split('_').at(-1)}`
    await database.query(`CREATE TABLESPACE ${name} LOCATION '${folder}'`)
    await database.query(`ALTER TABLE people SET TABLESPACE ${name}`)
    await database.query(`ALTER DATABASE "${database.name}" SET default_tablespace = ''`)
    fillerPath = join(path, 'filler')
    return undefined
  }
  const act = async () => {
    await writeFile(fillerPath, Buffer.alloc(0))
    await execa('dd', ['if=/dev/zero', `of=${fillerPath}`, 'bs=4096'], { reject: false })
  }
  const repair = async ({ database }: FaultScene) => {
    await execa('rm', ['-f', fillerPath])
    await database.query('ALTER TABLE people SET TABLESPACE pg_default')
    const [space] = await database.query("SELECT spcname FROM pg_tablespace WHERE spcname LIKE 'space%'")
    await database.query(`DROP TABLESPACE ${space.spcname}`).catch(() => undefined)
    await unmount?.()
  }
  return {
    name: "the disk of the server's tablespace is full",
    guard: { prepare, at: 'deploy before engine.statement 2', act, repair },
    bare: { prepare, at: 'prisma before engine.statement 2', act, repair },
  }
}

/** Two scenes at a time: what one remembers is not for the other. */
function apart(make: () => Scene): Scene {
  const { bare } = make()
  const { name, guard } = make()
  return { name, guard, ...(bare ? { bare } : {}) }
}

const isShort = ({ name }: Scene) => name.startsWith('the server restarts')

function tries({ name, guard, bare }: Scene): Try[] {
  return [
    { name, subject: 'guard', run: () => tryFault(guard) },
    ...(bare ? [{ name, subject: 'prisma', run: () => tryBare(bare) } as const] : []),
  ]
}

test(
  'the world goes wrong',
  async () => {
    const quiet = [
      onDisk('the disk of the backups has no room for a record', 4, [4]),
      onDisk('the disk of the backups has no room for the dump', 40, [3, 4]),
      ...[atDump, 'guard before file.write 17', beforeDeploy, 'guard after deploy.prisma 1'].map((at) =>
        fillsAt(at, at.includes('deploy') ? [20, 21, 22] : [3, 4]),
      ),
      readOnlyBackups(),
      ...roleScenes(),
      apart(serverDiskFull),
    ]
    // These are felt by every scene on the server.
    const loud = [
      ...[
        atDump,
        beforeDeploy,
        atStatement,
        'deploy before engine.statement 4',
        'guard after deploy.prisma 1',
      ].map((at) => restartAt(at, 'fast', 1_500)),
      restartAt('deploy after engine.commit 1', 'immediate', 1_500),
      ...[atDump, atStatement].map(stopAt),
      takesAllConnections(afterPlan),
      takesAllConnections(beforeDeploy),
      takesAllConnections(beforeDeploy, 3_000),
      takesAllConnections(atStatement),
      takesAllConnections('guard after deploy.prisma 1', 3_000),
    ]
    await sweep(
      'real faults',
      chosenOf(quiet.flatMap(tries), () => sampleOf(quiet.flatMap(tries), 2)),
    )
    // A server that stays away is waited for, half a minute long.
    const short = () => sampleOf(loud.filter(isShort).flatMap(tries), 1)
    await sweep('real faults', chosenOf(loud.flatMap(tries), short), 1)
  },
  groupTimeoutMs,
)
