import type { LockGroup, TableToLock } from '../domain/lock-group.js'
import type { Statement } from '../domain/migration.js'
import { formatRelation } from '../sql/names.js'
import { plural } from './words.js'

const shownTables = 8
const shownGroups = 3

/**
 * What is locked up front, a line for each group, and why:
 * `takes first, in this order: ACCESS EXCLUSIVE on customers, orders`.
 */
export function formatLockGroups(
  groups: readonly LockGroup[],
  statements: readonly Pick<Statement, 'index' | 'line'>[],
): string[] {
  if (groups.length === 0) return []
  const more = groups.length - shownGroups
  return [
    ...groups.slice(0, shownGroups).map((group) => formatGroup(group, statements)),
    ...(more > 0 ? [`… and ${plural(more, 'more group')} of locks; --json lists all of them`] : []),
    '  within one lock time-out and a parent before its children, as applications write: no deadlock with them half-way',
  ]
}

function formatGroup(
  { beforeStatement, tables }: LockGroup,
  statements: readonly Pick<Statement, 'index' | 'line'>[],
): string {
  const line = statements.find(({ index }) => index === beforeStatement)?.line
  const when =
    line === undefined || beforeStatement === statements[0]?.index ? 'first' : `before line ${line}`
  return `takes ${when}, in this order: ${formatTables(tables)}`
}

/** The mode once for each run of tables that have it. */
function formatTables(tables: readonly TableToLock[]): string {
  const shown = tables.slice(0, shownTables).map(({ schema, name, mode }, at, all) => {
    const table = formatRelation(schema === 'public' ? { name } : { schema, name })
    return all[at - 1]?.mode === mode ? table : `${mode} on ${table}`
  })
  const more = tables.length - shown.length
  return [...shown, ...(more > 0 ? [`… and ${plural(more, 'more table')}`] : [])].join(', ')
}
