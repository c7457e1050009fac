import { join } from 'node:path'
import { RehearsalError } from '../domain/errors.js'
import { writePrivateFile } from '../effects/private-files.js'
import { runProcess } from '../effects/run-process.js'
import type { ClientTool } from './client-tools.js'

/** An object that is not restored, e.g. the `EVENT TRIGGER` named `audit`, with what belongs to it. */
export interface LeftOut {
  readonly kind: 'EVENT TRIGGER' | 'EXTENSION' | 'PUBLICATION'
  readonly name: string
  /** The schema that an extension makes for itself. */
  readonly schema?: string
}

/**
 * Writes the list of contents of a dump without these objects, for `pg_restore --use-list`.
 * @returns the path of the list.
 */
export async function writeRestoreList(
  tool: ClientTool,
  dump: string,
  leftOut: readonly LeftOut[],
  folder: string,
): Promise<string> {
  // Collected here, because a long list must not be cut.
  const chunks: Buffer[] = []
  const result = await runProcess({
    effect: 'rehearsal.list-dump',
    file: tool.path,
    arguments: ['--list', dump],
    onStdout: (chunk) => chunks.push(chunk),
  })
  if (result.exitCode !== 0) {
    throw new RehearsalError(
      'restore-failed',
      `the contents of the dump cannot be listed: pg_restore ${result.ending}`,
      {
        hint: 'Look for a full or failing disk, then run the command again.',
      },
    )
  }
  const isLeftOut = leftOut.map(entriesOf)
  const lines = Buffer.concat(chunks).toString('utf8').split('\n')
  const path = join(folder, 'restore-list')
  const kept = lines.filter((line) => !isLeftOut.some((entry) => entry.test(line)))
  await writePrivateFile(path, kept.join('\n'))
  return path
}

/** Lines are `id; catalog oid KIND schema name owner`; a comment has the kind in its name, and the name as in SQL. */
function entriesOf({ kind, name, schema }: LeftOut): RegExp {
  const plain = literally(name)
  const inSql = `(?:${plain}|${literally(`"${name.replaceAll('"', '""')}"`)})`
  const entries = [`${kind} - ${plain} `, `COMMENT - ${kind} ${inSql} `]
  if (kind === 'PUBLICATION') entries.push(`PUBLICATION TABLES? (?:IN SCHEMA )?\\S+ ${plain} `)
  if (schema !== undefined)
    entries.push(`[A-Z ]+ ${literally(schema)} `, `ACL - SCHEMA ${literally(schema)} `)
  return new RegExp(`^\\d+; \\d+ \\d+ (?:${entries.join('|')})`)
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
