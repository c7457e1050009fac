import type pg from 'pg'
import type { ForecastFile } from '../../../src/forecast/file.js'
import type { Doubt } from '../../../src/forecast/requirement.js'
import {
  differences,
  type End,
  type Foretell,
  type Foretold,
  filesOf,
  runReally,
  type Truth,
} from '../forecast.js'
import { moreLinesOf } from './catalog-lines.js'
import type { CorpusChain } from './corpus-chain.js'
import { type HeldTable, heldTables, inventedLosses, untoldLosses } from './loss-witness.js'
import { emptyDatabase, makeDatabaseOf } from './reset.js'
import { StatementWitness } from './statement-witness.js'

/** In what the forecast and the server differ. */
export type DifferenceKind =
  | 'end'
  | 'sqlstate'
  | 'catalog'
  | 'rows'
  | 'locks'
  | 'locks of code'
  | 'rewrites'
  | 'scans'
  | 'losses'
  | 'crash'

export interface Difference {
  readonly kind: DifferenceKind
  readonly text: string
}

/** What came of one chain. */
export interface Tried {
  readonly chain: CorpusChain
  /** `wrong`: something was said without a doubt and was not so. `doubt`: something was left to the rehearsal. */
  readonly verdict: 'right' | 'wrong' | 'doubt'
  readonly differences: readonly Difference[]
  readonly doubts: readonly string[]
  /** How many statements really ran. */
  readonly statements: number
  /** Where and with what it really ended; absent when all of it ran. */
  readonly end?: End & { readonly message: string }
}

/** The setup or the text of a chain is not good SQL on this server: nothing was compared. */
export class NotAChain extends Error {}

export interface Place {
  readonly client: pg.Client
  readonly serverVersion: number
  /** Roles of the server that stay between chains. */
  readonly roles: ReadonlySet<string>
  readonly foretell: Foretell
}

/**
 * Predicts a chain, really runs it once, and compares everything.
 * @throws NotAChain
 */
export async function tryChain(place: Place, given: CorpusChain): Promise<Tried> {
  const { client } = place
  const { chain, files } = await prepared(place, given)
  const members = await membersOf(client)
  let foretold: Foretold
  try {
    foretold = await place.foretell(client, files, { withLosses: true, moreLines: moreLinesOf })
  } catch (error) {
    const text = String((error as Error).stack ?? error)
      .split('\n')
      .slice(0, 3)
      .join(' ')
    return { chain, verdict: 'wrong', differences: [{ kind: 'crash', text }], doubts: [], statements: 0 }
  }
  await client.query('RESET ROLE')
  const held = await heldTables(client)
  const watch = new StatementWitness(client, place.serverVersion)
  const options = {
    watch,
    moreLines: moreLinesOf,
    ...(chain.role === undefined ? {} : { role: chain.role }),
  }
  const truth = await runReally(client, files, options)
  const doubts = doubtsBefore(foretold.forecast.doubts, truth.end)
  const found: Difference[] = [...endDifferences(foretold, truth), ...workDifferences(watch, foretold, files)]
  if (!found.some(({ kind }) => kind === 'end')) {
    found.push(...lossDifferences(held, await heldTables(client), foretold, truth, chain))
    if (!truth.end) {
      for (const one of await membersOf(client)) members.add(one)
      const isOfMember = ({ text }: Difference) =>
        members.has(/^not \w+: [a-z ]+ (\S+\.\S+)/.exec(text)?.[1] ?? '')
      found.push(
        ...(await contentDifferences(place, chain, foretold, truth)).filter((one) => !isOfMember(one)),
      )
    }
  }
  const statements = countOf(files, truth.end)
  return {
    chain,
    verdict: verdictOf(found, foretold, truth, doubts),
    differences: found,
    doubts: doubts.map(({ reason }) => reason),
    statements,
    ...(truth.end ? { end: truth.end } : {}),
  }
}

/** Types and functions that extensions bring along, which no forecast lists: `schema.name`. */
async function membersOf(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query(`
    SELECT n.nspname || '.' || COALESCE(t.typname, p.proname) AS name
      FROM pg_catalog.pg_depend d
      LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::regclass AND t.oid = d.objid
      LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
      JOIN pg_catalog.pg_namespace n ON n.oid IN (t.typnamespace, p.pronamespace)
     WHERE d.deptype = 'e'`)
  return new Set(rows.map(({ name }) => name))
}

async function prepared(place: Place, chain: CorpusChain) {
  await emptyDatabase(place.client, place.roles)
  try {
    const files = filesOf(chain.pending)
    const setup = await makeDatabaseOf(place.client, chain)
    return { chain: { ...chain, setup, isTolerant: false }, files }
  } catch (error) {
    throw new NotAChain(`${chain.source}: ${chain.name}: ${(error as Error).message}`)
  }
}

/** Numbers that sort places: a file alone stands for its end. */
function orderOf(at: string): number {
  const [file, index] = at.split('.')
  return Number(file) * 100_000 + (index === undefined ? 99_999 : Number(index))
}

