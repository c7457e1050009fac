/** Weakest first: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES */
export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

export type LockMode = (typeof lockModes)[number]

export function strongerOf(one: LockMode, other: LockMode): LockMode {
  return lockModes.indexOf(one) >= lockModes.indexOf(other) ? one : other
}

/** A plain SELECT waits. */
export function blocksReaders(mode: LockMode): boolean {
  return mode === 'ACCESS EXCLUSIVE'
}

/** INSERT, UPDATE and DELETE wait. */
export function blocksWriters(mode: LockMode): boolean {
  return lockModes.indexOf(mode) >= lockModes.indexOf('SHARE')
}
