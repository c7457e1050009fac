import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runProcess } from '../../effects/run-process.js'
import type { Client } from '../connection.js'

/**
 * Extensions that are of no use, or cannot even be made, unless the server loads their library when it starts. Not
 * among them: those that would begin to work by themselves (pg_cron).
 */
const needTheirLibrary = ['citus', 'pg_stat_statements', 'pgaudit', 'timescaledb']

const timeoutMs = 10_000

/**
 * Value of `shared_preload_libraries` for a server of our own: what the target's extensions need, as far as it is here.
 * @param binaries the folder of the server's programs.
 */
export async function findPreloadedLibraries(target: Client, binaries: string): Promise<string> {
  const { rows } = await target.query(
    'SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname = ANY ($1) ORDER BY 1',
    [needTheirLibrary],
  )
  if (rows.length === 0) return ''
  const { exitCode, stdout } = await runProcess({
    effect: 'cluster.pg-config',
    file: join(binaries, 'pg_config'),
    arguments: ['--pkglibdir'],
    timeoutMs,
  })
  const isHere = (name: string) =>
    exitCode === 0 && ['so', 'dylib'].some((ending) => existsSync(join(stdout, `${name}.${ending}`)))
  return rows
    .map(({ name }) => name)
    .filter(isHere)
    .join(',')
}
