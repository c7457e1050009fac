import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { Secret, type TargetAddress } from '../../src/domain/target.js'
import { clientEnvironment, connectionStringFor } from '../../src/postgres/client-environment.js'
import { addressOf } from '../support/address.js'
import { createTestDatabase } from '../support/test-database.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-test-pgpass-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function logIn(address: TargetAddress): Promise<string> {
  const environment = await clientEnvironment(address, folder)
  const result = await execa(
    'pg_dump',
    ['--schema-only', '--no-password', `--dbname=${connectionStringFor(address, "it's a test")}`],
    { env: environment, extendEnv: false, reject: false },
  )
  return result.exitCode === 0 ? 'dumped' : result.stderr
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (text: string) => `E'${text.replace(/[\\']/g, '\\$&')}'`

test.each([
  'plain',
  'p@ss:w%rd/',
  'a:b\\c:\\',
  '\\',
  'quote \' and " double',
  ' spaces at both ends ',
  '# no comment',
  '$HOME `id` ; rm $(x)',
  '100%',
  'pässwörd 漢 😀',
  '*:*:*:*:*',
])('pg_dump logs in with the password %j', async (password) => {
  const database = await createTestDatabase()
  const role = `login_${randomBytes(4).toString('hex')}`
  await database.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD ${literal(password)}`)
  const address = { ...addressOf(database), user: role, password: new Secret(password) }
  expect(await logIn(address)).toBe('dumped')
  expect(await logIn({ ...address, password: new Secret(`${password}x`) })).toMatch(
    /password authentication failed/,
  )
  expect((await stat(join(folder, 'pgpass'))).mode & 0o777).toBe(0o600)
  expect(connectionStringFor(address, 'test')).not.toContain('password')
  await database.query(`DROP ROLE ${role}`)
})

test.each(["it's", 'back\\slash', '"quoted"', 'a b=c', 'postgresql://x', 'ü 漢'])(
  'names of database and role may be %j',
  async (odd) => {
    const database = await createTestDatabase()
    const name = `${odd} ${randomBytes(3).toString('hex')}`
    await database.query(`CREATE DATABASE ${quote(name)}`)
    await database.query(`CREATE ROLE ${quote(name)} LOGIN SUPERUSER PASSWORD 'x'`)
    const address = { ...addressOf(database), database: name, user: name, password: new Secret('x') }
    expect(await logIn(address)).toBe('dumped')
    await database.query(`DROP DATABASE ${quote(name)} WITH (FORCE)`)
    await database.query(`DROP ROLE ${quote(name)}`)
  },
)

test("settings of the user's shell do not change what is dumped; his password stays in force only without one of ours", async () => {
  const database = await createTestDatabase()
  const saved = { ...process.env }
  Object.assign(process.env, {
    PGHOST: '192.0.2.1',
    PGDATABASE: 'other',
    PGOPTIONS: '-c x.y=z',
    PGPASSWORD: 'wrong',
    PGSSLMODE: 'require',
    PGCHANNELBINDING: 'require',
    PGGSSENCMODE: 'require',
  })
  try {
    expect(await logIn(addressOf(database))).toBe('dumped')
    const { password: _, ...withoutPassword } = addressOf(database)
    const environment = await clientEnvironment(withoutPassword, folder)
    expect(environment).toMatchObject({ PGPASSWORD: 'wrong' })
    expect(Object.keys(environment)).not.toContain('PGHOST')
    expect(Object.keys(environment)).not.toContain('PGOPTIONS')
  } finally {
    process.env = saved
  }
  expect(await readFile(join(folder, 'pgpass'), 'utf8')).toMatch(/^\*:\*:\*:\*:.*\n$/)
})
