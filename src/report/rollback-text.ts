import type { Finding } from '../domain/finding.js'
import type { Statement } from '../domain/migration.js'
import type { TargetIdentity } from '../domain/target.js'
import { summarizeSql } from '../sql/summary.js'
import { clean, formatMs, formatTargetName, plural } from './words.js'

/** What a person reads before the name of the database is typed. */
export interface RollbackShown {
  readonly target: TargetIdentity
  /** Names of the migrations, the newest first. */
  readonly names: readonly string[]
  readonly statements: readonly Statement[]
  readonly lost: readonly Finding[]
  readonly differences: readonly Finding[]
  readonly backupPath: string
  readonly rehearsedMs: number
}

const longestStatement = 100

/** What a rollback would do, and what it loses. */
export function formatRollback(shown: RollbackShown): string {
  const { target, names, statements, lost, differences, backupPath, rehearsedMs } = shown
  return [
    `target      ${clean(formatTargetName(target))}`,
    `rollback    ${plural(names.length, 'migration')}, the newest first, in one transaction: ${names.map(clean).join(', ')}`,
    ...statements.map(({ sql }) => `  ${clean(summarizeSql(sql, longestStatement))}`),
    lost.length === 0 ? 'loses       no row and no value that is there now' : 'loses',
    ...lost.map(({ message }) => `  ${clean(message)}`),
    ...(differences.length === 0
      ? ['leads to    what the other migrations make, object by object']
      : [
          'leads to    something else than the other migrations make',
          ...differences.map(({ message }) => `  ${clean(message)}`),
        ]),
    `backup      ${clean(backupPath)}, restored, and exact`,
    `rehearsal   ${formatMs(rehearsedMs)} on the copy`,
  ].join('\n')
}
