import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { makeFolder } from '../support/engine-host.js'
import { hostileRow } from '../support/hostile.js'
import { readProcesses } from '../support/processes.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

// What another account on the machine can read, or put in the way.

const readable = hostileRow(
  import.meta.url,
  'What a run leaves, and what its children make, only its account can read',
)
const prisma = hostileRow(
  import.meta.url,
  'Prisma finds nothing in its environment that changes how it runs, and no password',
)
const refused = hostileRow(
  import.meta.url,
  'A backups folder that is a link, or not of this account alone, is refused',
)
const processList = hostileRow(import.meta.url, 'The process list shows no URL that was given as an option')
const hook = hostileRow(import.meta.url, 'No variable of the environment makes the guard load a module')

const root = fileURLToPath(new URL('../..', import.meta.url))
const isRoot = process.getuid?.() === 0

let shop: Shop
beforeEach(async () => {
  shop = await makeShop()
})
afterAll(removeShops)

/** Everything below a folder that others may read, write or enter. */
async function openToOthers(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(folder, { recursive: true })) {
    const { mode } = await stat(join(folder, name))
    if ((mode & 0o077) !== 0) found.push(`${name} ${(mode & 0o777).toString(8)}`)
  }
  return found
}

const configThatTells = `import { defineConfig } from 'prisma/config'
import { mkdirSync, writeFileSync } from 'node:fs'

mkdirSync('told', { recursive: true })
writeFileSync('told/' + process.pid + '.json', JSON.stringify({ umask: process.umask(), environment: process.env }))
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
`

/** What would change how Node, Prisma or libpq run, or lead them to another database; of each kind that is dropped, some. */
const notForPrisma = {
  ...{ NODE_PATH: '/nowhere', NODE_OPTIONS: '--no-deprecation', NODE_DEBUG: 'none', NODE_NO_WARNINGS: '1' },
  ...{ DEBUG: 'nothing', RUST_LOG: 'off', JITI_ALIAS: '{}', JITI_DEBUG: '' },
  ...{ PGHOST: '192.0.2.1', PGPASSWORD: 'of-another-server', PGPASSFILE: '/nowhere', PGOPTIONS: '-c a.b=c' },
  ...{ SHADOW_DATABASE_URL: 'postgresql://192.0.2.1/shadow', PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK: '1' },
  ...{ MIGRATE_GUARD_PRISMA_PASSWORD: 'x', MIGRATE_GUARD_TEST_URL: 'postgresql://192.0.2.1/test' },
}
/** What the configuration of a project may ask for. */
const forPrisma = { NODE_ENV: 'production', NODE_EXTRA_CA_CERTS: '/dev/null', APPLICATION_TOKEN: 'x' }

