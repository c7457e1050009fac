import { parseSync } from 'libpg-query'
import { RehearsalError } from '../domain/errors.js'
import { runProcess } from '../effects/run-process.js'
import { loadParser, type Node } from '../sql/parser.js'
import { scanTokens } from '../sql/scan.js'
import type { ClientTool } from './client-tools.js'

/** What pg_restore would run for one entry of a dump. */
export interface ScriptEntry {
  /** Its number in `pg_restore --list`. */
  readonly id: string
  /** Its statements as trees; undefined when they cannot be read. */
  readonly trees: readonly Node[] | undefined
  readonly owner?: Owner
  /** Numbers of the entries that must be there before. */
  readonly dependencies: readonly string[]
}

/** The `ALTER … OWNER TO …` of an entry, which always comes last in it. */
export interface Owner {
  readonly statement: string
  readonly role: string
  readonly isEventTrigger: boolean
}

/**
 * Reads what pg_restore would run, without rows, by the number of each entry. Nothing is run.
 * @throws RehearsalError `restore-failed`
 */
export async function readRestoreScript(
  tool: ClientTool,
  dump: string,
): Promise<ReadonlyMap<string, ScriptEntry>> {
  const chunks: Buffer[] = []
  const result = await runProcess({
    effect: 'rehearsal.read-dump',
    file: tool.path,
    // Only with --verbose it writes the numbers.
    arguments: ['--file=-', '--section=pre-data', '--section=post-data', '--verbose', dump],
    onStdout: (chunk) => chunks.push(chunk),
    onStderr: () => undefined,
  })
  if (result.exitCode !== 0) {
    throw new RehearsalError('restore-failed', `the dump cannot be read: pg_restore ${result.ending}`, {
      hint: 'Look for a full or failing disk, then run the command again.',
    })
  }
  await loadParser()
  return readScript(decode(Buffer.concat(chunks)))
}

/**
 * The entries of a script. A comment that says where one begins counts only where it is a comment: the scanner of
 * Postgres tells it from the text of a function that says the same.
 */
export function readScript(script: string): ReadonlyMap<string, ScriptEntry> {
  const text = withoutRestrict(script)
  const bytes = Buffer.from(text, 'utf8')
  const entries = new Map<string, ScriptEntry>()
  let begun: { id: string; at: number; ends: number[]; dependencies: string[] } | undefined
  const close = (at: number) => {
    if (begun) entries.set(begun.id, readEntry(begun, bytes.subarray(begun.at, at)))
  }
  for (const { tokenName, text: token, start, end } of scanTokens(text)) {
    const id = tokenName === 'SQL_COMMENT' ? /^-- TOC entry (\d+) /.exec(token)?.[1] : undefined
    if (id !== undefined) {
      close(start)
      begun = { id, at: start, ends: [], dependencies: [] }
    } else if (token === ';') begun?.ends.push(end - begun.at)
    else if (tokenName === 'SQL_COMMENT' && begun?.ends.length === 0)
      begun.dependencies.push(...(/^-- Dependencies: ([\d ]+)$/.exec(token)?.[1]?.split(' ') ?? []))
  }
  close(bytes.length)
  return entries
}

/** Fences of psql, not SQL: https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMAND-RESTRICT */
function withoutRestrict(script: string): string {
  const key = /^\\restrict (\w+)$/m.exec(script)?.[1]
  if (key === undefined) return script
  const end = script.lastIndexOf(`\\unrestrict ${key}`)
  return script.slice(0, end === -1 ? undefined : end).replace(/^\\restrict \w+$/m, '')
}

function readEntry(
  { id, ends, dependencies }: { id: string; ends: readonly number[]; dependencies: readonly string[] },
  bytes: Buffer,
): ScriptEntry {
  const trees = parse(bytes.toString('utf8'))
  return { id, trees, dependencies, ...findOwner(bytes, ends, trees) }
}

/**
 * The last statement, but for settings that are for the next entry. Each is read for itself where the entry cannot be read
 * as a whole: an expression before it may be nested too deeply for that.
 */
function findOwner(
  bytes: Buffer,
  ends: readonly number[],
  trees: readonly Node[] | undefined,
): Pick<ScriptEntry, 'owner'> {
  // A body in SQL has semicolons of its own.
  const known = trees?.length === ends.length ? trees : undefined
  for (let i = ends.length - 1; i >= 0; i -= 1) {
    const statement = bytes.toString('utf8', ends[i - 1] ?? 0, ends[i]).trim()
    const tree = known ? known[i] : parse(statement)?.[0]
    if (tree?.VariableSetStmt) continue
    const role = tree && newOwnerOf(tree)
    if (role === undefined) return {}
    const isEventTrigger = tree?.AlterOwnerStmt?.objectType === 'OBJECT_EVENT_TRIGGER'
    return { owner: { statement, role, isEventTrigger } }
  }
  return {}
}

function parse(sql: string): Node[] | undefined {
  try {
    return (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt as Node)
  } catch {
    return undefined
  }
}

function newOwnerOf({ AlterOwnerStmt, AlterTableStmt }: Node): string | undefined {
  const [command] = AlterTableStmt?.cmds ?? []
  const { subtype, newowner } = command?.AlterTableCmd ?? {}
  return (AlterOwnerStmt?.newowner ?? (subtype === 'AT_ChangeOwner' ? newowner : undefined))?.rolename
}

/** Names of encodings, as the dump sets them, for TextDecoder. */
const decoders: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16].map((n) => [`ISO_8859_${n}`, `iso-8859-${n}`]),
  ),
  ...{ LATIN2: 'iso-8859-2', LATIN3: 'iso-8859-3', LATIN4: 'iso-8859-4', LATIN6: 'iso-8859-10' },
  ...{ LATIN7: 'iso-8859-13', LATIN8: 'iso-8859-14', LATIN9: 'iso-8859-15', LATIN10: 'iso-8859-16' },
  ...Object.fromEntries(
    [1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map((n) => [`WIN${n}`, `windows-${n}`]),
  ),
  ...{ WIN866: 'ibm866', WIN874: 'windows-874', KOI8R: 'koi8-r', KOI8U: 'koi8-u' },
  ...{ EUC_JP: 'euc-jp', EUC_KR: 'euc-kr', EUC_CN: 'gbk' },
}

/** A dump is written in the encoding of its database: https://www.postgresql.org/docs/current/multibyte.html */
function decode(script: Buffer): string {
  const encoding = /^SET client_encoding = '(\w+)';$/m.exec(script.toString('latin1'))?.[1] ?? 'UTF8'
  if (encoding === 'UTF8') return script.toString('utf8')
  const label = decoders[encoding]
  return label === undefined ? script.toString('latin1') : new TextDecoder(label).decode(script)
}
