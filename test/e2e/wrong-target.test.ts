import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { startFakePooler } from '../support/fake-pooler.js'
import { processesOf } from '../support/processes.js'
import type { CliResult } from '../support/run-cli.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

let shop: Shop
let before: string

beforeAll(async () => {
  shop = await makeShop()
  before = await shop.fingerprint()
})
afterAll(removeShops)

/** The URL of the shop's database, with parts of it replaced. */
function urlWith(parts: Partial<Record<'username' | 'password' | 'host' | 'pathname' | 'search', string>>) {
  return Object.assign(new URL(shop.database.url), parts).href
}

async function expectUnchanged(): Promise<void> {
  expect(await shop.fingerprint()).toBe(before)
  expect(await shop.leftovers()).toEqual([])
}

/** All that a command says of an input which it refuses before it has looked at anything. */
async function expectRefused(result: Promise<CliResult>, stderr: string): Promise<void> {
  expect(await result).toEqual({ exitCode: 2, stdout: '', stderr })
  await expectUnchanged()
}

/** The same for a deploy, which by then has a run folder. */
async function expectRun(result: Promise<CliResult>, stderr: string): Promise<void> {
  const { stdout, ...rest } = await result
  expect(rest).toEqual({ exitCode: 2, stderr })
  const folder = (await shop.runFolders()).at(-1)
  expect(stdout.replace(/^plan {6}failed {3}.*\n/, '')).toBe(`report    ${folder}/report.txt\n`)
  await expectUnchanged()
}

test('a database that does not exist is an error and is not created', async () => {
  const url = urlWith({ pathname: '/shop_with_a_typo' })
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: url }),
    `error: database "shop_with_a_typo" does not exist on ${shop.server}
hint: Correct the database name in the URL, or create the database; migrate-guard never creates one.
`,
  )
  await expectRefused(
    shop.run(['status'], { DATABASE_URL: url }),
    `error: database "shop_with_a_typo" does not exist on ${shop.server}
hint: Correct the database name in the URL, or create the database; migrate-guard never creates one.
`,
  )
  expect(
    await shop.database.query(`SELECT datname FROM pg_database WHERE datname = 'shop_with_a_typo'`),
  ).toEqual([])
})

test('a run that does not reach its target writes a report all the same', async () => {
  await shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ pathname: '/nowhere' }) })
  expect(await shop.report()).toMatchObject({
    exitCode: 2,
    databaseState: 'unchanged',
    failure: { code: 'database-missing' },
  })
})

test('a server that is not there', async () => {
  const hint = 'hint: Start the server, or correct host and port in the database URL.\n'
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ host: '127.0.0.1:1' }) }),
    `error: the server at 127.0.0.1:1 cannot be reached: connection refused\n${hint}`,
  )
  // A name with several addresses: Node gives the failures as one error with an empty message.
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ host: 'localhost:1' }) }),
    `error: the server at localhost:1 cannot be reached: connection refused\n${hint}`,
  )
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ host: 'no-such-host.invalid:5432' }) }),
    `error: the server at no-such-host.invalid:5432 cannot be reached: the host name is unknown\n${hint}`,
  )
})

test('a wrong password, and none', async () => {
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ password: 'S3cret-but-wrong' }) }),
    `error: ${shop.server} refused the login of "postgres": password authentication failed for user "postgres"
hint: Correct user and password in the database URL; percent-encode special characters in the password.
`,
  )
  expect(await textOfRun()).not.toContain('S3cret-but-wrong')
  await expectRun(
    shop.run(['deploy', '--yes'], { DATABASE_URL: urlWith({ password: '' }), PGPASSFILE: '/no/pgpass' }),
    `error: ${shop.server} asks for a password and none is given for "postgres"
hint: Put the password into the database URL, or into a pgpass file.
`,
  )
})

const shape = 'Write it as postgresql://user:password@host:5432/database'

const refusedUrls: [url: string | undefined, stderr: string][] = [
  [
    'mysql://app:S3cret@db/shop',
    `error: datasource.url in prisma.config.cjs is a mysql URL, not one of PostgreSQL\nhint: ${shape}.\n`,
  ],
  [
    'prisma://accelerate.prisma-data.net/?api_key=S3cret',
    `error: datasource.url in prisma.config.cjs is a Prisma Accelerate URL, through which migrations cannot run
hint: Give the database's own URL by --database-url or DIRECT_URL.
`,
  ],
  [
    'prisma+postgres://accelerate.prisma-data.net/?api_key=S3cret',
    `error: datasource.url in prisma.config.cjs is a Prisma Accelerate URL, through which migrations cannot run
hint: Give the database's own URL by --database-url or DIRECT_URL.
`,
  ],
  [
    'postgresql://app:S3cret@db:5432',
    `error: datasource.url in prisma.config.cjs names no database
hint: ${shape} and percent-encode special characters: @ as %40, / as %2F, ? as %3F, # as %23, % as %25.
`,
  ],
  [
    'postgresql://app:S3cret@db:port/shop',
    `error: datasource.url in prisma.config.cjs is not a connection URL that can be read
hint: ${shape} and percent-encode special characters: @ as %40, / as %2F, ? as %3F, # as %23, % as %25.
`,
  ],
  [
    'S3cret',
    `error: datasource.url in prisma.config.cjs does not begin with postgresql://\nhint: ${shape}.\n`,
  ],
  [
    'postgresql://app:S3cret@db/shop?pgbouncer=true',
    `error: datasource.url in prisma.config.cjs leads to a connection pooler, on which session locks and prepared statements do not hold
hint: Give the database's own URL by --database-url or DIRECT_URL.
`,
  ],
  [
    undefined,
    `error: no database URL was given, and prisma.config.cjs has no datasource.url
hint: Give it by --database-url, or set DIRECT_URL or DATABASE_URL in the environment, in .env or in prisma.config.ts.
`,
  ],
]

