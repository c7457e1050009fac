import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { BackupError } from '../domain/errors.js'
import { runProcess } from '../effects/run-process.js'

/** One of the programs that come with PostgreSQL. */
export interface ClientTool {
  readonly path: string
  /** As it says of itself, e.g. `15.18`. */
  readonly version: string
  readonly major: number
}

/** Names the folder of PostgreSQL's programs when it is not on the PATH; then no other folder is searched. */
const folderVariable = 'MIGRATE_GUARD_POSTGRES_BIN'
const versionTimeoutMs = 10_000

/**
 * Finds a client tool that can work with the server: pg_dump refuses a server of a newer major version than its own.
 * Of several that fit, the first on the PATH wins. 0 stands for a server whose version is not known.
 * @throws BackupError when there is none, or only older ones.
 */
export async function findClientTool(
  name: 'pg_dump' | 'pg_restore',
  serverMajor: number,
): Promise<ClientTool> {
  const tools: ClientTool[] = []
  for (const path of candidatePaths(name)) {
    const tool = await askVersion(path)
    if (tool && tool.major >= serverMajor) return tool
    if (tool) tools.push(tool)
  }
  const newest = tools.sort((a, b) => b.major - a.major)[0]
  if (newest) {
    throw new BackupError(
      'client-tool-too-old',
      `${name} ${newest.version} is older than the server, which is PostgreSQL ${serverMajor}; it refuses to work with it`,
      {
        hint: `Install the client tools of PostgreSQL ${serverMajor}, e.g. the package postgresql-client-${serverMajor}.`,
      },
    )
  }
  throw new BackupError('client-tool-missing', `${name} is not installed`, {
    hint: `Install the client tools of ${serverMajor ? `PostgreSQL ${serverMajor}` : 'PostgreSQL'} (e.g. the package postgresql-client), or name their folder in ${folderVariable}.`,
  })
}

function candidatePaths(name: string): string[] {
  const given = process.env[folderVariable]
  if (given) return [join(given, name)].filter(existsSync)
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  // Debian keeps every version beside the others and puts a wrapper on the PATH, which may choose an older one.
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : []
  return [...onPath, ...versions.sort().reverse()].map((folder) => join(folder, name)).filter(existsSync)
}

async function askVersion(path: string): Promise<ClientTool | undefined> {
  const result = await runProcess({
    effect: 'client-tool.version',
    file: path,
    arguments: ['--version'],
    timeoutMs: versionTimeoutMs,
  })
  const version = /(\d+)(?:\.\d+|\w+)*/.exec(result.exitCode === 0 ? result.stdout : '')
  return version ? { path, version: version[0], major: Number(version[1]) } : undefined
}
