import { join } from 'node:path'
import { RehearsalError } from '../../domain/errors.js'
import { runProcess } from '../../effects/run-process.js'
import { listServerBinaries } from '../throw-away-cluster.js'

const versionTimeoutMs = 10_000

/**
 * The folder with the server programs of one major version: another version restores, plans and locks differently.
 * @throws RehearsalError `server-programs-missing`, which names the versions that are there.
 */
export async function findServerBinariesOf(
  major: number,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const others = new Set<number>()
  for (const folder of await listServerBinaries(environment)) {
    const found = await askMajor(folder)
    if (found === major) return folder
    if (found) others.add(found)
  }
  const instead = others.size === 0 ? 'there are none' : `only those of ${[...others].join(', ')} are`
  throw new RehearsalError(
    'server-programs-missing',
    `the target is PostgreSQL ${major}, and its server programs are not on this machine: ${instead}`,
    {
      hint: `Install them (e.g. the package postgresql-${major}) or name their folder in MIGRATE_GUARD_POSTGRES_BIN; or rehearse elsewhere with --rehearsal same-server or a URL.`,
    },
  )
}

async function askMajor(folder: string): Promise<number | undefined> {
  const { exitCode, stdout } = await runProcess({
    effect: 'cluster.version',
    file: join(folder, 'postgres'),
    arguments: ['--version'],
    timeoutMs: versionTimeoutMs,
  })
  return exitCode === 0 ? Number(/(\d+)/.exec(stdout)?.[1]) || undefined : undefined
}
