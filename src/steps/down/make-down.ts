// down: the history before a migration is replayed on an empty database, the migration is run there statement by statement, and
// what takes it back is written from what each statement did, and proven there: up, down, up.

import type { DownMade } from '../../domain/down.js'
import { formatDown } from '../../down/down-text.js'
import { proveDown } from '../../down/prove.js'
import { walkMigration } from '../../down/take-back.js'
import type { MigrationFile } from '../resolve/migration-file.js'
import { home, type ReplayedFolders } from './replay-folders.js'

/** Runs the migration on the database, writes what takes it back, and proves that there. */
export async function makeDown(
  { folder, text, statements }: MigrationFile,
  { client }: ReplayedFolders,
): Promise<DownMade> {
  const walked = await walkMigration(client, { name: folder.name, statements, home })
  const down = formatDown(folder.name, walked.statements)
  const proof = await proveDown(client, walked, { up: text, down }, home)
  const irreversible = walked.statements.flatMap(({ statement: { line }, losses }) =>
    losses.map((loss) => ({ line, ...loss })),
  )
  return { text: down, statements: statements.length, irreversible, proof }
}
