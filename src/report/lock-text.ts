import { lockModes } from '../domain/lock-mode.js'
import type { LockedWork, StatementLock } from '../domain/statement-lock.js'
import { formatBytes, formatCount, plural } from './words.js'

/** A statement on a table with many partitions locks each of them. */
const shownLocks = 8

/** What a statement locks, a line each: `ACCESS EXCLUSIVE on orders (12 GB, about 18,200,000 rows, rewrites)`. */
export function formatLocks(locks: readonly StatementLock[]): string[] {
  const told = locks.filter((lock) => isTold(lock, locks))
  const more = told.length - shownLocks
  return [
    ...told.slice(0, shownLocks).map(formatLock),
    ...(more > 0 ? [`… and ${plural(more, 'more lock')}; --json lists all of them`] : []),
  ]
}

/** What belongs to a table is as locked as the table itself; a line of its own is for what is locked more strongly. */
function isTold({ kind, table, mode }: StatementLock, all: readonly StatementLock[]): boolean {
  if (kind === 'toast' || kind === 'toast index') return false
  const ofTable = all.find((one) => one.table === null && one.object === table)
  return ofTable === undefined || lockModes.indexOf(mode) > lockModes.indexOf(ofTable.mode)
}

function formatLock(lock: StatementLock): string {
  const { mode, name, isCertain, work, isWorkCertain } = lock
  const facts = [
    ...formatSize(lock),
    ...formatWork(work, isWorkCertain),
    ...(isCertain ? [] : ['where a row calls for it']),
  ]
  return `${mode} on ${plainName(name)}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`
}

function formatSize({ kind, isNew, sizeBytes, rowEstimate }: StatementLock): string[] {
  if (isNew) return ['new']
  if (!['table', 'materialized view', 'index'].includes(kind)) return []
  if (sizeBytes === null) return ['size unknown']
  const rows = rowEstimate === null ? [] : [`about ${formatCount(Math.round(rowEstimate))} rows`]
  return [formatBytes(sizeBytes), ...rows]
}

function formatWork(work: LockedWork, isCertain: boolean): string[] {
  const words = isCertain ? certainly[work] : perhaps[work]
  return words === undefined ? [] : [words]
}

/** What changes the catalog alone, and what touches rows that the statement itself names, needs no word. */
const certainly: Readonly<Partial<Record<LockedWork, string>>> = {
  empty: 'empties',
  scan: 'reads all of it',
  build: 'builds an index',
  rewrite: 'rewrites',
  drop: 'drops',
}

const perhaps: Readonly<Partial<Record<LockedWork, string>>> = {
  scan: 'may read all of it',
  build: 'may build an index',
  rewrite: 'may rewrite it',
}

/** Quotes only where SQL needs them. */
function plainName(name: string): string {
  return name.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1')
}
