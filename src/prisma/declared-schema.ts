import { stripVTControlCharacters } from 'node:util'
import { ProjectError } from '../domain/errors.js'
import type { TargetAddress } from '../domain/target.js'
import type { Session } from '../postgres/connection.js'
import { type DeclaredSchema, readDeclaredSchema } from '../sql/declared-schema.js'
import { loadParser, parseStatements } from '../sql/parser.js'
import { type PrismaProject, readSchemaFiles } from './project.js'
import { withReadOnlyEngine } from './read-only-engine.js'
import { schemaForEngine } from './schema-text.js'

/**
 * What the project's `schema.prisma` declares: Prisma's own engine writes it as SQL, the Postgres parser reads that.
 * The engine asks the server for its version on the way, on a read-only connection.
 * @throws ProjectError when the schema is not valid.
 */
export async function readDeclared(
  project: PrismaProject,
  address: TargetAddress,
  session: Session,
): Promise<DeclaredSchema> {
  const files = await readSchemaFiles(project.schemaPath)
  const relationModeOff = /(\brelationMode\s*=\s*)"prisma"/
  // With relationMode "prisma" the engine writes no foreign keys; the relations are declared all the same.
  const enforced = files.map(({ path, content }) => ({
    path,
    content: schemaForEngine(content).replace(relationModeOff, '$1"foreignKeys"'),
  }))
  try {
    const { stdout } = await withReadOnlyEngine(address, session, (engine) =>
      engine.diff({
        from: { tag: 'empty' },
        to: { tag: 'schemaDatamodel', files: enforced },
        script: true,
        shadowDatabaseUrl: null,
        exitCode: null,
        filters: { externalEnums: [], externalTables: [] },
      }),
    )
    await loadParser()
    const parsed = parseStatements(stdout ?? '')
    if ('problem' in parsed)
      throw new Error(`the SQL that Prisma makes of it cannot be read: ${parsed.problem.message}`)
    const enforcesRelations = !files.some(({ content }) => relationModeOff.test(content))
    return readDeclaredSchema(parsed.statements, { enforcesRelations })
  } catch (error) {
    throw new ProjectError('schema-not-valid', `the Prisma schema cannot be read: ${firstLine(error)}`, {
      hint: 'Run npx prisma validate to see what is wrong with it.',
      cause: error,
    })
  }
}

/** What is wrong, and where: the engine shows file and line below its words. */
function firstLine(error: unknown): string {
  const lines = stripVTControlCharacters((error as Error).message)
    .trim()
    .split('\n')
  const place = lines.map((line) => /-->\s+(\S+:\d+)\s*$/.exec(line)?.[1]).find(Boolean)
  return `${(lines[0] ?? '').replace(/^error: /i, '')}${place ? ` (${place})` : ''}`
}
