import { setTimeout as sleep } from 'node:timers/promises'
import type { TableRowCount } from '../domain/backup.js'
import type { CheckResult, Finding, Findings } from '../domain/finding.js'
import type { MigrationFolder } from '../domain/migration.js'
import type { Client } from '../postgres/connection.js'
import { tablesWithHiddenRows } from '../postgres/readable-rows.js'
import { countRows, readWriteCounters } from '../postgres/row-counts.js'
import { formatCount, plural } from '../report/words.js'
import { readFileText } from '../sql/file-text.js'
import { quoteRelation } from '../sql/names.js'
import { loadParser, type ParsedStatement, parseStatements } from '../sql/parser.js'
import { type RowEffects, rowEffectsOf } from '../sql/row-effects.js'

/** Numbers of rows to compare with. */
export interface RowCountBaseline {
  /** Where the numbers are from, for people. */
  readonly source: string
  readonly counts: readonly TableRowCount[]
  /** Counters of writes at that time; present only when they are from just before the deploy of this run. */
  readonly writeCounters?: ReadonlyMap<string, string>
  readonly migrations: readonly string[]
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
): Promise<Findings> {
  const title = 'every table has as many rows as before'
  const id = 'row-counts'
  if (baseline === undefined) {
    return {
      results: [{ id, title, outcome: 'not-made', note: 'there is no earlier run to compare with' }],
      findings: [],
    }
  }
  const hidden = await tablesWithHiddenRows(client)
  const effects = await effectsOf(folders.filter(({ name }) => baseline.migrations.includes(name)))
  const now = new Map(
    (await countRows(client)).map(({ schema, table, rows }) => [quoteRelation(schema, table), rows]),
  )
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
  for (const { schema, table, rows: before } of baseline.counts) {
    if (table === historyTable) continue
    const newName = effects.renames.get(table) ?? table
    if (hidden.includes(quoteRelation(schema, newName))) continue
    const after = now.get(quoteRelation(schema, newName))
    const meantToGo = effects.dropped.has(table) || effects.goneSchemas.has(schema)
    if (meantToGo && after === undefined) continue
    const tableId = `row-counts:${newName}`
    const tableTitle = newName === table ? `rows of ${table}` : `rows of ${newName}, which was ${table}`
    const facts = { before, after: after ?? null }
    if (after === before) {
      results.push({ id: tableId, title: tableTitle, outcome: 'passed', facts })
    } else if (effects.changed.has(newName) || (effects.opaque !== undefined && after !== undefined)) {
      const note = effects.changed.has(newName) ? 'the migrations change it' : `not judged: ${effects.opaque}`
      results.push({ id: tableId, title: tableTitle, outcome: 'info', facts, note })
    } else {
      const written = await wasWritten(quoteRelation(schema, table), quoteRelation(schema, newName))
      const finding = differentCount({ table: newName, before, after, source: baseline.source, written })
      const outcome = finding.verdict === 'block' ? 'failed' : 'warned'
      results.push({ id: tableId, title: tableTitle, outcome, facts })
      findings.push(finding)
    }
  }
  return { results, findings }
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

type Written = 'yes' | 'no' | 'unknown'

const writtenWords: Readonly<Record<Written, string>> = {
  yes: '; others wrote to it meanwhile',
  no: '',
  unknown: '; whether others wrote to it meanwhile is not known',
}

function differentCount(difference: {
  table: string
  before: number
  after: number | undefined
  source: string
  written: Written
}): Finding {
  const { table, before, after, source, written } = difference
  const gone = after === undefined
  return {
    code: 'row-count-changed',
    kind: 'loss',
    verdict: gone || written === 'no' ? 'block' : 'warn',
    step: 'verify',
    object: table,
    message: gone
      ? `table "${table}" had ${plural(before, 'row')} ${source} and is gone`
      : `table "${table}" had ${plural(before, 'row')} ${source} and has ${formatCount(after)} now${writtenWords[written]}`,
    hint:
      gone || written === 'no'
        ? 'Find out where the rows went before the application goes on.'
        : 'Look whether the difference is the doing of the application.',
  }
}

async function effectsOf(folders: readonly MigrationFolder[]): Promise<RowEffects> {
  await loadParser()
  const statements: ParsedStatement[] = folders.flatMap(({ bytes }) => {
    const file = readFileText(bytes ?? new Uint8Array())
    const parsed = 'text' in file ? parseStatements(file.text) : undefined
    return parsed && 'statements' in parsed ? parsed.statements : []
  })
  return rowEffectsOf(statements)
}
