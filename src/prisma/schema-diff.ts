import { dirname } from 'node:path'
import type { TargetAddress } from '../domain/target.js'
import { effect } from '../effects/effect.js'
import type { Session } from '../postgres/connection.js'
import { readPrismaConfig } from './prisma-config.js'
import { type PrismaProject, readSchemaFiles } from './project.js'
import { withReadOnlyEngine } from './read-only-engine.js'
import { schemaForEngine } from './schema-text.js'

/** The engine's answer, as the CLI prints it and exits with it. */
export interface EngineDiff {
  readonly exitCode: number
  readonly text: string
}

/** Asks the engine what `prisma migrate diff --from-config-datasource --to-schema … --script --exit-code` asks it. */
export async function diffWithEngine(
  project: PrismaProject,
  address: TargetAddress,
  session: Session,
  effectName: string,
): Promise<EngineDiff> {
  const schema = await readSchemaFiles(project.schemaPath)
  const files = schema.map(({ path, content }) => ({ path, content: schemaForEngine(content) }))
  const config = await readPrismaConfig(project.directory, project.configPath)
  return effect(effectName, () =>
    withReadOnlyEngine(address, session, async (engine) => {
      const { exitCode, stdout } = await engine.diff({
        from: { tag: 'schemaDatasource', files, configDir: dirname(project.schemaPath) },
        to: { tag: 'schemaDatamodel', files },
        script: true,
        shadowDatabaseUrl: null,
        exitCode: true,
        filters: {
          externalTables: config?.externalTables ?? [],
          externalEnums: config?.externalEnums ?? [],
        },
      })
      return { exitCode, text: stdout?.trim() ?? '' }
    }),
  )
}