test('a URL that cannot be that of the target is refused, and not printed', async () => {
  const runs = refusedUrls.map(async ([url, stderr]) => {
    const result = await shop.run(['deploy', '--yes'], { DATABASE_URL: url })
    expect({ url, ...result }).toEqual({ url, exitCode: 2, stdout: '', stderr })
    expect(stderr).not.toContain('S3cret')
  })
  await Promise.all(runs)
  await expectUnchanged()
})

test('a transaction pooler is found out although its URL does not say so', async () => {
  const pooler = await startFakePooler(shop.database.url)
  try {
    const { exitCode, stdout, stderr } = await shop.run(['deploy', '--yes'], { DATABASE_URL: pooler.url })
    expect(stdout).not.toContain('passed')
    expect(stderr).toBe(
      `error: a connection pooler at ${new URL(pooler.url).host} changes backends between transactions; locks and settings of a session get lost, and it drops the settings of the session; nothing was read or changed
hint: Give the direct URL of the database by --database-url.
`,
    )
    expect(exitCode).toBe(2)
    await expectUnchanged()
    const doctor = await shop.run(['doctor'], { DATABASE_URL: pooler.url })
    expect(doctor.stdout).toContain('a connection pooler at')
    expect(doctor.exitCode).toBe(3)
  } finally {
    await pooler.stop()
  }
})

const hardPassword = `p@s:s%/w'o"r\\d with 2 spaces#?&`

test.each([
  ['percent-encoded', encodeURIComponent(hardPassword)],
  ['pasted as it is', hardPassword],
])('a password full of special characters works %s, and is nowhere to be read', async (_, written) => {
  const own = await makeShop()
  const role = `deployer_${own.database.name}`
  await own.database.query(
    `CREATE ROLE "${role}" LOGIN SUPERUSER PASSWORD '${hardPassword.replaceAll("'", "''")}'`,
  )
  try {
    const url = `postgresql://${role}:${written}@${own.server}/${own.database.name}`
    const env = { DATABASE_URL: url, MIGRATE_GUARD_POSTGRES_BIN: await slowPgDump(own) }
    const running = own.start(['deploy', '--yes', '--debug'], { env })
    const commandLines = await sampleCommandLines(own.project.directory, running.result)
    const { exitCode, stdout, stderr } = await running.result
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    // The samples are worth nothing unless they caught the children at work.
    expect(commandLines.join('\n')).toMatch(/pg_dump.*--snapshot=/)
    expect(commandLines.join('\n')).toMatch(/prisma.*migrate deploy/)
    const everything = [stdout, ...commandLines, await textOfRun(own)].join('\n')
    // Each format escapes in its own way, all of them by backslashes or by percents.
    for (const secret of [hardPassword.replaceAll('\\', ''), encodeURIComponent(hardPassword)])
      expect(everything.replaceAll('\\', '')).not.toContain(secret)
    expect(await own.leftovers()).toEqual([])
    expect(await own.database.query('SELECT phone FROM customers')).toHaveLength(3)
  } finally {
    await own.database.drop()
    await shop.database.query(`DROP ROLE "${role}"`)
  }
})

/** Every file that the newest run has written, the dump too. */
async function textOfRun(of = shop): Promise<string> {
  const folder = (await of.runFolders()).at(-1) ?? ''
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))).join(
    '\n',
  )
}

/** A folder with a pg_dump that begins late, so that a look at the processes of a busy machine finds it. */
async function slowPgDump({ project }: Shop): Promise<string> {
  const bin = join(project.directory, 'bin')
  const [dump, restore] = await Promise.all([findClientTool('pg_dump', 0), findClientTool('pg_restore', 0)])
  await mkdir(bin)
  await writeFile(
    join(bin, 'pg_dump'),
    `#!/bin/sh\n[ "$1" = --version ] || sleep 2\nexec '${dump.path}' "$@"\n`,
    { mode: 0o755 },
  )
  await symlink(restore.path, join(bin, 'pg_restore'))
  return bin
}

/** The command lines of the run's processes, again and again until it ends; they are told by the folder. */
async function sampleCommandLines(directory: string, end: Promise<unknown>): Promise<string[]> {
  const lines = new Set<string>()
  let ended = false
  void end.then(() => {
    ended = true
  })
  while (!ended) {
    for (const line of await processesOf(directory)) lines.add(line)
    await sleep(25)
  }
  return [...lines]
}
