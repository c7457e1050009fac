import { open, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../domain/finding.js'
import { formatBytes } from '../../domain/quantities.js'
import type { Reader } from '../../domain/reader.js'
import type { Check, CheckAnswer, CheckContext } from '../check.js'
import { concernedNotKnown, concernedParameter } from './concerned-tables.js'

interface Server {
  /** Null when this role may not see where it is. */
  readonly dataDirectory: string | null
  readonly systemIdentifier: string
  /** True when what is rewritten lies outside the data directory. */
  readonly tablespaces: boolean
}

/** What is written into one file system. */
interface Need {
  readonly path: string
  readonly freeBytes: number
  /** The new copy of the tables; the old one stays until the transaction ends. */
  readonly copyBytes: number
  /** The same again in the write-ahead log, unless it is removed while it is written. */
  readonly logBytes: number
}

/**
 * Whether the disk of the server takes the tables that the deploy rewrites. When it is full, every write of every database
 * stops: https://www.postgresql.org/docs/current/disk-full.html
 */
export const diskSpace: Check = {
  code: 'disk-space',
  title: 'the disk of the server has room for the tables that are rewritten',
  steps: ['check'],
  find: async (reader, context): Promise<readonly Finding[] | CheckAnswer> => {
    const rewriteBytes = context.concerned?.rewriteBytes
    if (rewriteBytes === undefined) return notMade(concernedNotKnown)
    if (rewriteBytes === 0) return []
    const server = await readServer(reader, context)
    const notLookedAt = (reason: string) =>
      notMade(
        `${formatBytes(rewriteBytes)} are rewritten, and as much may go into the write-ahead log; ${reason}`,
      )
    if (server.tablespaces) return notLookedAt('they lie in a tablespace of their own')
    const { dataDirectory } = server
    if (dataDirectory === null) return notLookedAt('this role may not see where the server keeps its data')
    if (!(await isDirectoryOf(server.systemIdentifier, dataDirectory)))
      return notLookedAt('the disk of the server cannot be seen from here')
    return (await readNeeds(dataDirectory, rewriteBytes)).flatMap((need) => judge(need, context.step))
  },
}

function notMade(note: string): CheckAnswer {
  return { findings: [], outcome: 'not-made', note }
}

/** 1663 is pg_default, which lies in the data directory. */
async function readServer(reader: Reader, context: CheckContext): Promise<Server> {
  const { rows } = await reader.query(
    `SELECT (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'data_directory') AS "dataDirectory",
            (SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c) AS "systemIdentifier",
            d.dattablespace <> 1663 OR EXISTS (
              SELECT FROM pg_catalog.json_to_recordset($1::json) AS t (schema name, name name)
                JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema
                JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
               WHERE c.reltablespace <> 0) AS tablespaces
       FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
    [concernedParameter(context)],
  )
  return rows[0] as unknown as Server
}

/**
 * True when the directory on this host is that of this server, and not of another one in another container: its control
 * file begins with the system identifier.
 */
export async function isDirectoryOf(systemIdentifier: string, dataDirectory: string): Promise<boolean> {
  try {
    const file = await open(join(dataDirectory, 'global', 'pg_control'))
    try {
      const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0)
      return String(buffer.readBigUInt64LE()) === systemIdentifier
    } finally {
      await file.close()
    }
  } catch {
    return false
  }
}

/** The write-ahead log may lie on a disk of its own. */
async function readNeeds(dataDirectory: string, rewriteBytes: number): Promise<Need[]> {
  const log = join(dataDirectory, 'pg_wal')
  const together = (await stat(log)).dev === (await stat(dataDirectory)).dev
  const need = async (path: string, copyBytes: number, logBytes: number): Promise<Need> => {
    const { bavail, bsize } = await statfs(path)
    return { path, freeBytes: bavail * bsize, copyBytes, logBytes }
  }
  if (together) return [await need(dataDirectory, rewriteBytes, rewriteBytes)]
  return [await need(dataDirectory, rewriteBytes, 0), await need(log, 0, rewriteBytes)]
}

function judge({ path, freeBytes, copyBytes, logBytes }: Need, step: CheckContext['step']): Finding[] {
  if (freeBytes >= copyBytes + logBytes) return []
  const needs = [
    copyBytes > 0 ? `${formatBytes(copyBytes)} for the tables that are rewritten` : '',
    logBytes > 0 ? `${formatBytes(logBytes)} for the write-ahead log` : '',
  ].filter(Boolean)
  return [
    {
      code: diskSpace.code,
      kind: 'health',
      // The log is removed while it is written, unless something holds it; the new copy is needed whole.
      verdict: freeBytes < copyBytes ? 'block' : 'warn',
      step,
      object: path,
      message: `${formatBytes(freeBytes)} are free at ${path}, and the deploy needs up to ${needs.join(' and ')}`,
      hint: 'Free space or enlarge the disk before the deploy: when it is full, the server takes no writes at all.',
    },
  ]
}
