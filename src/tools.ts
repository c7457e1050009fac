import type { Prompter, Screen } from './domain/screen.js'
import { makePrismaCli } from './prisma/cli.js'
import { findPrismaProject } from './prisma/project.js'
import type { Settings } from './settings/settings.js'
import type { Tools } from './steps/tools.js'

/** What the caller of a pipeline brings along: where to show things, whom to ask, when to stop. */
export interface Surroundings {
  readonly screen: Screen
  readonly prompter: Prompter
  readonly signal: AbortSignal
  /** Rejects when an error was thrown where nobody could catch it; the run then ends in order, as a bug. */
  readonly crash?: Promise<never>
}

/** Builds the real tools; the only place where they meet. */
export async function makeTools(
  settings: Settings,
  surroundings: Surroundings,
  run: { runId: string; runFolder: string; scratchFolder: string },
): Promise<Tools> {
  const project = await findPrismaProject({
    directory: settings.projectDirectory,
    ...(settings.schemaPath ? { schemaPath: settings.schemaPath } : {}),
    ...(settings.migrationsPath ? { migrationsPath: settings.migrationsPath } : {}),
    ...(settings.prismaConfigPath ? { configPath: settings.prismaConfigPath } : {}),
  })
  const prisma = await makePrismaCli({
    project,
    address: settings.target,
    engine: settings.engine,
    scratchFolder: run.scratchFolder,
  })
  return { settings, project, prisma, ...surroundings, ...run }
}
