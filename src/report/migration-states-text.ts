import type { MigrationState } from '../domain/migration-state.js'
import { clean, formatMs, plural } from './words.js'

/** Of a long history the newest are shown, and all that are not simply applied. */
const shownApplied = 10

const words: Readonly<Record<MigrationState['kind'], string>> = {
  applied: 'applied',
  marked: 'marked as applied',
  pending: 'pending',
  failed: 'failed',
  'rolled-back': 'rolled back',
  edited: 'edited after it was applied',
  missing: 'applied, has no folder',
}

/** Every migration on a line: `  20260105090000_crm  applied  2026-12-01 04:22:50, 1.2 s`. */
export function formatMigrationStates(states: readonly MigrationState[]): string[] {
  const isUsual = ({ kind }: MigrationState) => kind === 'applied' || kind === 'marked'
  const older = states.filter(isUsual).slice(0, -shownApplied)
  const left = new Set(older)
  const shown = states.filter((state) => !left.has(state))
  const nameWidth = Math.max(0, ...shown.map(({ name }) => clean(name).length))
  const kindWidth = Math.max(0, ...shown.map(({ kind }) => words[kind].length))
  return [
    ...(older.length > 0
      ? [`  … ${plural(older.length, 'older one')} applied; --json lists all of them`]
      : []),
    ...shown.map((state) =>
      `  ${clean(state.name).padEnd(nameWidth)}  ${words[state.kind].padEnd(kindWidth)}  ${formatTimes(state)}`.trimEnd(),
    ),
  ]
}

function formatTimes({ kind, startedAt, finishedAt, rolledBackAt, isReversible }: MigrationState): string {
  const at = rolledBackAt ?? startedAt
  const parts = [
    ...(at === null ? [] : [toSecond(at)]),
    ...(kind === 'applied' && startedAt !== null && finishedAt !== null
      ? [formatMs(Date.parse(finishedAt) - Date.parse(startedAt))]
      : []),
    ...(isReversible ? ['has a down.sql'] : []),
  ]
  return parts.join(', ')
}

/** `2026-12-01 04:22:50.123+00` without the fraction and the zone, which is that of the connection: UTC. */
function toSecond(at: string): string {
  return clean(at.slice(0, 19))
}
