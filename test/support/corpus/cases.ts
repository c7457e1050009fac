import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CorpusChain } from './corpus-chain.js'

interface Told {
  /** Migrations that the database has already. */
  readonly applied?: readonly string[]
}

/**
 * Chains of a folder of cases: in each a `setup.sql` and a `migration.sql`, or Prisma's `migrations/<name>/migration.sql`;
 * `case.json` may say which of those are applied.
 */
export function casesIn(folder: string): CorpusChain[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => chainOf(join(folder, name), name))
}

function chainOf(folder: string, name: string): CorpusChain[] {
  const { applied = [] } = JSON.parse(textOf(join(folder, 'case.json')) || '{}') as Told
  const migrations = join(folder, 'migrations')
  const names = existsSync(migrations)
    ? readdirSync(migrations).filter((one) => existsSync(join(migrations, one, 'migration.sql')))
    : []
  const textsOf = (all: readonly string[]) =>
    [...all].sort().map((one) => textOf(join(migrations, one, 'migration.sql')))
  const single = textOf(join(folder, 'migration.sql'))
  const pending = [
    ...textsOf(names.filter((one) => !applied.includes(one))),
    ...(single === '' ? [] : [single]),
  ]
  const setup =
    textOf(join(folder, 'setup.sql')) || textsOf(names.filter((one) => applied.includes(one))).join('\n')
  return pending.length === 0 ? [] : [{ source: 'cases', name, setup, pending }]
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
