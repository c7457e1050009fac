import {
  flag,
  listOf,
  nestedTo,
  nullOr,
  object,
  oneOf,
  quantity,
  text,
  textLike,
  whole,
} from '../../domain/shape.js'

/** An OID, or the identifier of a cluster: digits that a number of JavaScript cannot hold. */
export const digits = textLike(/^\d{1,20}$/, 'a number in digits')

export const sha256 = textLike(/^[0-9a-f]{64}$/, 'a sha256')

/** TargetIdentity */
export const targetShape = object({
  host: text,
  port: whole,
  database: text,
  user: text,
  schema: text,
  databaseOid: digits,
  systemIdentifier: digits,
  marks: object({ timeline: whole, statisticsSince: nullOr(text), clusterName: text, place: nullOr(text) }),
  serverVersion: text,
  serverVersionNum: whole,
  inRecovery: flag,
  databaseSizeBytes: quantity,
})

/** HistoryRow */
const historyRow = object({
  id: text,
  migrationName: text,
  checksum: text,
  startedAt: text,
  finishedAt: nullOr(text),
  rolledBackAt: nullOr(text),
})

const statement = object(
  { index: whole, line: whole, sql: text, kind: text },
  { locks: listOf(nestedTo(8)), locksSeen: flag },
)

const transaction = object(
  { first: whole, last: whole, line: whole, leaves: listOf(text) },
  { leftByFailure: text },
)

/** PendingMigration */
const pending = object(
  {
    name: text,
    file: text,
    directory: text,
    checksum: sha256,
    statements: listOf(statement),
    execution: object(
      { mode: oneOf('all-or-nothing', 'statement-by-statement') },
      { reason: text, transactions: listOf(transaction) },
    ),
    dataChanges: listOf(object({ kind: oneOf('drop', 'rewrite'), line: whole, text })),
  },
  { lockFirst: listOf(nestedTo(8)), acceptances: listOf(nestedTo(8)) },
)

const expectation = object(
  {
    kind: oneOf('relation', 'index', 'column', 'constraint', 'trigger'),
    relation: text,
    present: flag,
    migration: text,
    line: whole,
  },
  { schema: text, name: text },
)

const place = object({}, { migration: text, file: text, line: whole, object: text })

/** Finding */
export const findingShape = object(
  {
    code: text,
    kind: oneOf('failure', 'loss', 'lock', 'health', 'history', 'custom'),
    verdict: oneOf('block', 'unknown', 'warn', 'info'),
    step: oneOf('plan', 'check', 'rehearse', 'verify'),
    message: text,
  },
  {
    migration: text,
    file: text,
    line: whole,
    object: text,
    schema: text,
    evidence: object({ count: quantity, samples: listOf(nestedTo(16)) }),
    hint: text,
    findSql: text,
    fixSql: text,
    cause: text,
    places: listOf(place),
    accepted: text,
  },
)

/** Plan */
export const planShape = object({
  hash: sha256,
  target: targetShape,
  engine: oneOf('hosted', 'native'),
  prismaVersion: text,
  history: listOf(historyRow),
  pending: listOf(pending),
  appliedCount: whole,
  catalogHash: sha256,
  expectations: listOf(expectation),
  findings: listOf(findingShape),
})
