import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostPath } from './engine-host.js'
import type { GuardedDatabase } from './guarded-database.js'

/**
 * Prisma's own engine cannot be downloaded everywhere. Ours stands in for it: it takes the target and the settings of the
 * session from the URL, and tries nothing again.
 */
export async function nativeEngine({
  project,
}: Pick<GuardedDatabase, 'project'>): Promise<Record<string, string>> {
  const path = join(project.directory, 'schema-engine')
  await writeFile(
    path,
    `#!/usr/bin/env node
const given = process.argv[process.argv.indexOf('--datasource') + 1] ?? ''
const url = new URL(given.startsWith('{') ? JSON.parse(given).url : given)
const lockTimeoutMs = Number(/lock_timeout=(\\d+)/.exec(url.searchParams.get('options') ?? '')?.[1] ?? 0)
process.env.PGPASSWORD = decodeURIComponent(url.password)
process.env.MIGRATE_GUARD_ENGINE_OPTIONS = JSON.stringify({
  address: {
    host: url.hostname, port: Number(url.port || 5432), user: decodeURIComponent(url.username),
    database: url.pathname.slice(1), schema: 'public', parameters: {},
  },
  applicationName: url.searchParams.get('application_name') ?? 'native',
  readOnly: false, lockTimeoutMs, statementTimeoutMs: 0, retries: 0,
})
process.argv[1] = ${JSON.stringify(hostPath)}
import(process.argv[1])
`,
  )
  await chmod(path, 0o755)
  return { PRISMA_SCHEMA_ENGINE_BINARY: path }
}
