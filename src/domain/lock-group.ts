import type { LockMode } from './lock-mode.js'

/** Locks that a file of one transaction takes together, before one of its statements; part of the JSON report. */
export interface LockGroup {
  /** Index of the statement before which they are taken. */
  readonly beforeStatement: number
  /** In this order. */
  readonly tables: readonly TableToLock[]
}

/** A table under the name that it has at that point of the file. */
export interface TableToLock {
  readonly schema: string
  readonly name: string
  readonly mode: LockMode
}
