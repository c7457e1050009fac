import { answerForUser } from '../checks/answer.js'
import type { Reader } from '../domain/reader.js'
import type { ParsedStatement } from '../sql/parser.js'
import { followDataStatement } from './data/statement.js'
import { staticFailureOf } from './facts/facts.js'
import type { ForecastFile } from './file.js'
import { followStatement, unlessOwnError } from './follow.js'
import { LineageWatch } from './lineage-watch.js'
import { readLiveCatalog } from './live-catalog.js'
import { LockWatch } from './lock-watch.js'
import type { Loss } from './loss/loss.js'
import { LossWatch } from './loss/watch.js'
import { Questions } from './questions.js'
import type { StatementPlace } from './requirement.js'
import { RowTypes } from './row-types.js'
import { Run } from './runs/run.js'
import { keepPositions } from './sequences.js'
import { endTransaction } from './transaction.js'
import { type Ask, type Refusal, Walk, WalkEnds } from './walk.js'

/** What was seen on the way. */
export interface Walked {
  readonly walk: Walk
  readonly losses: readonly Loss[]
  readonly locks: LockWatch
  readonly lineage: LineageWatch
  readonly rowTypes: RowTypes
  /** What the role in use may not do, where that does not end the walk. */
  readonly forbidden: readonly { readonly place: StatementPlace; readonly refusal: Refusal }[]
}

/**
 * Follows the pending statements, up to the first that fails for certain.
 * @param options.asksRows false: only the catalog is asked, and no row is read. What hangs on rows is then not known, and
 * what the role in use may not do does not end the walk: it is there to look, and another may deploy.
 */
export async function walkOver(
  files: readonly ForecastFile[],
  reader: Reader,
  schema: string,
  { asksRows = true }: { asksRows?: boolean } = {},
): Promise<Walked> {
  const catalog = await readLiveCatalog(reader, schema)
  const rowTypes = new RowTypes(catalog)
  const earlier: ParsedStatement[] = []
  const forbidden: { place: StatementPlace; refusal: Refusal }[] = []
  const locks = new LockWatch()
  const ask: Ask = async (sql) => {
    const asked = await answerForUser(reader, schema, () =>
      reader.query(`${walk.content.chain.withClauseOf(sql)}${sql}`),
    )
    return 'error' in asked ? undefined : { rows: asked.rows, fields: asked.fields ?? [] }
  }
  const walk = new Walk(
    catalog,
    asksRows ? ask : async () => undefined,
    ask,
    async (statement) => {
      const { inTransaction, inSameTransaction, place } = walk
      const context = { reader, inTransaction, inSameTransaction, earlier }
      const refusal = await staticFailureOf(statement, catalog, context)
      if (asksRows || refusal?.code !== 'missing-privilege') return refusal
      forbidden.push({ place, refusal })
      return undefined
    },
    followDataStatement,
    async (requirement) =>
      asksRows
        ? new Questions([reader], walk.content.chain).one(requirement)
        : { kind: 'not-answered', reason: 'the rows are not asked' },
    async (requirements) =>
      asksRows ? new Questions([reader], walk.content.chain).allHold(requirements) : 'all hold',
  )
  const watch = new LossWatch(walk)
  walk.watcher = watch
  const lineage = new LineageWatch(walk)
  try {
    for (const file of files) await followFile(walk, file, { earlier, locks, lineage })
  } catch (error) {
    if (!(error instanceof WalkEnds)) throw error
  }
  return { walk, losses: watch.losses, locks, lineage, rowTypes, forbidden }
}

async function followFile(
  walk: Walk,
  { migration, file, statements, execution }: ForecastFile,
  { earlier, locks, lineage }: { earlier: ParsedStatement[]; locks: LockWatch; lineage: LineageWatch },
): Promise<void> {
  const isWhole = execution.mode === 'all-or-nothing'
  walk.inTransaction = isWhole
  const settle = async (statement: ParsedStatement) => {
    await unlessOwnError(walk, statement, () => keepPositions(walk))
    if (!walk.inTransaction) endTransaction(walk)
    lineage.afterStatement(walk.place)
  }
  const follow = (statement: ParsedStatement) =>
    unlessOwnError(walk, statement, () => followStatement(walk, statement))
  const run = new Run(walk, follow, settle)
  for (const statement of statements) {
    const place = { migration, file, index: statement.index, line: statement.line }
    walk.place = place
    walk.refusedCommands = statement.refusedCommands ?? []
    await unlessOwnError(walk, statement, async () => {
      const refusal = statement.refusal ?? (await walk.refusalOf(statement))
      if (!refusal) return
      await run.follow()
      walk.place = place
      await refuse(walk, statement)
    })
    await unlessOwnError(walk, statement, () => locks.beforeStatement(statement, place, walk.catalog))
    earlier.push(statement)
    walk.inSameTransaction.push(statement)
    if (await run.take(statement)) {
      if (!walk.inTransaction) walk.inSameTransaction.length = 0
      continue
    }
    await run.follow()
    walk.place = place
    await follow(statement)
    if (opensTransaction(statement)) walk.inTransaction = true
    else if (endsTransaction(statement)) walk.inTransaction = isWhole
    await settle(statement)
  }
  await run.follow()
  endTransaction(walk)
  lineage.afterStatement(walk.place)
}

/** What the server refuses whatever the rows. */
async function refuse(walk: Walk, statement: ParsedStatement): Promise<void> {
  // Before it looks up a name, the server reads the statement.
  if (statement.refusal) {
    const { object = statement.kind, isMisread, message, sqlstate } = statement.refusal
    if (!isMisread) walk.fail({ code: 'newer-syntax', object, message, sqlstate })
    walk.doubt(message, object)
  }
  const refusal = await walk.refusalOf(statement)
  if (!refusal) return
  const { sqlstate, code, message, object = statement.kind, isCertain } = refusal
  if (isCertain) walk.fail({ sqlstate, code, message, object })
  walk.doubt(`${message}, as far as can be told`, object)
}

function opensTransaction({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && /BEGIN|START/.test(node.kind)
}

function endsTransaction({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && /COMMIT|ROLLBACK$/.test(node.kind)
}
