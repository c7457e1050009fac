import { join } from 'node:path'
import { makePrivateFolder } from '../../effects/private-files.js'
import { type Client, withConnection } from '../../postgres/connection.js'
import { ownerSession } from '../../postgres/rehearsal-database/owner-session.js'
import type { RehearsalDatabase } from '../../postgres/rehearsal-database/request.js'
import { makePrismaCli } from '../../prisma/cli.js'
import type { Tools } from '../tools.js'

/** The tools of the run, but for the copy: what is written for the target can be done to it. */
export async function makeCopyTools({ address }: RehearsalDatabase, tools: Tools): Promise<Tools> {
  const { settings, project, scratchFolder } = tools
  // Beside the password of the target.
  const folder = join(scratchFolder, 'rehearsal-prisma')
  await makePrivateFolder(folder)
  return {
    ...tools,
    settings: { ...settings, target: address },
    prisma: await makePrismaCli({ project, address, engine: settings.engine, scratchFolder: folder }),
  }
}

/** Borrows two connections to the copy, as its owner, who may read all of it. Nobody writes to it meanwhile. */
export async function withCopy<T>(
  { ownerAddress }: RehearsalDatabase,
  { runId }: Tools,
  work: (clients: readonly [Client, Client]) => Promise<T>,
): Promise<T> {
  const session = { ...ownerSession(runId), readOnly: true }
  return withConnection(ownerAddress, session, (one) =>
    withConnection(ownerAddress, session, (other) => work([one, other])),
  )
}
