import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execaSync } from 'execa'
import { findClientTool } from '../../src/postgres/client-tools.js'
import { findServerBinaries } from '../../src/postgres/throw-away-cluster.js'
import { hostileRow, hostileTimeoutMs } from '../support/hostile.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'

// What a program may see of the environment in which somebody starts the guard: tokens and passwords stand there.

const row = hostileRow(
  import.meta.url,
  'A child finds in its environment what it needs, and no password of anything else (each in each child)',
)

const canary = 'cnry-of-the-environment'
/** Secrets of other things, and what would lead a program of Postgres or git elsewhere. */
const secrets = Object.fromEntries(
  [
    ...['AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'NPM_TOKEN', 'SHADOW_DATABASE_URL', 'MIGRATE_GUARD_ANY'],
    ...['PGPASSWORD', 'PGOPTIONS', 'PGDATABASE', 'PGSERVICE', 'PGDATA'],
  ].map((name) => [name, canary]),
)

let shop: Shop
let folder: string
beforeAll(async () => {
  shop = await makeShop({ rehearses: true })
  folder = await mkdtemp(join(tmpdir(), 'guard-test-children-'))
  await chmod(folder, 0o755)
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await removeShops()
})

/** A program that notes its environment, also where it runs as the account of the server, and becomes the real one. */
async function standIn(bin: string, real: string): Promise<void> {
  const name = real.split('/').at(-1) ?? ''
  const notes = join(folder, 'notes')
  await mkdir(notes, { recursive: true })
  await chmod(notes, 0o1777)
  const script = `#!/bin/sh\nenv -0 > '${notes}/${name}.'$$\nexec '${real}' "$@"\n`
  await writeFile(join(bin, name), script, { mode: 0o755 })
}

/** By program, what each of its processes has found. */
async function found(): Promise<Map<string, string[]>> {
  const notes = new Map<string, string[]>()
  for (const file of await readdir(join(folder, 'notes'))) {
    const name = file.split('.')[0] ?? ''
    const text = await readFile(join(folder, 'notes', file), 'utf8')
    notes.set(name, [...(notes.get(name) ?? []), text])
  }
  return notes
}

function pathOf(program: string): string {
  return spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()
}

test(
  'the programs of Postgres, git and rm',
  async () => {
    const server = await findServerBinaries()
    const ofPostgres = join(folder, 'postgres')
    const others = join(folder, 'others')
    for (const bin of [ofPostgres, others]) await mkdir(bin, { mode: 0o755 })
    for (const name of ['pg_dump', 'pg_restore'] as const)
      await standIn(ofPostgres, (await findClientTool(name, 0)).path)
    for (const name of ['initdb', 'postgres', 'pg_config']) await standIn(ofPostgres, join(server, name))
    for (const name of ['git', 'rm']) await standIn(others, pathOf(name))
    const env = {
      ...secrets,
      PGSSLMODE: 'require',
      MIGRATE_GUARD_POSTGRES_BIN: ofPostgres,
      PATH: `${others}:${process.env.PATH}`,
    }
    const accepted = ['deploy', '--yes', '--accept', 'schema-difference=not what is tested']
    expect(await shop.start(accepted, { env, timeoutMs: 200_000 }).result).toMatchObject({
      exitCode: 0,
      stderr: '',
    })
    for (const words of [
      ['init', '--quiet'],
      ['add', '.'],
      ['commit', '--quiet', '-m', 'all'],
    ])
      execaSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...words], {
        cwd: shop.project.directory,
      })
    expect(await shop.run(['plan', '--offline', '--since', 'HEAD'], env)).toMatchObject({ exitCode: 0 })

    const password = decodeURIComponent(new URL(shop.database.url).password)
    expect(password).not.toBe('')
    const notes = await found()
    expect([...notes.keys()].sort()).toEqual(
      expect.arrayContaining(['git', 'initdb', 'pg_dump', 'pg_restore', 'postgres', 'rm']),
    )
    for (const [name, environments] of notes) {
      for (const environment of environments) {
        expect({ name, environment }).toEqual({ name, environment: expect.stringContaining('PATH=') })
        expect({ name, environment }).toEqual({ name, environment: expect.not.stringContaining(canary) })
        expect({ name, environment }).toEqual({ name, environment: expect.not.stringContaining(password) })
      }
      row.held(Object.keys(secrets).length + 1)
    }
  },
  hostileTimeoutMs,
)
