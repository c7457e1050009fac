import { createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { brake, firstMigration, makeGuardedDatabase } from '../support/guarded-database.js'
import { installLyingPrisma } from '../support/lying-prisma.js'

const phones = '20260201000000_phones'
const sql = 'CREATE TABLE phones (id int PRIMARY KEY);\n'
const update = "UPDATE people SET city = 'nowhere';\n"
const sayAllIsWell = "console.log('All migrations have been successfully applied.')"

const insertRow = (text: string) => `await client.query(
  "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES ('lie', $1, now(), '${phones}', now(), 1)",
  ['${createHash('sha256').update(text).digest('hex')}'])`

test('a CLI that does nothing and says that all is applied', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  await installLyingPrisma(guarded.project, sayAllIsWell)
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(20)
  expect(result.record.failure).toMatchObject({
    message: `migration "${phones}" was never started, and Prisma said: All migrations have been successfully applied.; the target is proven unchanged`,
    hint: 'Correct what Prisma names, then run the command again; the history is clean.',
  })
  expect(result.evidence).toBe(
    [
      'prisma migrate deploy ended with exit code 0',
      'prisma said: All migrations have been successfully applied.',
      'no session of the deploy is left on the server',
      `"${phones}" was not started by this run`,
      'the catalog is the same as before the deploy',
    ].join('\n'),
  )
  expect(await guarded.truth()).toEqual(before)
})

test.each([
  ['a table', sql],
  ['nothing that a catalog shows', update],
])('a CLI that writes a finished row for a migration of %s, which never ran', async (_, text) => {
  const guarded = await makeGuardedDatabase({ [phones]: text })
  const before = await guarded.truth()
  await installLyingPrisma(guarded.project, `${insertRow(text)}\n${sayAllIsWell}`)
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(21)
  expect(result.record).toMatchObject({
    databaseState: 'unknown',
    failure: {
      message: `the migration history says that "${phones}" is applied, but the engine did not run it; the state of the target is unknown`,
      hint: expect.stringMatching(/^Do not trust the migration history: /),
    },
  })
  expect(result.evidence).toContain(
    `the history row of "${phones}" is finished, but the hosted engine did not run it to its end`,
  )
  expect(await guarded.truth()).toEqual({ ...before, history: [...before.history, `${phones}: finished`] })
})

test('a CLI that runs the file itself and writes no row: changed, whatever the history says', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  await installLyingPrisma(guarded.project, `await client.query(${JSON.stringify(sql)})`)
  const result = await guarded.deploy()
  expect(result.exitCode).toBe(21)
  expect(result.record.databaseState).toBe('changed')
  expect(result.evidence).toContain('in the catalog: table public.phones is new')
})

// Prisma's own engine cannot be downloaded everywhere. Two programs stand in for it: one that ends at once, and ours
// without the guard's options, which tells no events either.
async function nativeEngine(directory: string, body: string): Promise<Record<string, string>> {
  const path = join(directory, 'schema-engine')
  await writeFile(path, `#!/usr/bin/env node\n${body}\n`)
  await chmod(path, 0o755)
  return { PRISMA_SCHEMA_ENGINE_BINARY: path }
}
const ourEngine = fileURLToPath(new URL('../../dist/prisma/engine-host/main.js', import.meta.url))

test('a native engine that exits 0 at once', async () => {
  const guarded = await makeGuardedDatabase({ [phones]: sql })
  const before = await guarded.truth()
  const engine = await nativeEngine(
    guarded.project.directory,
    `const { spawnSync } = require('node:child_process')
const cli = require('node:fs').readFileSync('/proc/' + process.ppid + '/cmdline', 'utf8')
if (!cli.includes('deploy')) process.exitCode = spawnSync(process.execPath, [${JSON.stringify(ourEngine)}, ...process.argv.slice(2)], { stdio: 'inherit' }).status`,
  )
  const result = await guarded.deploy({ arguments: ['--engine', 'native'], env: engine })
  expect(result.exitCode).toBe(20)
  expect(result.record.failure?.message).toMatch(
    new RegExp(
      `^migration "${phones}" was never started, and Prisma said.*; the target is proven unchanged$`,
    ),
  )
  expect(await guarded.truth()).toEqual(before)
})

test('a native engine that dies in a migration: unknown, unless the first statement left no trace', async () => {
  const silent = await makeGuardedDatabase({ [phones]: `${update}${brake}\n` })
  const telling = await makeGuardedDatabase({ [phones]: `${sql}${brake}\n` })
  for (const [guarded, exit, proof] of [
    [silent, 21, `Prisma's own engine does not tell whether statements of "${phones}" took effect`],
    [telling, 20, `the first statement of "${phones}" has left no trace: relation phones is not there`],
  ] as const) {
    await guarded.database.query('INSERT INTO brake VALUES (40)')
    const before = await guarded.truth()
    const running = guarded.start({
      arguments: ['--engine', 'native'],
      env: await nativeEngine(
        guarded.project.directory,
        `process.argv[1] = ${JSON.stringify(ourEngine)}\nimport(process.argv[1])`,
      ),
    })
    const [{ pid } = { pid: 0 }] = await untilNativeSleeps(guarded)
    await guarded.database.query('SELECT pg_terminate_backend($1)', [pid])
    const result = await running.ended()
    expect(result.exitCode).toBe(exit)
    expect(result.evidence).toContain(proof)
    const truth = await guarded.truth()
    expect(truth.people).toBe(before.people)
    expect(truth.history).toEqual([
      `${firstMigration}: finished`,
      `${phones}: ${exit === 20 ? 'rolled back' : 'unfinished'}`,
    ])
  }
})

async function untilNativeSleeps(guarded: { database: { query(sql: string): Promise<{ pid: number }[]> } }) {
  for (let looked = 0; ; looked += 1) {
    if (looked > 400) throw new Error('the native engine never came to the statement that sleeps')
    const rows = await guarded.database.query(
      "SELECT pid FROM pg_stat_activity WHERE query LIKE '%FROM brake%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()",
    )
    if (rows.length > 0) return rows
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
