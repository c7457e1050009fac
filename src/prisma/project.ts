import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { ProjectError } from '../domain/errors.js'

/** The user's Prisma project: his own CLI, his schema and his migrations. */
export interface PrismaProject {
  readonly directory: string
  /** The CLI's JavaScript entry in the project's own node_modules; never npx, which might download another one. */
  readonly cliPath: string
  readonly version: string
  /** Major version, 6 or 7. */
  readonly major: number
  /** A file, or a folder of `.prisma` files. */
  readonly schemaPath: string
  readonly migrationsPath: string
  readonly configPath?: string
}

export interface ProjectPaths {
  readonly directory: string
  readonly schemaPath?: string
  readonly migrationsPath?: string
  readonly configPath?: string
}

/** Stands for a Prisma that nothing of this run asks for: what only reads asks the engine that ships with migrate-guard. */
const noCli = { cliPath: '', version: 'not installed', major: 7 } as const

/**
 * Finds the project's Prisma and where its files are.
 * @param needsCli false where the run asks nothing of Prisma's own CLI, which then need not be installed
 * @throws ProjectError when Prisma is not installed and needed, is too old or too new, or the schema or migrations are missing.
 */
export async function findPrismaProject(
  paths: ProjectPaths,
  { needsCli = true }: { needsCli?: boolean } = {},
): Promise<PrismaProject> {
  const cli = await findPrismaCli(paths.directory).catch((error: unknown) => {
    if (!needsCli && error instanceof ProjectError && error.code === 'prisma-missing') return noCli
    throw error
  })
  const schemaPath = paths.schemaPath ?? (await findSchema(paths.directory))
  if (!existsSync(schemaPath)) {
    throw new ProjectError(
      'schema-missing',
      `there is no Prisma schema at ${relative(process.cwd(), schemaPath)}`,
      {
        hint: 'Give its path by --schema.',
      },
    )
  }
  return {
    directory: paths.directory,
    ...cli,
    schemaPath,
    migrationsPath: await findMigrationsPath(paths),
    ...(paths.configPath ? { configPath: paths.configPath } : {}),
  }
}

/** Where the migrations are: beside the schema, or where the paths say. Neither needs to exist. */
export async function findMigrationsPath(paths: ProjectPaths): Promise<string> {
  if (paths.migrationsPath) return paths.migrationsPath
  const schemaPath = paths.schemaPath ?? (await findSchema(paths.directory))
  const found = await stat(schemaPath).catch(() => undefined)
  return join(found?.isDirectory() ? schemaPath : dirname(schemaPath), 'migrations')
}

/** The CLI that the project installed, with its version checked against what the guard supports: 6.19 to 7. */
export async function findPrismaCli(
  directory: string,
): Promise<Pick<PrismaProject, 'cliPath' | 'version' | 'major'>> {
  let packagePath: string
  try {
    packagePath = createRequire(join(directory, 'package.json')).resolve('prisma/package.json')
  } catch (error) {
    throw new ProjectError('prisma-missing', `Prisma is not installed in ${directory}`, {
      hint: 'Run the command in the folder of your project, or install Prisma there: npm install --save-dev prisma.',
      cause: error,
    })
  }
  const { version, bin } = JSON.parse(await readFile(packagePath, 'utf8')) as {
    version: string
    bin: string | { prisma: string }
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major >= 8) {
    throw new ProjectError(
      'prisma-too-new',
      `Prisma ${version} has no "migrate deploy"; migrate-guard guards 6.19 to 7`,
      {
        hint: 'Deploy with Prisma 7 until migrate-guard supports Prisma 8.',
      },
    )
  }
  if (major < 6 || (major === 6 && minor < 19)) {
    throw new ProjectError(
      'prisma-too-old',
      `Prisma ${version} is installed; migrate-guard guards 6.19 to 7`,
      {
        hint: 'Upgrade Prisma: npm install --save-dev prisma@6.19 (or 7).',
      },
    )
  }
  const entry = typeof bin === 'string' ? bin : bin.prisma
  return { cliPath: resolve(dirname(packagePath), entry), version, major }
}

/** Where Prisma looks: package.json's `prisma.schema`, else its two default places. */
export async function findSchema(directory: string): Promise<string> {
  const packageJson = join(directory, 'package.json')
  if (existsSync(packageJson)) {
    const { prisma } = JSON.parse(await readFile(packageJson, 'utf8')) as { prisma?: { schema?: string } }
    if (prisma?.schema) return resolve(directory, prisma.schema)
  }
  const standard = join(directory, 'prisma', 'schema.prisma')
  const atRoot = join(directory, 'schema.prisma')
  return !existsSync(standard) && existsSync(atRoot) ? atRoot : standard
}

export interface SchemaFile {
  readonly path: string
  readonly content: string
}

/** The schema's files with their content, as the schema engine wants them. */
export async function readSchemaFiles(schemaPath: string): Promise<SchemaFile[]> {
  const paths = (await stat(schemaPath)).isDirectory()
    ? (await readdir(schemaPath, { recursive: true }))
        .filter((name) => name.endsWith('.prisma'))
        .map((name) => join(schemaPath, name))
    : [schemaPath]
  return Promise.all(paths.sort().map(async (path) => ({ path, content: await readFile(path, 'utf8') })))
}
