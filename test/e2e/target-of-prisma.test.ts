import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, expect, test } from '@jest/globals'
import { makeProject, type Project } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createTestDatabase, type TestDatabase } from '../support/test-database.js'

let meant: TestDatabase
let other: TestDatabase
let project: Project | undefined

beforeAll(async () => {
  meant = await createTestDatabase()
  other = await createTestDatabase()
})
afterEach(() => project?.remove())

const schemaOf = (datasource: string) => `datasource db {\n  provider = "postgresql"\n${datasource}}\n`
const configOf = (url: string) => `import { defineConfig, env } from 'prisma/config'
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: ${url} },
})
`
const direct = '  url = env("POOLED")\n  directUrl = env("SHOP_DIRECT")\n  // url = env("OLD")\n'

interface Scene {
  readonly prisma: '6' | '7'
  readonly schema?: string
  readonly config?: string
  readonly files?: (meant: string, other: string) => Record<string, string>
  readonly env?: (meant: string, other: string) => Record<string, string>
}

/** Plans in a project of its own; gives the target as the plan names it, or what was said. */
async function targetOf({ prisma, schema, config, files, env }: Scene, ...args: string[]) {
  project = await makeProject({
    prisma,
    migrations: { '20260101000000_init': 'CREATE TABLE a (id int PRIMARY KEY);\n' },
    ...(schema ? { schema } : {}),
    ...(config ? { config } : {}),
  })
  const { directory } = project
  if (config === undefined) await rm(project.configPath)
  for (const [path, text] of Object.entries(files?.(meant.url, other.url) ?? {})) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  const ran = await runCli(['plan', '--json', ...args], {
    cwd: directory,
    env: env?.(meant.url, other.url) ?? {},
  })
  if (ran.exitCode !== 0) return ran
  return JSON.parse(ran.stdout).target.database as string
}

const scenes: [string, Scene][] = [
  [
    '6: url from a variable of any name',
    { prisma: '6', schema: schemaOf('  url = env("SHOP_DB")\n'), env: (url) => ({ SHOP_DB: url }) },
  ],
  [
    '6: directUrl comes before url',
    {
      prisma: '6',
      schema: schemaOf(direct),
      env: (url, wrong) => ({ POOLED: wrong, SHOP_DIRECT: url, OLD: wrong }),
    },
  ],
  [
    '6: DATABASE_URL is the pooled one that the schema names',
    {
      prisma: '6',
      schema: schemaOf('  url = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL")\n'),
      env: (url, wrong) => ({ DATABASE_URL: wrong, DIRECT_URL: url }),
    },
  ],
  [
    '6: .env beside the schema',
    {
      prisma: '6',
      schema: schemaOf('  url = env("SHOP_DB")\n'),
      files: (url) => ({ 'prisma/.env': `SHOP_DB="${url}"\n` }),
    },
  ],
  [
    '6: .env of the project',
    {
      prisma: '6',
      schema: schemaOf('  url = env("SHOP_DB")\n'),
      files: (url) => ({ '.env': `SHOP_DB="${url}"\n` }),
    },
  ],
  [
    '7: prisma.config.ts with a variable of any name',
    { prisma: '7', config: configOf("env('SHOP_DB')"), env: (url) => ({ SHOP_DB: url }) },
  ],
  [
    '7: prisma.config.ts and .env',
    { prisma: '7', config: configOf("env('SHOP_DB')"), files: (url) => ({ '.env': `SHOP_DB="${url}"\n` }) },
  ],
  [
    '7: the environment hides .env',
    {
      prisma: '7',
      config: configOf("env('SHOP_DB')"),
      env: (url) => ({ SHOP_DB: url }),
      files: (_, wrong) => ({ '.env': `SHOP_DB="${wrong}"\n` }),
    },
  ],
]

test.each(scenes)('%s: the target is the one that Prisma would use', async (_, scene) => {
  expect(await targetOf(scene)).toBe(meant.name)
})

const doubtful: [string, Scene][] = [
  [
    '6: DATABASE_URL beside another variable',
    {
      prisma: '6',
      schema: schemaOf('  url = env("SHOP_DB")\n'),
      env: (url, wrong) => ({ SHOP_DB: url, DATABASE_URL: wrong }),
    },
  ],
  [
    '7: DATABASE_URL beside another variable',
    {
      prisma: '7',
      config: configOf("env('SHOP_DB')"),
      env: (url, wrong) => ({ SHOP_DB: url, DATABASE_URL: wrong }),
    },
  ],
  [
    '7: DIRECT_URL beside DATABASE_URL',
    {
      prisma: '7',
      config: configOf("env('DATABASE_URL')"),
      env: (url, wrong) => ({ DATABASE_URL: url, DIRECT_URL: wrong }),
    },
  ],
  [
    '7: the settings file',
    {
      prisma: '7',
      config: configOf("env('DATABASE_URL')"),
      env: (url) => ({ DATABASE_URL: url }),
      files: (_, wrong) => ({
        'migrate-guard.config.js': `export default { databaseUrl: ${JSON.stringify(wrong)} }\n`,
      }),
    },
  ],
]

test.each(doubtful)(
  '%s: nothing is opened, both are named, and --database-url says which',
  async (_, scene) => {
    const refused = await targetOf(scene)
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    const { stderr } = refused as { stderr: string }
    expect(stderr).toMatch(
      /^error: two sources name different targets, so nothing was opened: Prisma would migrate /,
    )
    expect(stderr).toContain(meant.name)
    expect(stderr).toContain(other.name)
    expect(stderr).toContain('hint: Say which one is meant with --database-url')
    expect(stderr).not.toContain(new URL(meant.url).password)
    await project?.remove()
    expect(await targetOf(scene, '--database-url', other.url)).toBe(other.name)
  },
)

test('with --database-url the variable of prisma.config.ts need not be set, for the whole line', async () => {
  const scene: Scene = { prisma: '7', config: configOf("env('SHOP_DB')") }
  expect(await targetOf(scene, '--database-url', meant.url)).toBe(meant.name)
  const args = ['deploy', '--yes', '--skip-rehearsal', '--accept', 'schema-difference=no schema here']
  const ran = await runCli([...args, '--database-url', meant.url], {
    cwd: String(project?.directory),
    timeoutMs: 100_000,
  })
  expect([ran.stderr, ran.exitCode]).toEqual(['', 0])
})
