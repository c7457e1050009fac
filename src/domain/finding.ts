import type { TableLineage } from './lineage.js'
import type { Prediction } from './prediction.js'

/** Block stops the run. Unknown means that a question was not answered: it blocks like a failure. */
export type Verdict = 'block' | 'unknown' | 'warn' | 'info'

export type FindingKind = 'failure' | 'loss' | 'lock' | 'health' | 'history' | 'custom'

/** What a check found in the database or in the migrations; stable keys, part of the JSON report. */
export interface Finding {
  /** Stable, kebab-case; what `--accept` takes. */
  readonly code: string
  readonly kind: FindingKind
  readonly verdict: Verdict
  readonly step: 'plan' | 'check' | 'rehearse' | 'verify'
  /** Lower-case, no full stop: what is wrong, with the count. */
  readonly message: string
  readonly migration?: string
  readonly file?: string
  readonly line?: number
  /** The table, constraint, index or migration it is about. */
  readonly object?: string
  /** The schema that the name of the object begins with, where that is not the target's own. */
  readonly schema?: string
  readonly evidence?: Evidence
  /** One sentence: what to do next. */
  readonly hint?: string
  /** SQL that finds every offending row. */
  readonly findSql?: string
  /** SQL that a careful person would run to fix it. */
  readonly fixSql?: string
  /** What several findings of one code have in common: then they are told as one. */
  readonly cause?: string
  /** Of one that stands for several: where each of them is, itself the first. */
  readonly places?: readonly FindingPlace[]
  /** The reason given with `--accept`; a finding accepted so no longer blocks. */
  readonly accepted?: string
}

export type FindingPlace = Pick<Finding, 'migration' | 'file' | 'line' | 'object'>

export interface Evidence {
  /** Exact number of offending rows. */
  readonly count: number
  /** Some offending rows, keys only. */
  readonly samples: readonly Readonly<Record<string, unknown>>[]
}

/** A question that was asked and what came of it, also when all is well. */
export interface CheckResult {
  readonly id: string
  readonly title: string
  /** `not-made`: the check could not apply; the note says why. Never counted as passed. */
  readonly outcome: 'passed' | 'failed' | 'warned' | 'unknown' | 'info' | 'not-made'
  /** For `info`: the row that was read. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly note?: string
}

/** The result of the check step, and of the checks in the verify step. */
export interface Findings {
  readonly results: readonly CheckResult[]
  readonly findings: readonly Finding[]
  /** By migration, where the pending statements were held against the live rows. */
  readonly predictions?: Readonly<Record<string, Prediction>>
  /** What the pending statements make of today's tables, of those that they touch. */
  readonly lineage?: readonly TableLineage[]
}

/** True when a finding must stop the run: a blocker or an unknown that nobody accepted. */
export function isBlocking(finding: Finding): boolean {
  return (finding.verdict === 'block' || finding.verdict === 'unknown') && finding.accepted === undefined
}
