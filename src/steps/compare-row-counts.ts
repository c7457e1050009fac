import { setTimeout as sleep } from 'node:timers/promises'
import type { TableRowCount } from '../domain/backup.js'
import type { CheckResult, Finding, Findings } from '../domain/finding.js'
import type { TableLineage } from '../domain/lineage.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { Client } from '../postgres/connection.js'
import { tablesWithHiddenRows } from '../postgres/readable-rows.js'
import { countRows, readWriteCounters } from '../postgres/row-counts.js'
import { readWriters, type Writers } from '../postgres/writers.js'
import { formatCount, plural } from '../report/words.js'
import { readFileText } from '../sql/file-text.js'
import { quoteRelation } from '../sql/names.js'
import { loadParser, type ParsedStatement, parseStatements } from '../sql/parser.js'
import { type RowEffects, rowEffectsOf, type TableName } from '../sql/row-effects.js'

/** Numbers of rows to compare with. */
export interface RowCountBaseline {
  /** Where the numbers are from, for people. */
  readonly source: string
  readonly counts: readonly TableRowCount[]
  /** Counters of writes at that time; present only when they are from just before the deploy of this run. */
  readonly writeCounters?: ReadonlyMap<string, string>
  /** Those that have run since the rows were counted. */
  readonly migrations: readonly string[]
  /** What the forecast of the same run says of the tables that the migrations touch. */
  readonly lineage?: readonly TableLineage[]
}

/** After this long a session has told the server of its writes. */
const counterDelayMs = 11_000

/** Prisma itself adds a row for each migration. */
const historyTable = '_prisma_migrations'

/**
 * Compares the number of rows of each table with the baseline, a table under its new name when it was renamed. Tables
 * whose number of rows the migrations change on purpose are shown, not judged. Where the application wrote meanwhile,
 * as the server's counters show, a difference is a warning and no failure.
 */
export async function compareRowCounts(
  baseline: RowCountBaseline | undefined,
  folders: readonly MigrationFolder[],
  client: Client,
  targetSchema: string,
): Promise<Findings & { rowCounts?: readonly TableRowCount[] }> {
  const title = 'every table has as many rows as before'
  const id = 'row-counts'
  if (baseline === undefined) {
    return {
      results: [{ id, title, outcome: 'not-made', note: 'there is no earlier run to compare with' }],
      findings: [],
    }
  }
  const hidden = await tablesWithHiddenRows(client)
  const effects = await effectsOf(
    folders.filter(({ name }) => baseline.migrations.includes(name)),
    baseline,
    await readWriters(client),
    targetSchema,
  )
  const found = await countRows(client)
  const now = new Map(found.map((one) => [quoteRelation(one.schema, one.table), one]))
  const called = namesOf([...baseline.counts, ...found])
  let counters = await readWriteCounters(client)
  let waited = false
  /** Did somebody else write to the table since the baseline? A late counter is waited for once. */
  const wasWritten = async (oldKey: string, newKey: string): Promise<Written> => {
    const { writeCounters } = baseline
    if (writeCounters === undefined) return 'unknown'
    const differs = () => writeCounters.get(oldKey) !== counters.get(newKey)
    if (!differs() && !waited) {
      waited = true
      await sleep(counterDelayMs)
      counters = await readWriteCounters(client)
    }
    return differs() ? 'yes' : 'no'
  }
  const results: CheckResult[] = []
  const findings: Finding[] = []
  if (hidden.length > 0) {
    const finding = hiddenRows(hidden)
    results.push({ id: 'hidden-rows', title: 'every row can be counted', outcome: 'unknown' })
    findings.push(finding)
  }
  for (const counted of baseline.counts) {
    const { schema, table, rows: before } = counted
    if (table === historyTable) continue
    const oldKey = quoteRelation(schema, table)
    const newKey = effects.renames.get(oldKey) ?? oldKey
    if (hidden.includes(newKey)) continue
    const newly = now.get(newKey)
    const after = newly?.rows
    const meantToGo = effects.dropped.has(oldKey) || effects.goneSchemas.has(schema)
    if (meantToGo && after === undefined) continue
    const object = called(newly ?? counted)
    const tableId = `row-counts:${object}`
    const tableTitle =
      newKey === oldKey ? `rows of ${object}` : `rows of ${object}, which was ${called(counted)}`
    const facts = { before, after: after ?? null }
    const note = after === before ? undefined : excuseOf(newKey, effects, newly)
    if (after === before) {
      results.push({ id: tableId, title: tableTitle, outcome: 'passed', facts })
    } else if (note !== undefined) {
      results.push({ id: tableId, title: tableTitle, outcome: 'info', facts, note })
    } else {
      const written = await wasWritten(oldKey, newKey)
      const wasEmptied = newly?.isUnlogged === true && after === 0
      const finding = differentCount({ object, before, after, source: baseline.source, written, wasEmptied })
      const outcome = finding.verdict === 'block' ? 'failed' : 'warned'
      results.push({ id: tableId, title: tableTitle, outcome, facts })
      findings.push(finding)
    }
  }
  return { results, findings, rowCounts: found }
}