function doubtsBefore(doubts: readonly Doubt[], end: End | undefined): Doubt[] {
  if (!end) return [...doubts]
  return doubts.filter(({ place }) => orderOf(`${place.file}.${place.index}`) <= orderOf(end.at))
}

function isSamePlace(foretold: End | undefined, real: End | undefined): boolean {
  if (!foretold || !real) return !foretold && !real
  // A deferred constraint fails at COMMIT; the statement that broke it is named.
  return foretold.at === real.at || (!real.at.includes('.') && foretold.at.startsWith(`${real.at}.`))
}

function endDifferences({ end, sqlstates, forecast }: Foretold, truth: Truth): Difference[] {
  const told = end
    ? `${end.sqlstate} at ${end.at} (${forecast.failure?.message ?? forecast.failure?.title})`
    : 'succeeds'
  const real = truth.end ? `${truth.end.sqlstate} at ${truth.end.at} (${truth.end.message})` : 'succeeds'
  const text = `foretold ${told}, really ${real}`
  if (!isSamePlace(end, truth.end)) return [{ kind: 'end', text }]
  const isSameState = end?.sqlstate === truth.end?.sqlstate || sqlstates.includes(truth.end?.sqlstate ?? '')
  return isSameState ? [] : [{ kind: 'sqlstate', text }]
}

/** Statements that run code, whose locks are those of what the code does. */
const runsCode = ['DoStmt', 'CallStmt', 'SelectStmt']

function workDifferences(
  watch: StatementWitness,
  { locks, seen }: Foretold,
  files: readonly ForecastFile[],
): Difference[] {
  const code = new Set(
    files.flatMap(({ file, statements }) =>
      statements.filter(({ kind }) => runsCode.includes(kind)).map(({ index }) => `${file}.${index}`),
    ),
  )
  const kindOf = (text: string): DifferenceKind => {
    if (/ file, claimed /.test(text)) return 'rewrites'
    if (/: (not )?read, claimed /.test(text)) return 'scans'
    return code.has(text.split(':')[0] ?? '') ? 'locks of code' : 'locks'
  }
  return watch.differences(locks, seen).map((text) => ({ kind: kindOf(text), text }))
}

function lossDifferences(
  before: ReadonlyMap<number, HeldTable>,
  after: ReadonlyMap<number, HeldTable>,
  { losses }: Foretold,
  truth: Truth,
  { pending }: CorpusChain,
): Difference[] {
  // A finding has the name of its statement, which a rename before it may have given.
  const isRenamed = /\bRENAME\b|SET SCHEMA/i.test(pending.join(' '))
  return [
    ...untoldLosses(before, after, losses, isRenamed),
    ...(truth.end ? [] : inventedLosses(before, after, losses)),
  ].map((text) => ({ kind: 'losses', text }))
}

async function contentDifferences(
  place: Place,
  chain: CorpusChain,
  foretold: Foretold,
  truth: Truth,
): Promise<Difference[]> {
  // Temporary tables of a session are read by nobody else.
  const isKept = (line: string) => !/ pg_temp\./.test(line)
  const told = { ...foretold, catalog: foretold.catalog.filter(isKept) }
  const found = differences(told, truth, [])
  if (!found.some(isOfRows)) return found.map(toDifference)
  // What differs between two real runs, by the clock or by chance, nobody can predict.
  const { files } = await prepared(place, chain)
  const again = await runReally(place.client, files, chain.role === undefined ? {} : { role: chain.role })
  const random = [...truth.contents].flatMap(([name, { columns, rows }]) => {
    const other = again.contents.get(name)
    return columns
      .filter((_, i) => valuesOf(rows, i) !== valuesOf(other?.rows ?? [], i))
      .map((one) => `${name}.${one}`)
  })
  return differences(told, truth, random).map(toDifference)
}

function valuesOf(rows: readonly string[], column: number): string {
  return rows
    .map((row) => JSON.stringify(JSON.parse(row)[column]))
    .sort()
    .join()
}

function isOfRows(line: string): boolean {
  return line.startsWith('content of ') || line.startsWith('  ')
}

function toDifference(text: string): Difference {
  return { kind: isOfRows(text) ? 'rows' : 'catalog', text }
}

function verdictOf(
  found: readonly Difference[],
  { end }: Foretold,
  truth: Truth,
  doubts: readonly Doubt[],
): Tried['verdict'] {
  if (found.length === 0) return doubts.length === 0 ? 'right' : 'doubt'
  // A failure that is foretold is foretold for certain, whatever is doubted before it.
  const isInvented = end !== undefined && (!truth.end || orderOf(end.at) < orderOf(truth.end.at))
  if (isInvented && found.some(({ kind }) => kind === 'end')) return 'wrong'
  return doubts.length === 0 ? 'wrong' : 'doubt'
}

function countOf(files: ReturnType<typeof filesOf>, end: End | undefined): number {
  const places = files.flatMap(({ file, statements }) => statements.map(({ index }) => `${file}.${index}`))
  return end ? places.filter((at) => orderOf(at) < orderOf(end.at)).length : places.length
}
