import { blocksWriters } from '../domain/lock-mode.js'
import type { Rehearsal, RehearsedStatement, TableProof } from '../domain/rehearsal.js'
import type { Block, Fact } from './blocks.js'
import { formatLocksNotSeen, formatTableProof, isTouched } from './rehearsal-text.js'
import { formatBytes, formatCount, formatMs, plural } from './words.js'

const places: Readonly<Record<NonNullable<Rehearsal['place']>, string>> = {
  local: 'a server of our own on this machine',
  'same-server': 'a database beside the target',
  url: 'a server that was given',
}

/** What the rehearsal showed: where it was, the timeline with its locks, and who would have had to wait. */
export function makeRehearsalBlocks(rehearsal: Rehearsal): Block[] {
  const { outcome, runId, place, serverVersion, backupLevel, restoreMs, migrations = [] } = rehearsal
  const facts: Fact[] = [
    ['outcome', outcome === 'reused' ? `taken from run ${runId}, which rehearsed the same plan` : outcome],
    ['copy', `${place ? places[place] : 'not recorded'}, PostgreSQL ${serverVersion ?? 'not recorded'}`],
    [
      outcome === 'reused' ? 'its backup' : 'backup',
      `${backupLevel ?? 'not restored'}${restoreMs === undefined ? '' : `, restored in ${formatMs(restoreMs)}`}`,
    ],
  ]
  const { durationMs, diskNeededBytes, walBytes } = rehearsal
  if (rehearsal.prismaSaid) facts.push(['Prisma said', rehearsal.prismaSaid])
  if (durationMs !== undefined) facts.push(['migrations', formatMs(durationMs)])
  if (diskNeededBytes !== undefined)
    facts.push(['disk', `${formatBytes(diskNeededBytes)} more while they run`])
  if (walBytes !== undefined) facts.push(['write-ahead log', formatBytes(walBytes)])
  return [
    { kind: 'facts', facts },
    ...list('Not the same on the copy as on the target:', rehearsal.differences),
    ...list('Made harmless on the copy:', rehearsal.disarmed),
    ...(rehearsal.locksNotSeen === undefined
      ? []
      : [{ kind: 'loud' as const, text: formatLocksNotSeen(rehearsal.locksNotSeen) }]),
    ...makeExposures(rehearsal),
    ...makeWayBack(rehearsal),
    ...migrations.flatMap(({ name, durationMs, statements }): Block[] => [
      {
        kind: 'sentence',
        text: `${name}: ${plural(statements.length, 'statement')} in ${formatMs(durationMs)}`,
      },
      ...(statements.length > 0 ? [makeTimelineTable(statements)] : []),
    ]),
  ]
}

function list(title: string, items: readonly string[] = []): Block[] {
  return items.length === 0
    ? []
    : [
        { kind: 'sentence', text: title },
        { kind: 'list', items },
      ]
}

function makeExposures({ exposures = [] }: Rehearsal): Block[] {
  if (exposures.length === 0) return []
  return [
    { kind: 'sentence', text: 'The longest that others would have to wait for a table:' },
    {
      kind: 'table',
      head: ['table', 'readers', 'writers', 'writers of the same rows'],
      rows: exposures.map(({ relation, readersMs, writersMs, rowWritersMs = 0 }) => [
        relation,
        waited(readersMs),
        waited(writersMs),
        waited(Math.max(writersMs, rowWritersMs)),
      ]),
    },
  ]
}

function waited(ms: number): string {
  return ms > 0 ? formatMs(ms) : 'not at all'
}

function makeWayBack({ wayBack }: Rehearsal): Block[] {
  if (wayBack === undefined) return []
  const { migrations, outcome, differences } = wayBack
  const what = `The way back, down.sql of ${migrations.join(', ')} and then the same once more`
  if (differences.length === 0)
    return [{ kind: 'sentence', text: `${what}: everything is as it was before, and as the first time.` }]
  return list(`${what}: ${outcome === 'failed' ? 'FAILED' : 'with differences'}`, differences)
}

/** Of the locks, those for which others wait. */
function makeTimelineTable(statements: readonly RehearsedStatement[]): Block {
  return {
    kind: 'table',
    head: ['line', 'statement', 'took', 'rows', 'log', 'rewrites', 'locks'],
    rows: statements.map(({ line, summary, durationMs, rows, locks, rewritten, walBytes }) => [
      String(line),
      summary,
      formatMs(durationMs),
      rows === null ? '' : formatCount(rows),
      walBytes === undefined ? '' : formatBytes(walBytes),
      rewritten.join(', '),
      locks
        .filter(({ mode }) => blocksWriters(mode))
        .map(({ mode, relation, heldMs }) => `${mode} on ${relation} for ${formatMs(heldMs)}`)
        .join('; '),
    ]),
  }
}

/** What became of the data on the copy, table by table, then column by column where anything happened to one. */
export function makeDataProofBlocks(proof: readonly TableProof[]): Block[] {
  const touched = proof.filter(isTouched)
  const untouched = proof.filter((table) => !isTouched(table))
  const rows = untouched.reduce((sum, { rowsBefore }) => sum + rowsBefore, 0)
  return [
    {
      kind: 'sentence',
      text: `${plural(untouched.length, 'table')} with ${plural(rows, 'row')} identical in every value; ${plural(touched.length, 'table')} changed.`,
    },
    ...(touched.length > 0
      ? [{ kind: 'list' as const, items: touched.map((table) => `${formatTableProof(table)}.`) }]
      : []),
  ]
}
