import { setTimeout as sleep } from 'node:timers/promises'
import type { TableRowCount } from '../../domain/backup.js'
import type { CatalogObject } from '../../domain/catalog-object.js'
import type { CheckResult, Finding, Findings } from '../../domain/finding.js'
import type { DataFingerprint, TableFingerprint } from '../../domain/fingerprint.js'
import type { Screen } from '../../domain/screen.js'
import type { TableWrites } from '../../domain/write-counts.js'
import { diffCatalogObjects } from '../../postgres/catalog-fingerprint/diff.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { isOfTableNamed } from '../../postgres/catalog-fingerprint/of-table.js'
import { withoutSequenceValues } from '../../postgres/catalog-fingerprint/sequence-values.js'
import type { Client } from '../../postgres/connection.js'
import { readTableWrites } from '../../postgres/write-counts.js'
import { formatCount, plural } from '../../report/words.js'
import { fingerprintDatabase } from '../fingerprint.js'
import { kindsOfPlace } from './kinds-of-place.js'
import type { Rehearsed } from './rehearsed-end.js'
import { writesBetween } from './table-writes.js'

/** After this long a session has told the server of its writes. */
const countersDelayMs = 11_000

/**
 * Holds the target after the deploy against the end of the rehearsal: every object of the catalog, and every value of
 * every table. Where somebody wrote since the snapshot, as the server's counters show, the values cannot be compared any
 * more; then the numbers of rows must reconcile.
 */
export async function compareWithRehearsal(
  rehearsed: Rehearsed,
  clients: readonly [Client, ...Client[]],
  screen: Screen,
): Promise<Findings & { rowCounts: readonly TableRowCount[] }> {
  screen.progress('comparing with the rehearsal')
  const { fingerprint, catalog } = await fingerprintDatabase(clients, screen)
  const objects = differentObjects(rehearsed, catalog)
  const expected = rehearsed.after.fingerprint.tables.filter(({ table }) => table !== '_prisma_migrations')
  const pairs = expected.map((table) => ({
    expected: table,
    found: fingerprint.tables.find((one) => one.schema === table.schema && one.table === table.table),
  }))
  const different = pairs.filter(({ expected, found }) => !found || !isSame(expected, found))
  const judged = await judge(different, rehearsed, clients[0])
  const largeObjects = differentLargeObjects(rehearsed.after.fingerprint, fingerprint)
  return {
    results: [
      {
        id: 'rehearsed-catalog',
        title: 'every object of the catalog is as rehearsed',
        outcome: objects.length > 0 ? 'failed' : 'passed',
      },
      {
        id: 'rehearsed-data',
        title: 'every value of every table is as rehearsed',
        outcome: worstOf(judged.results),
        note: `${formatCount(pairs.length - different.length)} of ${plural(pairs.length, 'table')} identical to the rehearsal`,
      },
      ...judged.results,
      ...largeObjects.map(
        ({ message }): CheckResult => ({
          id: 'rehearsed-large-objects',
          title: 'the large objects are as rehearsed',
          outcome: 'warned',
          note: message,
        }),
      ),
    ],
    findings: [...objects, ...judged.findings, ...largeObjects],
    rowCounts: fingerprint.tables.map(({ schema, table, rows }) => ({ schema, table, rows })),
  }
}

function worstOf(results: readonly CheckResult[]): CheckResult['outcome'] {
  const order = ['failed', 'warned', 'info'] as const
  return order.find((outcome) => results.some((result) => result.outcome === outcome)) ?? 'passed'
}

/** Rows may be written at any time, and what leads out of the copy was cut there. */
function differentObjects(
  { catalog, knownDifferences }: Rehearsed,
  found: readonly CatalogObject[],
): Finding[] {
  const made = partitionsMade(catalog, found)
  const partitions = made.map(
    ({ name, properties }): Finding => ({
      code: 'catalog-differs',
      kind: 'failure',
      verdict: 'warn',
      step: 'verify',
      object: name,
      message: `${name} was made since the backup, as a partition of ${[properties.inherits].flat().join(', ')}`,
      hint: 'Nothing is to be done if a job or an extension makes the partitions of this table.',
    }),
  )
  const ofPartitions = new Set(
    found.filter((one) => made.some((table) => isOf(table, one))).map(({ name }) => name),
  )
  const others = diffCatalogObjects(withoutSequenceValues(catalog), withoutSequenceValues(found))
    .filter(({ kind }) => !kindsOfPlace.has(kind))
    // They come and go as rows do.
    .filter(({ kind, change }) => kind !== 'large object' || change === 'changed')
    .filter(({ name }) => !knownDifferences.has(name))
    .filter(({ name, change }) => change !== 'added' || !ofPartitions.has(name))
    .map(
      (difference): Finding => ({
        code: 'catalog-differs',
        kind: 'failure',
        verdict: 'block',
        step: 'verify',
        object: difference.name,
        message: `the catalog is not as rehearsed: ${formatCatalogDifference(difference)}`,
        hint: 'Find out who changed it between the backup and now; the rehearsed catalog is in the run folder.',
      }),
    )
  return [...partitions, ...others]
}

