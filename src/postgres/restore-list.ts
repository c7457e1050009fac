import { join } from 'node:path'
import { RehearsalError } from '../domain/errors.js'
import { writePrivateFile } from '../effects/private-files.js'
import { runProcess } from '../effects/run-process.js'
import type { ClientTool } from './client-tools.js'
import { fillsView } from './restore-views.js'

/** An object that is not restored, e.g. the `EVENT TRIGGER` named `audit`, with what belongs to it. */
export interface LeftOut {
  readonly kind: 'EVENT TRIGGER' | 'EXTENSION' | 'PUBLICATION'
  readonly name: string
  /** The schema that an extension makes for itself. */
  readonly schema?: string
}

/** Paths of lists for `pg_restore --use-list`: the tables and what they need, then everything else. */
export interface RestoreLists {
  readonly schema: string
  /** What of them comes after the others; absent where nothing has to. */
  readonly lateSchema?: string
  readonly rest: string
  /** The lines that fill materialized views: one that cannot be filled must not end everything. */
  readonly views: readonly string[]
  /** What must wait for all rows; absent where nothing has to. */
  readonly last?: string
}

/**
 * Of several jobs, one may add a constraint NOT VALID to a domain while another still loads rows that do not keep it:
 * pg_restore knows of no connection between the two. Event triggers come after everything else, as always.
 */
export const waitsForRows = /^\d+; \d+ \d+ (?:CHECK CONSTRAINT |COMMENT .* CONSTRAINT .* ON DOMAIN )/
export const comesLast = /^\d+; \d+ \d+ (?:EVENT TRIGGER |COMMENT - EVENT TRIGGER )/

/**
 * Writes the contents of a dump into lists, without these objects. Grants stand in the second one, as in a restore
 * at one go: an owner from whom a privilege was revoked must still be able to fill the table.
 * @param folder a private one, for the lists.
 * @param late numbers of entries that make tables after the others of them
 */
export async function writeRestoreLists(
  tool: ClientTool,
  dump: string,
  leftOut: readonly LeftOut[],
  folder: string,
  late: ReadonlySet<string> = new Set(),
): Promise<RestoreLists> {
  const isLeftOut = isLeftOutBy(leftOut)
  const contents = (await listContents(tool, dump, [])).filter((line) => !isLeftOut(line))
  const beforeData = await listContents(tool, dump, ['--section=pre-data'])
  const schema = new Set(beforeData.filter((line) => !/^\d+; \d+ \d+ ACL /.test(line)))
  const views = contents.filter(fillsView)
  const lists: RestoreLists = {
    schema: join(folder, 'restore-schema'),
    ...(late.size > 0 ? { lateSchema: join(folder, 'restore-late-schema') } : {}),
    rest: join(folder, 'restore-rest'),
    views,
  }
  const [first, others] = [false, true].map((isLate) =>
    contents.filter((line) => schema.has(line) && late.has(numberOf(line)) === isLate),
  ) as [string[], string[]]
  await writePrivateFile(lists.schema, first.join('\n'))
  if (lists.lateSchema) await writePrivateFile(lists.lateSchema, others.join('\n'))
  const rest = contents.filter((line) => !schema.has(line) && !fillsView(line))
  const mustWait = views.length > 0 || rest.some((line) => waitsForRows.test(line))
  const isLast = (line: string) => mustWait && (waitsForRows.test(line) || comesLast.test(line))
  await writePrivateFile(lists.rest, rest.filter((line) => !isLast(line)).join('\n'))
  if (!mustWait) return lists
  const last = join(folder, 'restore-last')
  await writePrivateFile(last, rest.filter(isLast).join('\n'))
  return { ...lists, last }
}

/** The lines of `pg_restore --list`. @throws RehearsalError `restore-failed` */
export async function listContents(
  tool: ClientTool,
  dump: string,
  options: readonly string[],
): Promise<string[]> {
  // Collected here, because a long list must not be cut.
  const chunks: Buffer[] = []
  const result = await runProcess({
    effect: 'rehearsal.list-dump',
    file: tool.path,
    arguments: ['--list', ...options, dump],
    onStdout: (chunk) => chunks.push(chunk),
  })
  if (result.exitCode !== 0) {
    throw new RehearsalError(
      'restore-failed',
      `the contents of the dump cannot be listed: pg_restore ${result.ending}`,
      { hint: 'Look for a full or failing disk, then run the command again.' },
    )
  }
  const lines = Buffer.concat(chunks).toString('utf8').split('\n')
  return lines.filter((line) => /^\d+;/.test(line))
}

/** Tells of a line of the contents whether one of these objects is in it. */
export function isLeftOutBy(leftOut: readonly LeftOut[]): (line: string) => boolean {
  const entries = leftOut.map(entriesOf)
  return (line) => entries.some((entry) => entry.test(line))
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

/** The number of the entry in a line of the contents. */
export function numberOf(line: string): string {
  return line.slice(0, line.indexOf(';'))
}