test('what a deploy leaves nobody else can read, and its children make nothing else', async () => {
  await shop.write('prisma.config.ts', configThatTells)
  const temporary = join(shop.project.directory, 'tmp')
  const { exitCode, stderr } = await shop.run(
    ['deploy', '--yes', '--accept', 'schema-difference=not what is tested'],
    { ...notForPrisma, ...forPrisma, JITI_FS_CACHE: 'true' },
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(await openToOthers(join(shop.project.directory, 'backups'))).toEqual([])
  const told = await Promise.all(
    (await readdir(join(shop.project.directory, 'told'))).map(async (name) =>
      JSON.parse(await readFile(join(shop.project.directory, 'told', name), 'utf8')),
    ),
  )
  // The guard itself and the Prisma CLI at least.
  expect(told.length).toBeGreaterThan(1)
  expect([...new Set(told.map(({ umask }) => umask))]).toEqual([0o077])
  const ofPrisma = told.filter(({ environment }) => 'MIGRATE_GUARD_PRISMA_URL' in environment)
  expect(ofPrisma.length).toBeGreaterThan(0)
  for (const { environment } of ofPrisma) {
    for (const name of Object.keys(notForPrisma)) {
      expect({ [name]: environment[name] }).toEqual({})
      prisma.held()
    }
    expect(environment).toMatchObject(forPrisma)
    const password = decodeURIComponent(new URL(shop.database.url).password)
    expect(password).not.toBe('')
    expect(JSON.stringify(environment)).not.toContain(password)
    prisma.held()
  }
  // The copies of Prisma's loader: https://github.com/unjs/jiti#fscache
  expect(await readdir(temporary)).toEqual([])
  readable.held()
})

const notPrivate: [what: string, make: (path: string) => Promise<void>, reason: string][] = [
  [
    'a link',
    async (path) => {
      await mkdir(`${path}-elsewhere`)
      await symlink(`${path}-elsewhere`, path)
    },
    'is a link',
  ],
  [
    'writable for the group',
    async (path) => {
      await mkdir(path)
      await chmod(path, 0o770)
    },
    'can be written to by other accounts',
  ],
  [
    'writable for everybody',
    async (path) => {
      await mkdir(path)
      await chmod(path, 0o757)
    },
    'can be written to by other accounts',
  ],
  ...(isRoot
    ? [
        [
          "another account's",
          async (path: string) => {
            await mkdir(path, { mode: 0o700 })
            await chown(path, 65_534, 65_534)
          },
          'belongs to another account',
        ] as [string, (path: string) => Promise<void>, string],
      ]
    : []),
]

test.each(notPrivate)('a backups folder that is %s is refused', async (what, make, reason) => {
  const path = join(shop.project.directory, 'backups')
  await make(path)
  const before = await shop.fingerprint()
  const all = [['deploy', '--yes'], ['rehearse'], ['verify'], ['status'], ['resolve']]
  for (const command of what === 'a link' ? all : all.slice(0, 1)) {
    const { exitCode, stdout, stderr } = await shop.run(command)
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: the backups folder ${path} ${reason}\nhint: Name a folder by --backups that is yours alone, or make this one so: a folder and no link, chown to the account that runs migrate-guard, chmod 700.\n`,
    })
  }
  expect(await readdir(path)).toEqual([])
  expect(await shop.fingerprint()).toBe(before)
  refused.held()
})

const onLinux = process.platform === 'linux' ? test : test.skip
onLinux('the process list shows no URL that was given as an option', async () => {
  const canary = `cnry${randomBytes(6).toString('hex')}`
  const url = Object.assign(new URL(shop.database.url), { username: 'nobody', password: canary }).href
  const running = shop.start(['rehearse', '--database-url', url])
  const titleOf = async () => readFile(`/proc/${running.pid}/cmdline`, 'utf8').catch(() => '')
  let ended = false
  void running.result.finally(() => {
    ended = true
  })
  let hidden = 0
  while (!ended) {
    const title = (await titleOf()).replaceAll('\0', ' ').trim()
    if (title === 'migrate-guard') {
      hidden += 1
      const shown = (await readProcesses()).filter(({ command }) => command.includes(canary))
      expect(shown).toEqual([])
    } else if (hidden > 0) expect(title).toBe('')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect((await running.result).stderr).toContain('refused the login of "nobody"')
  expect(hidden).toBeGreaterThan(0)
  processList.held()
})

test('a plain build runs no module that the environment names', async () => {
  const copy = await makeFolder()
  for (const name of ['src', 'scripts', 'package.json', 'tsconfig.json'])
    await cp(join(root, name), join(copy, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  const observer = join(copy, 'observer.mjs')
  const trace = join(copy, 'trace')
  await writeFile(
    observer,
    `import { appendFileSync } from 'node:fs'
const tell = (text) => appendFileSync(${JSON.stringify(trace)}, text)
tell('loaded ')
export default { before: (name) => tell(name + ' ') }
`,
  )
  const whatIsRun = async (...options: string[]) => {
    const built = spawnSync(process.execPath, [join(copy, 'scripts/build.mjs'), ...options], {
      encoding: 'utf8',
    })
    expect({ status: built.status, stderr: built.stderr }).toEqual({ status: 0, stderr: '' })
    await rm(trace, { force: true })
    const env = { PATH: process.env.PATH, MIGRATE_GUARD_EFFECT_OBSERVER: observer }
    const url = 'postgresql://nobody@127.0.0.1:1/nothing'
    const commands = [
      ['cli/main.js', 'doctor', '--database-url', url],
      ['prisma/engine-host/main.js', '--datasource', url, 'cli', 'can-connect-to-database'],
    ]
    for (const [program = '', ...rest] of commands)
      spawnSync(process.execPath, [join(copy, 'dist', program), ...rest], { cwd: copy, env, input: '' })
    return readFile(trace, 'utf8').catch(() => '')
  }
  // The command, an effect of it, the engine.
  expect(await whatIsRun('--test-hook')).toMatch(/^loaded .*client-tool\.version .*loaded $/)
  expect(await whatIsRun()).toBe('')
  hook.held()
})
