import { readFileSync } from 'node:fs'
import { chmod, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { findNativeEngine, makePrismaCli } from '../../dist/prisma/cli.js'
import { readPrismaConfig } from '../../dist/prisma/prisma-config.js'
import { findPrismaProject, readSchemaFiles } from '../../dist/prisma/project.js'
import { parseDatabaseUrl } from '../../dist/settings/database-url.js'
import { hostPath, makeFolder } from '../support/engine-host.js'
import { callOf } from '../support/prisma-cli.js'
import { makeProject, type Project, type ProjectOptions } from '../support/project.js'
import { createTestDatabase } from '../support/test-database.js'

const projects: Project[] = []

afterAll(async () => {
  for (const project of projects) await project.remove()
})

afterEach(() => {
  delete process.env.PRISMA_SCHEMA_ENGINE_BINARY
})

async function projectOf(options: Partial<ProjectOptions> = {}): Promise<string> {
  const project = await makeProject({
    migrations: { '20260101000000_a': 'CREATE TABLE a (id int);' },
    ...options,
  })
  projects.push(project)
  return project.directory
}

async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
}

/** A folder in which this version of Prisma seems to be installed. */
async function folderWithPrisma(version: string): Promise<string> {
  const directory = await realpath(await makeFolder())
  await write(directory, {
    'node_modules/prisma/package.json': JSON.stringify({
      name: 'prisma',
      version,
      bin: { prisma: 'build/index.js' },
    }),
    'node_modules/prisma/build/index.js': '',
    'prisma/schema.prisma': '',
  })
  return directory
}

describe('the versions of Prisma', () => {
  test.each(['6.19.0', '6.19.3', '7.0.0', '7.10.1', '7.11.0-dev.3'])('%s is guarded', async (version) => {
    const directory = await folderWithPrisma(version)
    expect(await findPrismaProject({ directory })).toEqual({
      directory,
      cliPath: join(directory, 'node_modules/prisma/build/index.js'),
      version,
      major: Number(version[0]),
      schemaPath: join(directory, 'prisma/schema.prisma'),
      migrationsPath: join(directory, 'prisma/migrations'),
    })
  })

  test.each(['5.22.0', '6.18.0', '6.2.1'])('%s is too old', async (version) => {
    await expect(findPrismaProject({ directory: await folderWithPrisma(version) })).rejects.toMatchObject({
      code: 'prisma-too-old',
      message: `Prisma ${version} is installed; migrate-guard guards 6.19 to 7`,
      hint: 'Upgrade Prisma: npm install --save-dev prisma@6.19 (or 7).',
    })
  })

  test('8.0.0 is too new', async () => {
    await expect(findPrismaProject({ directory: await folderWithPrisma('8.0.0') })).rejects.toMatchObject({
      code: 'prisma-too-new',
      message: 'Prisma 8.0.0 has no "migrate deploy"; migrate-guard guards 6.19 to 7',
      hint: 'Deploy with Prisma 7 until migrate-guard supports Prisma 8.',
    })
  })

  test('none is installed', async () => {
    const directory = await makeFolder()
    await expect(findPrismaProject({ directory })).rejects.toMatchObject({
      code: 'prisma-missing',
      message: `Prisma is not installed in ${directory}`,
      hint: 'Run the command in the folder of your project, or install Prisma there: npm install --save-dev prisma.',
    })
  })
})

describe('where the schema is', () => {
  test('not there', async () => {
    const directory = await folderWithPrisma('7.10.1')
    await rm(join(directory, 'prisma/schema.prisma'))
    await expect(findPrismaProject({ directory })).rejects.toMatchObject({
      code: 'schema-missing',
      message: expect.stringMatching(/^there is no Prisma schema at .*prisma\/schema\.prisma$/),
      hint: 'Give its path by --schema.',
    })
  })

  test('beside package.json', async () => {
    const directory = await folderWithPrisma('7.10.1')
    await rm(join(directory, 'prisma/schema.prisma'))
    await write(directory, { 'schema.prisma': '' })
    expect(await findPrismaProject({ directory })).toMatchObject({
      schemaPath: join(directory, 'schema.prisma'),
      migrationsPath: join(directory, 'migrations'),
    })
  })

  test('where package.json says', async () => {
    const directory = await folderWithPrisma('6.19.3')
    await write(directory, {
      'package.json': '{ "prisma": { "schema": "db/main.prisma" } }',
      'db/main.prisma': '',
    })
    expect(await findPrismaProject({ directory })).toMatchObject({
      schemaPath: join(directory, 'db/main.prisma'),
      migrationsPath: join(directory, 'db/migrations'),
    })
  })

  test('a folder of files', async () => {
    const directory = await folderWithPrisma('7.10.1')
    const schemaPath = join(directory, 'prisma/schema')
    await write(schemaPath, { 'main.prisma': 'main', 'shop/order.prisma': 'order', 'notes.md': '' })
    const project = await findPrismaProject({ directory, schemaPath })
    expect(project.migrationsPath).toBe(join(schemaPath, 'migrations'))
    expect(await readSchemaFiles(schemaPath)).toEqual([
      { path: join(schemaPath, 'main.prisma'), content: 'main' },
      { path: join(schemaPath, 'shop/order.prisma'), content: 'order' },
    ])
  })
})

