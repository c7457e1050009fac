import type { Surroundings } from './domain/surroundings.js'
import { makePrismaCli } from './prisma/cli.js'
import { findPrismaProject } from './prisma/project.js'
import type { Settings } from './settings/settings.js'
import type { Tools } from './steps/tools.js'

/** What asks nothing of Prisma's own CLI while our engine is used. */
const readingCommands: ReadonlySet<Settings['command']> = new Set([
  'plan',
  'check',
  'baseline',
  'drift',
  'rollback',
])

/** Builds the real tools; the only place where they meet. */
export async function makeTools(
  settings: Settings,
  surroundings: Surroundings,
  run: { runId: string; runFolder: string; scratchFolder: string },
): Promise<Tools> {
  const project = await findPrismaProject(
    {
      directory: settings.projectDirectory,
      ...(settings.schemaPath ? { schemaPath: settings.schemaPath } : {}),
      ...(settings.migrationsPath ? { migrationsPath: settings.migrationsPath } : {}),
      ...(settings.prismaConfigPath ? { configPath: settings.prismaConfigPath } : {}),
    },
    { needsCli: settings.engine === 'native' || !readingCommands.has(settings.command) },
  )
  const prisma = await makePrismaCli({
    project,
    address: settings.target,
    engine: settings.engine,
    scratchFolder: run.scratchFolder,
  })
  return { settings, project, prisma, ...surroundings, ...run }
}
