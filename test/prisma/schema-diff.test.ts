import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { findPrismaProject } from '../../src/prisma/project.js'
import { diffWithEngine } from '../../src/prisma/schema-diff.js'
import { parseDatabaseUrl } from '../../src/settings/database-url.js'
import { makeProject, type Project } from '../support/project.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

const engineHost = fileURLToPath(new URL('../../dist/prisma/engine-host/main.js', import.meta.url))

const schema = `datasource db {
  provider = "postgresql"
}

model Customer {
  id    Int     @id @default(autoincrement())
  email String? @unique

  @@map("customers")
}
`
const config = `import { defineConfig } from 'prisma/config'

export default defineConfig({
  experimental: { externalTables: true },
  tables: { external: ['public.legacy'] },
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
})
`
const asDeclared = `
  CREATE TABLE customers (id serial PRIMARY KEY, email text);
  CREATE UNIQUE INDEX customers_email_key ON customers (email);
  CREATE TABLE legacy (id integer)`

let project: Project
let database: TestDatabase

beforeAll(async () => {
  project = await makeProject({ migrations: {}, schema, config })
  database = await createTestDatabase({ sql: asDeclared })
})
afterAll(() => project.remove())

async function askEngine() {
  const found = await findPrismaProject({
    directory: project.directory,
    configPath: join(project.directory, 'prisma.config.ts'),
  })
  return diffWithEngine(found, parseDatabaseUrl(database.url, 'test'), { applicationName: 'test' }, 'diff')
}

/** The real CLI's answer to the same question. */
async function askCli() {
  const { exitCode, stdout } = await execa(
    process.execPath,
    [
      join(project.directory, 'node_modules/prisma/build/index.js'),
      ...[
        'migrate',
        'diff',
        '--from-config-datasource',
        '--to-schema',
        'prisma/schema.prisma',
        '--exit-code',
        '--script',
      ],
    ],
    {
      cwd: project.directory,
      reject: false,
      env: { DATABASE_URL: database.url, PRISMA_SCHEMA_ENGINE_BINARY: engineHost, NODE_OPTIONS: '' },
    },
  )
  return { exitCode, text: stdout.trim() }
}

test('says that there is no difference, as the CLI does, and leaves out external tables', async () => {
  expect(await askEngine()).toEqual({ exitCode: 0, text: '-- This is an empty migration.' })
  expect(await askCli()).toEqual({ exitCode: 0, text: '-- This is an empty migration.' })
})

test('tells a difference in the words of the CLI', async () => {
  await database.query('DROP INDEX customers_email_key; ALTER TABLE customers ADD COLUMN phone text')
  const answer = await askEngine()
  expect(answer).toEqual({
    exitCode: 2,
    text: `-- AlterTable
ALTER TABLE "customers" DROP COLUMN "phone";

-- CreateIndex
CREATE UNIQUE INDEX "customers_email_key" ON "customers"("email");`,
  })
  expect(await askCli()).toEqual(answer)
})