describe("the project's configuration", () => {
  test('is read with its paths, relative to itself', async () => {
    const directory = await projectOf({
      config: `import 'dotenv-like'
import { defineConfig, env } from 'prisma/config'
export default defineConfig({
  schema: './db/schema',
  migrations: { path: './db/steps' },
  datasource: { url: env('FROM_DOTENV') },
})`,
    })
    // Like dotenv/config: an import for its effect on the environment.
    const aside = await makeFolder()
    await write(aside, { 'dotenv-like.js': "process.env.FROM_DOTENV = 'postgresql://me@host/db'" })
    const path = join(directory, 'prisma.config.ts')
    await writeFile(path, readFileSync(path, 'utf8').replace('dotenv-like', join(aside, 'dotenv-like.js')))
    expect(await readPrismaConfig(directory)).toEqual({
      path,
      databaseUrl: 'postgresql://me@host/db',
      databaseUrlName: 'datasource.url',
      schema: join(directory, 'db/schema'),
      migrations: join(directory, 'db/steps'),
    })
    delete process.env.FROM_DOTENV
  })

  // In a process of its own, because Jest keeps modules in another way than Node.
  test.each(['prisma.config.ts', 'prisma.config.cjs'])(
    'as %s is read a second time as the first',
    async (name) => {
      const directory = await makeFolder()
      const text = "{ datasource: { url: 'postgresql://me@host/db' } }"
      const begin = name.endsWith('.cjs') ? 'module.exports =' : 'export default'
      await write(directory, { [name]: `${begin} ${text}\n` })
      const reader = new URL('../../dist/prisma/prisma-config.js', import.meta.url).href
      const program = `import { readPrismaConfig } from ${JSON.stringify(reader)}
const read = () => readPrismaConfig(${JSON.stringify(directory)})
console.log(JSON.stringify([await read(), await read()]))`
      const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program])
      const expected = {
        path: join(directory, name),
        databaseUrl: 'postgresql://me@host/db',
        databaseUrlName: 'datasource.url',
      }
      expect(JSON.parse(stdout)).toEqual([expected, expected])
    },
  )

  test('throws', async () => {
    const directory = await projectOf({ config: "throw new Error('MY_URL is not set\\nmore')" })
    const path = join(directory, 'prisma.config.ts')
    await expect(readPrismaConfig(directory)).rejects.toMatchObject({
      code: 'config-not-readable',
      message: `${path} cannot be read: MY_URL is not set`,
      hint: 'Correct the file; if it asks for an environment variable, set that variable.',
    })
  })

  test('is not where it was said to be', async () => {
    const path = join(await makeFolder(), 'other.config.ts')
    await expect(readPrismaConfig(dirname(path), path)).rejects.toMatchObject({
      code: 'prisma-config-missing',
      message: `there is no Prisma configuration at ${path}`,
    })
  })

  test('there is none', async () => {
    expect(await readPrismaConfig(await makeFolder())).toBeUndefined()
  })

  const variants: [string, '6' | '7', string | undefined][] = [
    [
      'a schema folder and migrations elsewhere',
      '7',
      `import { defineConfig } from 'prisma/config'
export default defineConfig({
  schema: 'db/schema',
  migrations: { path: 'db/steps', initShadowDb: '' },
  datasource: { url: 'postgresql://nobody@127.0.0.1:1/nothing' },
})`,
    ],
    [
      'CommonJS that loads an environment',
      '7',
      "process.env.DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/nothing'\nmodule.exports = {}",
    ],
    [
      'a driver of Prisma 6',
      '6',
      "export default { engine: 'js', experimental: { adapter: true }, adapter: async () => { throw new Error('no driver') } }",
    ],
    ['no configuration', '6', undefined],
  ]

  test.each(variants)(
    '%s (Prisma %s): deploys the migrations that the guard has planned',
    async (_name, prisma, config) => {
      const directory = await projectOf({ prisma, ...(config === undefined ? {} : { config }) })
      if (config === undefined) await rm(join(directory, 'prisma.config.cjs'))
      await write(directory, {
        'db/schema/main.prisma': `datasource db {\n  provider = "postgresql"\n${prisma === '6' ? '  url = env("OTHER")\n' : ''}}\n`,
        'db/schema/b.prisma': 'model B {\n  id Int @id\n}\n',
        'db/steps/20260202000000_b/migration.sql': 'CREATE TABLE b (id int);',
        'db/steps/migration_lock.toml': 'provider = "postgresql"\n',
      })
      const database = await createTestDatabase()
      const schemaPath = join(directory, 'db/schema')
      const cli = await makePrismaCli({
        project: await findPrismaProject({
          directory,
          schemaPath,
          migrationsPath: join(directory, 'db/steps'),
          ...(config === undefined ? {} : { configPath: join(directory, 'prisma.config.ts') }),
        }),
        address: parseDatabaseUrl(database.url, 'the URL'),
        engine: 'hosted',
        scratchFolder: await makeFolder(),
      })
      const result = await cli.run(
        callOf(['migrate', 'deploy', ...(prisma === '6' ? ['--schema', schemaPath] : [])]),
      )
      expect(result).toMatchObject({ stderr: expect.not.stringContaining('Error'), exitCode: 0 })
      expect(await database.query('SELECT migration_name FROM _prisma_migrations')).toEqual([
        { migration_name: '20260202000000_b' },
      ])
    },
  )
})

