import { dirname } from 'node:path'
import type { TargetAddress } from '../domain/target.js'
import type { Session } from '../postgres/connection.js'
import { readPrismaConfig } from './prisma-config.js'
import { type PrismaProject, readSchemaFiles } from './project.js'
import { withReadOnlyEngine } from './read-only-engine.js'
import { schemaForEngine } from './schema-text.js'

/**
 * The SQL that leads from one database to another, as `prisma migrate diff` writes it; empty where Prisma's schema language sees
 * no difference. The engine opens one database at a time: it reads the second one into a schema, and compares the first with that.
 * @returns SQL for the database `from`
 */
export async function sqlToBecome(
  project: PrismaProject,
  from: TargetAddress,
  to: TargetAddress,
  session: Session,
): Promise<string> {
  const own = await readSchemaFiles(project.schemaPath)
  const files = own.map(({ path, content }) => ({ path, content: schemaForEngine(content) }))
  const config = await readPrismaConfig(project.directory, project.configPath)
  const read = await withReadOnlyEngine(to, session, (engine) =>
    engine.introspect({
      schema: { files: files.map(({ path, content }) => ({ path, content: withoutModels(content) })) },
      baseDirectoryPath: dirname(project.schemaPath),
      force: true,
      compositeTypeDepth: 0,
      namespaces: null,
    }),
  )
  const { stdout } = await withReadOnlyEngine(from, session, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: dirname(project.schemaPath) },
      to: { tag: 'schemaDatamodel', files: read.schema.files },
      script: true,
      shadowDatabaseUrl: null,
      exitCode: null,
      filters: { externalTables: config?.externalTables ?? [], externalEnums: config?.externalEnums ?? [] },
    }),
  )
  return stdout?.trim() ?? ''
}

/** Names that models map would be kept from them, and a model of which nothing is there is an error of its own. */
function withoutModels(content: string): string {
  return content.replace(/^[ \t]*(model|enum|view|type)\s+\w+\s*\{[^}]*\}/gm, '')
}
