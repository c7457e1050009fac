import { stepNames } from '../../domain/run-record.js'
import {
  both,
  flag,
  listOf,
  moment,
  nullOr,
  object,
  oneOf,
  quantity,
  text,
  variants,
  whole,
} from '../../domain/shape.js'
import { backupShape, rowCountShape } from './backup-shape.js'
import { planShape } from './plan-shape.js'
import { findingsShape, outcomeShape, rehearsalShape } from './rehearsal-shape.js'

const step = object(
  { outcome: oneOf('not-run', 'running', 'passed', 'failed', 'skipped') },
  { startedAt: moment, durationMs: quantity, summary: text },
)

const standing = variants('kind', {
  unchanged: object({}),
  all: object({}),
  prefix: object({ applied: listOf(text), pending: listOf(text) }),
  part: object(
    { applied: listOf(text), migration: text, objects: listOf(text) },
    { statements: whole, invalidIndexes: listOf(text) },
  ),
  unknown: object({ why: text }, { isOpen: flag }),
})

const databaseState = oneOf('unchanged', 'changed', 'unknown')

const deployment = object(
  {
    state: databaseState,
    migrations: listOf(outcomeShape),
    evidence: listOf(text),
    startedAt: moment,
    durationMs: quantity,
    complete: flag,
  },
  {
    unmet: listOf(text),
    invalidIndexes: listOf(text),
    lockLost: flag,
    refused: text,
    standing,
    byOther: object({ kind: oneOf('deployed', 'at-work') }, { who: text }),
  },
)

const verification = both(
  findingsShape,
  object({ outcome: oneOf('passed', 'failed'), schemaDiff: text }, { rowCounts: listOf(rowCountShape) }),
)

/** RunRecord, the run.json of a run folder. */
export const recordShape = object(
  {
    tool: oneOf('migrate-guard'),
    version: text,
    command: text,
    runId: text,
    startedAt: moment,
    steps: object(Object.fromEntries(stepNames.map((name) => [name, step]))),
    databaseState,
  },
  {
    finishedAt: moment,
    by: object({ user: text, host: text }),
    exitCode: whole,
    failure: object({ code: text, message: text, hint: text, step: nullOr(oneOf(...stepNames)) }),
    plan: planShape,
    findings: findingsShape,
    backup: backupShape,
    rehearsal: rehearsalShape,
    approval: object({ planHash: text, method: text, at: text }),
    deployment,
    verification,
    rollback: object({ migrations: listOf(text), done: flag }),
  },
)
