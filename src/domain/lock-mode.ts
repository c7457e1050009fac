/**
 * For each lock mode of a table, weakest first, the modes that it conflicts with:
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
const conflicts = {
  'ACCESS SHARE': ['ACCESS EXCLUSIVE'],
  'ROW SHARE': ['EXCLUSIVE', 'ACCESS EXCLUSIVE'],
  'ROW EXCLUSIVE': ['SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'],
  'SHARE UPDATE EXCLUSIVE': [
    'SHARE UPDATE EXCLUSIVE',
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ],
  SHARE: ['ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'],
  'SHARE ROW EXCLUSIVE': [
    'ROW EXCLUSIVE',
    'SHARE UPDATE EXCLUSIVE',
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ],
  EXCLUSIVE: [
    'ROW SHARE',
    'ROW EXCLUSIVE',
    'SHARE UPDATE EXCLUSIVE',
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ],
  'ACCESS EXCLUSIVE': [
    'ACCESS SHARE',
    'ROW SHARE',
    'ROW EXCLUSIVE',
    'SHARE UPDATE EXCLUSIVE',
    'SHARE',
    'SHARE ROW EXCLUSIVE',
    'EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ],
} as const

/** A lock mode of a table, as the manual writes it. */
export type LockMode = keyof typeof conflicts

/** Weakest first. */
export const lockModes = Object.keys(conflicts) as LockMode[]

/** True when a session that wants the one must wait for a session that holds the other. */
export function isConflict(wanted: string, held: string): boolean {
  return (conflicts[wanted as LockMode] as readonly string[] | undefined)?.includes(held) ?? true
}

/** The mode as the manual writes it, from pg_locks: `AccessShareLock` is ACCESS SHARE. */
export function lockModeOf(pgLocksMode: string): string {
  return pgLocksMode
    .replace(/Lock$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase()
}

export function strongestOf(modes: readonly string[]): string {
  return lockModes.findLast((mode) => modes.includes(mode)) ?? modes[0] ?? ''
}

export function strongerOf(one: LockMode, other: LockMode): LockMode {
  return lockModes.indexOf(one) >= lockModes.indexOf(other) ? one : other
}

/** A plain SELECT waits. */
export function blocksReaders(mode: LockMode): boolean {
  return isConflict('ACCESS SHARE', mode)
}

/** INSERT, UPDATE and DELETE wait. */
export function blocksWriters(mode: LockMode): boolean {
  return isConflict('ROW EXCLUSIVE', mode)
}