/** New partitions of tables that were there: a job or the worker of an extension makes them at any time, and nothing is lost. */
function partitionsMade(before: readonly CatalogObject[], now: readonly CatalogObject[]): CatalogObject[] {
  const isTable = ({ kind }: CatalogObject) => kind === 'table'
  const names = new Set(before.filter(isTable).map(({ name }) => name))
  return now.filter(
    (one) => isTable(one) && !names.has(one.name) && typeof one.properties['partition bounds'] === 'string',
  )
}

/** The table itself, or what belongs to it. */
function isOf({ name }: CatalogObject, object: CatalogObject): boolean {
  const [bare = name] = /(?:"(?:[^"]|"")*"|[^."]*)$/.exec(name) ?? []
  return isOfTableNamed(bare)(object)
}

/** No counter tells who wrote to them, so nobody can say whether it was a loss. */
function differentLargeObjects(rehearsed: DataFingerprint, found: DataFingerprint): Finding[] {
  const [before, now] = [rehearsed.largeObjects, found.largeObjects]
  if (before.objects === now.objects && before.sum === now.sum) return []
  const what =
    before.objects === now.objects
      ? 'other contents or other numbers'
      : `${plural(before.objects, 'large object')} there, ${formatCount(now.objects)} now`
  return [
    {
      code: 'data-differs',
      kind: 'loss',
      verdict: 'warn',
      step: 'verify',
      object: 'large objects',
      message: `the large objects are not as in the rehearsal: ${what}`,
      hint: 'Check whether the application or the migrations write large objects; a new one has another number at every run.',
    },
  ]
}

function isSame(one: TableFingerprint, other: TableFingerprint): boolean {
  return one.rows === other.rows && one.rowSum === other.rowSum && differentColumns(one, other).length === 0
}

function differentColumns(expected: TableFingerprint, found: TableFingerprint): string[] {
  return expected.columns
    .filter((column) => {
      const other = found.columns.find((one) => one.column === column.column)
      return other?.sum !== column.sum || other.values !== column.values
    })
    .map(({ column }) => column)
}

interface Pair {
  readonly expected: TableFingerprint
  readonly found: TableFingerprint | undefined
}

async function judge(
  pairs: readonly Pair[],
  rehearsed: Rehearsed,
  client: Client,
): Promise<{ results: CheckResult[]; findings: Finding[] }> {
  if (pairs.length === 0) return { results: [], findings: [] }
  const judgeAll = async () => {
    const others = await writesOfOthers(rehearsed, client)
    return pairs.map((pair) => judgeTable(pair, writesOf(others, pair.expected), rehearsed))
  }
  let judged = await judgeAll()
  // A counter that comes late must not make a writer's work look like a loss.
  if (judged.some(({ finding }) => finding)) {
    await sleep(countersDelayMs)
    judged = await judgeAll()
  }
  return {
    results: judged.map(({ result }) => result),
    findings: judged.flatMap(({ finding }) => finding ?? []),
  }
}

async function writesOfOthers(
  { after, lineage, writesAtSnapshot }: Rehearsed,
  client: Client,
): Promise<TableWrites[]> {
  const all = writesBetween(writesAtSnapshot, await readTableWrites(client), lineage)
  return all.map((one) => {
    const own = writesOf(after.tableWrites, one)
    return {
      ...one,
      inserted: one.inserted - own.inserted,
      updated: one.updated - own.updated,
      deleted: one.deleted - own.deleted,
    }
  })
}

type Named = Pick<TableWrites, 'schema' | 'table'>

