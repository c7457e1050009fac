import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { barePrisma, callOf, guardedPrisma } from '../support/prisma-cli.js'
import { makeProject, type Project, type ProjectOptions } from '../support/project.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const projects: Project[] = []

afterAll(async () => {
  for (const project of projects) await project.remove()
})

async function project(options: ProjectOptions): Promise<Project> {
  const made = await makeProject(options)
  projects.push(made)
  return made
}

const model = 'model Customer {\n  id   Int    @id\n  name String\n}\n'
const sql =
  'CREATE TABLE "Customer" ("id" INTEGER NOT NULL, "name" TEXT NOT NULL, CONSTRAINT "Customer_pkey" PRIMARY KEY ("id"));'

const schemas = {
  '7': `datasource db {\n  provider = "postgresql"\n}\n\n${model}`,
  '6': `datasource db {\n  provider  = "postgresql"\n  url       = env("DATABASE_URL") // pooled\n  directUrl = env("DIRECT_URL")\n}\n\n${model}`,
}

const diffArguments = {
  '7': ['--from-config-datasource', '--to-schema', 'prisma/schema.prisma'],
  '6': ['--from-schema-datasource', 'prisma/schema.prisma', '--to-schema-datamodel', 'prisma/schema.prisma'],
}

function history(database: TestDatabase) {
  return database.query(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
       FROM _prisma_migrations ORDER BY started_at`,
  )
}

const a = '20260101000000_customer'
const b = '20260102000000_broken'

describe.each(['7', '6'] as const)('Prisma %s', (prisma) => {
  const diff = ['migrate', 'diff', ...diffArguments[prisma], '--exit-code']

  test('as the guard runs it: deploy, status, diff, resolve', async () => {
    const { directory, ...rest } = await project({
      prisma,
      schema: schemas[prisma],
      migrations: { [a]: sql, [b]: 'SELECT 1/0;' },
    })
    const database = await createTestDatabase()
    const cli = await guardedPrisma({ directory, ...rest }, database.url)

    const [pending, different] = await Promise.all([
      cli.run(callOf(['migrate', 'status'])),
      cli.run(callOf(diff, { readOnly: true })),
    ])
    expect(pending.exitCode).toBe(1)
    expect(pending.stdout).toContain(`Following migrations have not yet been applied:\n${a}\n${b}`)
    expect(different.stdout).toContain('[+] Added tables\n  - Customer')
    expect(different.exitCode).toBe(2)

    const deployed = await cli.run(callOf(['migrate', 'deploy']))
    expect(deployed.exitCode).toBe(1)
    expect(deployed.stderr).toContain('P3018')
    expect(deployed.stderr).toContain('ERROR: division by zero')
    expect(await history(database)).toEqual([
      { name: a, finished: true, rolledBack: false },
      { name: b, finished: false, rolledBack: false },
    ])

    const resolved = await cli.run(callOf(['migrate', 'resolve', '--rolled-back', b]))
    expect(resolved.exitCode).toBe(0)
    expect((await history(database))[1]).toEqual({ name: b, finished: false, rolledBack: true })

    await writeFile(join(directory, `prisma/migrations/${b}/migration.sql`), 'SELECT 1;')
    const again = await cli.run(callOf(['migrate', 'deploy']))
    expect(again.stdout).toContain('All migrations have been successfully applied.')
    expect(again.exitCode).toBe(0)

    const [same, status] = await Promise.all([
      cli.run(callOf(diff, { readOnly: true })),
      cli.run(callOf(['migrate', 'status'])),
    ])
    expect(same.stdout).toContain('No difference detected.')
    expect(same.exitCode).toBe(0)
    expect(status.stdout).toContain('Database schema is up to date!')
    expect(status.exitCode).toBe(0)
  })

  test('without the guard: deploy, status, diff, resolve', async () => {
    const bare = await project({ prisma, schema: schemas[prisma], migrations: { [a]: sql } })
    const database = await createTestDatabase()
    // The pooled URL leads nowhere: Prisma 6 migrates on directUrl.
    const env =
      prisma === '6'
        ? { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', DIRECT_URL: database.url }
        : { DATABASE_URL: database.url }

    const [different, resolved] = await Promise.all([
      barePrisma(bare, diff, env),
      barePrisma(bare, ['migrate', 'resolve', '--applied', a], env),
    ])
    expect(different).toMatchObject({ exitCode: 2 })
    expect(resolved).toMatchObject({ exitCode: 0 })
    await database.query('DELETE FROM _prisma_migrations')

    const deployed = await barePrisma(bare, ['migrate', 'deploy'], env)
    expect(deployed.stdout).toContain('All migrations have been successfully applied.')
    expect(await history(database)).toEqual([{ name: a, finished: true, rolledBack: false }])
    const [same, status] = await Promise.all([
      barePrisma(bare, diff, env),
      barePrisma(bare, ['migrate', 'status'], env),
    ])
    expect(same.stdout).toContain('No difference detected.')
    expect(same.exitCode).toBe(0)
    expect(status).toMatchObject({ exitCode: 0 })
  })

  test('a diff without an answer never says that there is no difference', async () => {
    const bare = await project({ prisma, schema: schemas[prisma], migrations: { [a]: sql } })
    const dying = join(bare.directory, 'dying-engine.mjs')
    await writeFile(
      dying,
      "#!/usr/bin/env node\nprocess.stdin.once('data', () => process.kill(process.pid, 'SIGKILL'))\n",
      { mode: 0o755 },
    )
    const url = (await createTestDatabase()).url
    const env = { DATABASE_URL: url, DIRECT_URL: url }
    const nowhere = 'postgresql://nobody@127.0.0.1:1/nothing'
    const [killed, panicked, refused] = await Promise.all([
      barePrisma(bare, diff, { ...env, PRISMA_SCHEMA_ENGINE_BINARY: dying }),
      barePrisma(bare, diff, { ...env, FORCE_PANIC_SCHEMA_ENGINE: '1' }),
      barePrisma(bare, diff, { DATABASE_URL: nowhere, DIRECT_URL: nowhere }),
    ])
    // Its exit code says nothing: Prisma ends with 0 when its engine is killed.
    expect(killed.stdout).not.toContain('No difference')
    expect(panicked.exitCode).toBe(1)
    expect(panicked.stdout).not.toContain('No difference')
    expect(panicked.stderr).toContain('debugPanic')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('the server at 127.0.0.1:1 cannot be reached')
  })
})

describe('only Prisma 6', () => {
  test('compares with a URL, if it is the database on which it is connected', async () => {
    const bare = await project({ prisma: '6', schema: schemas['6'], migrations: { [a]: sql } })
    const database = await createTestDatabase()
    await database.query(sql)
    const other = await createTestDatabase()
    const env = { DATABASE_URL: other.url, DIRECT_URL: other.url }
    const to = ['--to-schema-datamodel', 'prisma/schema.prisma', '--exit-code']

    const same = await barePrisma(bare, ['migrate', 'diff', '--from-url', database.url, ...to], env)
    expect(same.stdout).toContain('No difference detected.')
    const different = await barePrisma(bare, ['migrate', 'diff', '--from-url', other.url, ...to], env)
    expect(different.exitCode).toBe(2)
    const two = await barePrisma(
      bare,
      ['migrate', 'diff', '--from-url', database.url, '--to-url', other.url],
      env,
    )
    expect(two.exitCode).toBe(1)
    expect(two.stderr).toContain(`the engine is connected to ${database.name} on`)
  })

  test('does not write a schema without its URLs', async () => {
    const bare = await project({ prisma: '6', schema: schemas['6'], migrations: { [a]: sql } })
    const { url } = await createTestDatabase({ sql })
    const pulled = await barePrisma(bare, ['db', 'pull', '--print'], { DATABASE_URL: url, DIRECT_URL: url })
    expect(pulled.exitCode).toBe(1)
    expect(pulled.stdout).not.toContain('datasource')
  })

  test("takes the URL from the project's configuration", async () => {
    const bare = await project({
      prisma: '6',
      schema: `datasource db {\n  provider = "postgresql"\n  url = env("NOT_USED")\n}\n\n${model}`,
      config: `import { defineConfig } from 'prisma/config'
export default defineConfig({ engine: 'classic', schema: 'prisma/schema.prisma', datasource: { url: process.env.MY_URL } })
`,
      migrations: { [a]: sql },
    })
    const database = await createTestDatabase()
    const deployed = await barePrisma(bare, ['migrate', 'deploy'], {
      MY_URL: database.url,
      NOT_USED: 'postgresql://nobody@127.0.0.1:1/nothing',
    })
    expect(deployed).toMatchObject({ exitCode: 0 })
    expect(await history(database)).toHaveLength(1)
  })
})
