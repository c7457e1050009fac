import type { Resolution, UnfinishedMigration } from '../../domain/diagnosis.js'
import { effect } from '../../effects/effect.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { wordsOf } from '../../prisma/said.js'
import { cancelWhenTold } from '../cancel-when-told.js'
import { markInHistory } from '../mark-in-history.js'
import { applicationName, type Tools } from '../tools.js'
import { notResolved } from './not-resolved.js'
import { runRest } from './run-rest.js'

/**
 * Does what was decided and approved: drops what a failed CONCURRENTLY has left, runs the rest of the file where a part is
 * there, and then marks the migration in the history.
 * @throws DeployError `not-resolved` with the words of the server or of Prisma
 */
export async function act(
  migration: UnfinishedMigration,
  resolution: Resolution,
  tools: Tools,
): Promise<void> {
  if (resolution.kind === 'nothing' || resolution.kind === 'refuse') return
  if (resolution.dropIndexes.length > 0 || resolution.kind === 'run-rest') {
    await withWritingSession(tools, async (client, stopFile) => {
      for (const index of resolution.dropIndexes) {
        tools.screen.progress(`dropping the invalid index ${index}`)
        await effect('resolve.drop-index', () =>
          client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`),
        ).catch((error: Error) => {
          throw notResolved(`the invalid index ${index} cannot be dropped: ${error.message}`, tools)
        })
      }
      if (resolution.kind === 'run-rest')
        await runRest({ migration, from: resolution.from, stopFile }, client, tools)
    })
  }
  await mark(migration.name, resolution.kind === 'mark-rolled-back' ? 'rolled-back' : 'applied', tools)
}

function withWritingSession<T>(
  tools: Tools,
  work: (client: Client, stopFile: string) => Promise<T>,
): Promise<T> {
  const session = {
    applicationName: applicationName(tools, 'resolve'),
    runsUserSql: true,
    parameters: { statement_timeout: String(tools.settings.statementTimeoutMs) },
  }
  return withConnection(tools.settings.target, session, (client) =>
    cancelWhenTold('resolve', tools, (stopFile) => work(client, stopFile)),
  )
}

async function mark(name: string, as: 'applied' | 'rolled-back', tools: Tools): Promise<void> {
  tools.screen.progress(`marking "${name}" as ${as.replace('-', ' ')}`)
  const result = await markInHistory(name, as, 'resolve.prisma', tools)
  if (result.exitCode === 0) return
  const said = wordsOf(result)
  throw notResolved(
    `"${name}" could not be marked as ${as.replace('-', ' ')}: ${said ?? `prisma ${result.ending} and said nothing`}`,
    tools,
  )
}