function writesOf(writes: readonly TableWrites[], { schema, table }: Named): TableWrites {
  const found = writes.find((one) => one.schema === schema && one.table === table)
  return found ?? { schema, table, inserted: 0, updated: 0, deleted: 0 }
}

function isWritten(writes: readonly TableWrites[], table: Named): boolean {
  const { inserted, updated, deleted } = writesOf(writes, table)
  return inserted !== 0 || updated !== 0 || deleted !== 0
}

function judgeTable(
  { expected, found }: Pair,
  others: TableWrites,
  { proof, catalog }: Rehearsed,
): { result: CheckResult; finding?: Finding } {
  const { schema, table, rows } = expected
  const id = `rehearsed-data:${table}`
  const title = `rows of ${table}`
  const facts = { rehearsed: rows, now: found?.rows ?? null }
  const make = (
    verdict: Finding['verdict'],
    message: string,
    hint: string,
  ): { result: CheckResult; finding: Finding } => ({
    result: { id, title, outcome: verdict === 'block' ? 'failed' : 'warned', facts, note: message },
    finding: { code: 'data-differs', kind: 'loss', verdict, step: 'verify', object: table, message, hint },
  })
  if (found === undefined)
    return make('block', `table "${table}" is not there, as it was in the rehearsal`, findOut)
  if (isWritten([others], { schema, table })) {
    const what = `others inserted ${formatCount(others.inserted)}, updated ${formatCount(others.updated)} and deleted ${formatCount(others.deleted)} rows of "${table}" since the backup`
    if (found.rows === rows + others.inserted - others.deleted) {
      const note = `${what}: its number of rows reconciles, its values are not compared`
      return { result: { id, title, outcome: 'info', facts, note } }
    }
    const counted = `it has ${formatCount(found.rows)} rows, and ${formatCount(rows + others.inserted - others.deleted)} were to be expected`
    return make(
      'warn',
      `${what}, and ${counted}`,
      'Statements that were rolled back are counted too; check whether rows are missing.',
    )
  }
  const columns = differentColumns(expected, found)
  const own = proof.find(({ now }) => now?.schema === schema && now.table === table)
  // New rows have values of their own, so of such a table the columns that only old rows kept say nothing here.
  const kept = columns.filter(
    (name) =>
      own?.rows === 'identical' &&
      own.columns.some(({ now, outcome }) => now === name && outcome === 'identical'),
  )
  if (found.rows !== rows)
    return make(
      'block',
      `table "${table}" has ${plural(found.rows, 'row')}, ${formatCount(rows)} in the rehearsal, and nobody else wrote to it`,
      findOut,
    )
  if (columns.length === 0)
    return make(
      own?.columns.every(({ outcome }) => outcome === 'identical') ? 'block' : 'warn',
      `the values of "${table}" are in other rows than in the rehearsal, and nobody else wrote to it`,
      findOut,
    )
  if (kept.length > 0)
    return make(
      'block',
      `other values than in the rehearsal in ${kept.join(', ')} of "${table}", which the migrations do not touch and nobody else wrote to`,
      findOut,
    )
  const unexpected = columns.filter((name) => !hasVaryingDefault(catalog, { schema, table }, name))
  if (unexpected.length === 0) {
    const note = `other values than in the rehearsal in ${columns.join(', ')}, whose default is another at every run`
    return { result: { id, title, outcome: 'info', facts, note } }
  }
  return make(
    'warn',
    `other values than in the rehearsal in ${unexpected.join(', ')} of "${table}", which the migrations write`,
    'A value such as now() or a new id differs from run to run; check whether that explains it.',
  )
}

/** Rows that the migrations insert get it. */
function hasVaryingDefault(
  catalog: readonly CatalogObject[],
  { schema, table }: Named,
  column: string,
): boolean {
  const name = `${schema}.${table}.${column}`
  const found = catalog.find((object) => object.kind === 'column' && object.name.replaceAll('"', '') === name)
  const { default: text, identity } = found?.properties ?? {}
  return Boolean(identity) || varying.test(String(text ?? ''))
}

/** Gives another value at every call, or at every run. */
const varying =
  /\b(now|\w*random\w*|\w*uuid\w*|nextval|\w+_timestamp|timeofday)\(|\b(current|local)_?(time|date)/i

const findOut =
  'Find out what happened to the rows before the application goes on; the backup is from before the deploy.'