/** What the role does not see, it cannot count. */
function hiddenRows([first = '', ...more]: readonly string[]): Finding {
  const others = more.length > 0 ? ` and of ${more.length} more` : ''
  return {
    code: 'check-not-answered',
    kind: 'loss',
    verdict: 'unknown',
    step: 'verify',
    object: first,
    message: `whether every row is as before is not known: row level security hides rows of ${first}${others} from the role`,
    hint: 'Verify with a role from which row level security hides nothing: a superuser, or one with BYPASSRLS.',
  }
}

/** Why the number of rows may be another; undefined where nothing says so. */
function excuseOf(
  key: string,
  { changed, opaque }: RowEffects,
  now: TableRowCount | undefined,
): string | undefined {
  if (now === undefined) return undefined
  if (changed.has(key)) return 'the migrations change it'
  if (now.extension !== undefined)
    return `it belongs to the extension "${now.extension}", which writes it itself`
  return opaque === undefined ? undefined : `not judged: ${opaque}`
}

/** A table by its name, with the schema where two schemas have a table of that name. */
function namesOf(tables: readonly TableName[]): (table: TableName) => string {
  const schemas = new Map<string, Set<string>>()
  for (const { schema, table } of tables)
    schemas.set(table, (schemas.get(table) ?? new Set<string>()).add(schema))
  return ({ schema, table }) => ((schemas.get(table)?.size ?? 0) > 1 ? `${schema}.${table}` : table)
}

type Written = 'yes' | 'no' | 'unknown'

const writtenWords: Readonly<Record<Written, string>> = {
  yes: '; others wrote to it meanwhile',
  no: '',
  unknown: '; whether others wrote to it meanwhile is not known',
}

function differentCount(difference: {
  object: string
  before: number
  after: number | undefined
  source: string
  written: Written
  wasEmptied: boolean
}): Finding {
  const { object, before, after, source, written, wasEmptied } = difference
  const gone = after === undefined
  const isLoss = gone || (written === 'no' && !wasEmptied)
  const words = wasEmptied
    ? '; it is not logged, and the server empties it after a crash'
    : writtenWords[written]
  return {
    code: 'row-count-changed',
    kind: 'loss',
    verdict: isLoss ? 'block' : 'warn',
    step: 'verify',
    object,
    message: gone
      ? `table "${object}" had ${plural(before, 'row')} ${source} and is gone`
      : `table "${object}" had ${plural(before, 'row')} ${source} and has ${formatCount(after)} now${words}`,
    hint: isLoss
      ? 'Find out where the rows went before the application goes on.'
      : 'Check whether the difference is the doing of the application.',
  }
}

/** What the migrations do by their text, by the forecast, and by way of triggers. */
async function effectsOf(
  folders: readonly MigrationFolder[],
  { counts, lineage = [] }: RowCountBaseline,
  { triggers, eventTriggers, ancestors }: Writers,
  targetSchema: string,
): Promise<RowEffects> {
  await loadParser()
  const statements: ParsedStatement[] = folders.flatMap(({ bytes }) => {
    const file = readFileText(bytes ?? new Uint8Array())
    const parsed = 'text' in file ? parseStatements(file.text) : undefined
    return parsed && 'statements' in parsed ? parsed.statements : []
  })
  const effects = rowEffectsOf(statements, targetSchema, counts)
  const changed = new Set(effects.changed)
  for (const { now, rowsChangedBy } of lineage)
    if (now && rowsChangedBy.length > 0) changed.add(quoteRelation(now.schema, now.table))
  // Rows that are written to a partitioned table are counted in its partitions.
  for (const [part, wholes] of ancestors)
    if (wholes.some((one) => changed.has(one) || effects.updated.has(one))) changed.add(part)
  const fired = [...changed, ...effects.updated].find((key) => triggers.has(key))
  const byTrigger = fired && `the trigger "${triggers.get(fired)}" of ${fired} may write it`
  const [event] = statements.length > 0 ? eventTriggers : []
  const byEvent = event && `the event trigger "${event.name}" may write it`
  const opaque = effects.opaque ?? byTrigger ?? byEvent
  return { ...effects, changed, ...(opaque ? { opaque } : {}) }
}
