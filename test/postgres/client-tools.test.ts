import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { findClientTool } from '../../src/postgres/client-tools.js'

let folder: string
const { PATH, MIGRATE_GUARD_POSTGRES_BIN } = process.env

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-test-tools-'))
  // The tests may run with the programs of another folder themselves.
  delete process.env.MIGRATE_GUARD_POSTGRES_BIN
})
afterEach(async () => {
  process.env.PATH = PATH
  if (MIGRATE_GUARD_POSTGRES_BIN !== undefined)
    process.env.MIGRATE_GUARD_POSTGRES_BIN = MIGRATE_GUARD_POSTGRES_BIN
  await rm(folder, { recursive: true })
})

/** A folder with a pg_dump that runs this shell script. */
async function fixture(name: string, script: string): Promise<string> {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'pg_dump'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, name, 'pg_dump'), 0o755)
  return join(folder, name)
}
const says = (version: string) => `echo "pg_dump (PostgreSQL) ${version}"`

test.each([
  ['15.18 (Debian 15.18-0+deb12u1)', '15.18', 15],
  ['17.2', '17.2', 17],
  ['18beta1', '18beta1', 18],
])('understands the version %s', async (text, version, major) => {
  process.env.MIGRATE_GUARD_POSTGRES_BIN = await fixture('one', says(text))
  expect(await findClientTool('pg_dump', 15)).toEqual({ path: join(folder, 'one/pg_dump'), version, major })
})

test('of several on the PATH the first that is new enough', async () => {
  const folders = [
    await fixture('old', says('13.1')),
    await fixture('fits', says('15.2')),
    await fixture('newer', says('17.1')),
  ]
  process.env.PATH = folders.join(':')
  expect(await findClientTool('pg_dump', 15)).toMatchObject({ path: join(folder, 'fits/pg_dump') })
  expect(await findClientTool('pg_dump', 16)).toMatchObject({ path: join(folder, 'newer/pg_dump') })
})

test('only older ones: says which, and what to install', async () => {
  process.env.MIGRATE_GUARD_POSTGRES_BIN = await fixture('old', says('14.9'))
  await expect(findClientTool('pg_dump', 16)).rejects.toMatchObject({
    code: 'client-tool-too-old',
    exitCode: 4,
    message: 'pg_dump 14.9 is older than the server, which is PostgreSQL 16; it refuses to work with it',
    hint: 'Install the client tools of PostgreSQL 16, e.g. the package postgresql-client-16.',
  })
})

test.each([
  ['fails', 'echo 15.1; exit 1'],
  ['says nothing of a version', 'echo hello'],
  ['cannot be run', 'not-a-program-of-this-machine'],
])('a program that %s is none', async (_, script) => {
  process.env.MIGRATE_GUARD_POSTGRES_BIN = await fixture('broken', script)
  await expect(findClientTool('pg_dump', 15)).rejects.toMatchObject({
    code: 'client-tool-missing',
    message: 'pg_dump is not installed',
  })
})
