import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ProjectOptions {
  /** By migration name, e.g. `20260105090000_crm`; a Buffer for bytes that are not UTF-8. */
  readonly migrations: Readonly<Record<string, string | Buffer>>
  readonly schema?: string
  /** The text of prisma.config.ts. Without it there is a configuration in CommonJS, which nobody has to compile. */
  readonly config?: string
  readonly prisma?: '7' | '6'
}

export interface Project {
  readonly directory: string
  /** Of its Prisma configuration. */
  readonly configPath: string
  remove(): Promise<void>
}

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** Makes a Prisma project in a temporary folder, with a real Prisma CLI in its node_modules. */
export async function makeProject(options: ProjectOptions): Promise<Project> {
  const prisma = options.prisma ?? '7'
  // The temporary folder itself may be a link (macOS), and programs print where they really are.
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'guard-test-project-')))
  // A PostgreSQL server of another account may have to work in it.
  await chmod(directory, 0o711)
  const configName = options.config === undefined ? 'prisma.config.cjs' : 'prisma.config.ts'
  const files: Record<string, string | Buffer> = {
    'package.json': '{ "private": true, "type": "module" }\n',
    [configName]: options.config ?? configs[prisma],
    'prisma/schema.prisma': options.schema ?? schemas[prisma],
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  }
  for (const [name, sql] of Object.entries(options.migrations)) {
    files[`prisma/migrations/${name}/migration.sql`] = sql
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  await installPrisma(prisma, directory)
  const configPath = join(directory, configName)
  return { directory, configPath, remove: () => rm(directory, { recursive: true, force: true }) }
}

/** By links: a package finds its own dependencies from where it really is. */
async function installPrisma(prisma: '7' | '6', directory: string): Promise<void> {
  const installed = join(directory, 'node_modules')
  if (prisma === '7') return symlink(nodeModules, installed)
  const prisma6 = join(nodeModules, 'prisma-6')
  await mkdir(join(installed, '.bin'), { recursive: true })
  await symlink(prisma6, join(installed, 'prisma'))
  await symlink(join(prisma6, 'node_modules/@prisma'), join(installed, '@prisma'))
  await symlink('../prisma/build/index.js', join(installed, '.bin/prisma'))
}

// To compile TypeScript takes the guard and Prisma a tenth of a deploy each time; the tests that are about it do.
const configs = {
  '7': `module.exports = {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
}
`,
  // Prisma 6 takes the URL from the schema.
  '6': `module.exports = {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
}
`,
}

const schemas = {
  '7': `datasource db {
  provider = "postgresql"
}
`,
  '6': `datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
`,
}