describe('--engine native', () => {
  const hint =
    'Leave --engine native out to use the engine that ships with migrate-guard, or let Prisma download its own.'

  test('is not installed', async () => {
    const directory = await folderWithPrisma('7.10.1')
    await write(directory, {
      'node_modules/@prisma/engines/package.json': '{}',
      'node_modules/@prisma/engines/schema-engine-debian-openssl-3.0.x.sha256': '',
    })
    const project = await findPrismaProject({ directory })
    expect(() => findNativeEngine(project)).toThrow(
      expect.objectContaining({
        code: 'native-engine-missing',
        message: `Prisma's own schema engine is not installed in ${join(directory, 'node_modules/@prisma/engines')}`,
        hint,
      }),
    )
    const engine = join(directory, 'node_modules/@prisma/engines/schema-engine-debian-openssl-3.0.x')
    await writeFile(engine, '')
    expect(findNativeEngine(project)).toBe(engine)
  })

  test('not even its package is installed', async () => {
    const directory = await folderWithPrisma('7.10.1')
    const project = await findPrismaProject({ directory })
    expect(() => findNativeEngine(project)).toThrow(
      `Prisma's own schema engine is not installed in ${directory}`,
    )
  })

  test('is named by a variable that leads nowhere', async () => {
    const project = await findPrismaProject({ directory: await folderWithPrisma('7.10.1') })
    process.env.PRISMA_SCHEMA_ENGINE_BINARY = '/nowhere/schema-engine'
    expect(() => findNativeEngine(project)).toThrow(
      'PRISMA_SCHEMA_ENGINE_BINARY names /nowhere/schema-engine, which is not there',
    )
    // For the other commands of Prisma the variable may well name our own.
    process.env.PRISMA_SCHEMA_ENGINE_BINARY = hostPath
    expect(() => findNativeEngine(project)).toThrow("Prisma's own schema engine is not installed in")
  })

  test('the one that PRISMA_SCHEMA_ENGINE_BINARY names is used', async () => {
    const directory = await projectOf()
    const engine = join(directory, 'engine.mjs')
    await writeFile(
      engine,
      `#!/usr/bin/env node
import { writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(join(directory, 'called.json'))}, JSON.stringify({ argv: process.argv.slice(2), options: process.env.MIGRATE_GUARD_ENGINE_OPTIONS }))
process.stderr.write('\\n' + JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields: { message: 'from the fixture', error_code: 'P1001' } }))
process.exit(1)
`,
    )
    await chmod(engine, 0o755)
    process.env.PRISMA_SCHEMA_ENGINE_BINARY = engine
    const cli = await makePrismaCli({
      project: await findPrismaProject({ directory, configPath: join(directory, 'prisma.config.cjs') }),
      address: parseDatabaseUrl('postgresql://me:pw@127.0.0.1:1/db', 'the URL'),
      engine: 'native',
      scratchFolder: await makeFolder(),
    })
    const result = await cli.run(
      callOf(['migrate', 'deploy'], { lockTimeoutMs: 1_000, statementTimeoutMs: 2_000 }),
    )
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain('from the fixture')
    const called = JSON.parse(readFileSync(join(directory, 'called.json'), 'utf8'))
    expect(called.options).toBeUndefined()
    const url = new URL(JSON.parse(called.argv[1]).url)
    expect(url.searchParams.get('application_name')).toBe('guard test')
    expect(url.searchParams.get('options')).toBe(
      '-c lock_timeout=1000 -c statement_timeout=2000 -c client_connection_check_interval=500',
    )
  })
})
