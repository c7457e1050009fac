import {
  flag,
  listOf,
  namesTo,
  nestedTo,
  nullOr,
  object,
  oneOf,
  quantity,
  text,
  whole,
} from '../../domain/shape.js'
import { fingerprintShape, tableWritesShape } from './backup-shape.js'
import { findingShape, sha256 } from './plan-shape.js'

const reference = object({ migration: text, file: text, line: whole })
const tableName = object({ schema: text, table: text })

/** TableLineage */
export const lineageShape = object(
  {
    schema: text,
    table: text,
    rowsChangedBy: listOf(reference),
    columns: listOf(
      object({ column: text, rewrittenBy: listOf(reference) }, { now: text, droppedBy: reference }),
    ),
  },
  { now: tableName, droppedBy: reference },
)

/** MigrationOutcome */
export const outcomeShape = object(
  { name: text, outcome: oneOf('applied', 'failed', 'not-run') },
  {
    traces: oneOf('none', 'part', 'all', 'unknown'),
    historyRow: oneOf('none', 'unfinished', 'finished', 'rolled-back'),
    rowByOther: flag,
    durationMs: quantity,
    error: object({ message: text }, { statement: whole, line: whole, sqlstate: text }),
  },
)

const statement = object({
  index: whole,
  line: whole,
  summary: text,
  durationMs: quantity,
  rows: nullOr(quantity),
  locks: listOf(object({ relation: text, mode: text, heldMs: quantity })),
  rewritten: listOf(text),
})

const proof = object(
  {
    schema: text,
    table: text,
    rowsBefore: quantity,
    rows: oneOf('identical', 'changed', 'dropped', 'unexplained'),
    by: listOf(reference),
    columns: listOf(
      object(
        {
          column: text,
          outcome: oneOf('identical', 'rewritten', 'dropped', 'not-compared', 'unexplained'),
          by: listOf(reference),
        },
        { now: text },
      ),
    ),
  },
  { now: tableName, rowsAfter: quantity, rowsUntouched: quantity },
)

/** Rehearsal */
export const rehearsalShape = object(
  { outcome: oneOf('passed', 'failed', 'reused', 'skipped') },
  {
    runId: text,
    place: oneOf('local', 'same-server', 'url'),
    serverVersion: text,
    backupLevel: oneOf('written', 'hashed', 'read', 'restored', 'exact'),
    restoreMs: quantity,
    differences: listOf(text),
    disarmed: listOf(text),
    notExact: listOf(text),
    migrations: listOf(object({ name: text, durationMs: quantity, statements: listOf(statement) })),
    outcomes: listOf(outcomeShape),
    refused: text,
    durationMs: quantity,
    exposures: listOf(
      object({ relation: text, readersMs: quantity, writersMs: quantity }, { rowWritersMs: quantity }),
    ),
    locksNotSeen: text,
    proof: listOf(proof),
    findings: listOf(findingShape),
    after: object({
      catalogHash: sha256,
      fingerprint: fingerprintShape,
      tableWrites: listOf(tableWritesShape),
    }),
    evidence: object({ sha256, files: listOf(object({ path: text, sha256 })) }),
    wayBack: object({
      migrations: listOf(text),
      reachesBeginning: flag,
      outcome: oneOf('passed', 'failed'),
      differences: listOf(text),
    }),
  },
)

const checkResult = object(
  {
    id: text,
    title: text,
    outcome: oneOf('passed', 'failed', 'warned', 'unknown', 'info', 'not-made'),
  },
  { facts: namesTo(nestedTo(32)), note: text },
)

/** Findings */
export const findingsShape = object(
  { results: listOf(checkResult), findings: listOf(findingShape) },
  {
    predictions: namesTo(oneOf('succeeds', 'fails', 'decided-by-rehearsal')),
    lineage: listOf(lineageShape),
  },
)
