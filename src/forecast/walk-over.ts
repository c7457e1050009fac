import { answerForUser } from '../checks/answer.js'
import { gate } from '../checks/harmless/gate.js'
import type { Reader } from '../domain/reader.js'
import type { ParsedStatement } from '../sql/parser.js'
import type { Twin } from '../twin/twin.js'
import { followDataStatement } from './data/statement.js'
import type { ForecastFile } from './file.js'
import { followStatement, followStepByStep, leaveFailing, leaveOpen, unlessOwnError } from './follow.js'
import { TwinFollower } from './from-twin/follow-on-twin.js'
import { type SeenTwin, seeTwin } from './from-twin/mirror.js'
import { HitWatch } from './hit-watch.js'
import { type Judged, judge } from './judge.js'
import { LineageWatch } from './lineage-watch.js'
import { readLiveCatalog } from './live-catalog.js'
import { LockWatch } from './lock-watch.js'
import type { Loss } from './loss/loss.js'
import { LossWatch } from './loss/watch.js'
import { isOwnError } from './own-error.js'
import { Questions } from './questions.js'
import type { StatementPlace } from './requirement.js'
import { RowTypes } from './row-types.js'
import { Run } from './runs/run.js'
import { keepPositions } from './sequences.js'
import { endTransaction } from './transaction.js'
import { type Ask, type Refusal, StatementFails, Walk } from './walk.js'
import { andAlso } from './watcher.js'

/** What was seen on the way. */
export interface Walked {
  readonly walk: Walk
  readonly losses: readonly Loss[]
  readonly locks: LockWatch
  readonly hits: HitWatch
  readonly lineage: LineageWatch
  readonly rowTypes: RowTypes
  /** Migrations that begin on a catalog that is not known, because of a statement before them. */
  readonly behindUnknown: ReadonlySet<string>
  /** What the role in use may not do, where that does not end the walk. */
  readonly forbidden: readonly { readonly place: StatementPlace; readonly refusal: Refusal }[]
}

/**
 * Follows the pending statements. Behind one that fails it goes on as if that one had been corrected: what stands there is
 * part of what is asked for, and what it destroys must not wait to be found until the failure is out of the way.
 * @param options.asksRows false: only the catalog is asked, and no row is read. What depends on rows is then not known, and
 * what the role in use may not do is no failure: it is there to look, and another may deploy.
 * @param options.twin a database with the schema of the target, which says what statements do to the catalog; one that is still
 * being made is waited for when the catalog of the target has been read
 * @param options.afterFile is told of each file, with the catalog as the file has left it and the locks so far
 */
export async function walkOver(
  files: readonly ForecastFile[],
  ungated: Reader,
  schema: string,
  {
    asksRows = true,
    twin,
    afterFile,
  }: {
    asksRows?: boolean
    twin?: Twin | Promise<SeenTwin | undefined>
    afterFile?: (file: ForecastFile, walk: Walk, locks: LockWatch) => void
  } = {},
): Promise<Walked> {
  const {
    readers: [reader],
    judgeIn,
  } = await gate([ungated])
  const catalog = await readLiveCatalog(reader, schema)
  const judge = judgeIn([schema])
  catalog.reasonAgainst = (name) => judge.reasonAgainstFunction(name)
  const rowTypes = new RowTypes(catalog)
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
    followDataStatement,
    async (requirement) =>
      asksRows
        ? new Questions([reader], walk.content.chain).one(requirement)
        : { kind: 'not-answered', reason: 'the rows are not asked' },
    async (requirements) =>
      asksRows ? new Questions([reader], walk.content.chain).allHold(requirements) : 'all hold',
  )
  const watch = new LossWatch(walk)
  const hits = new HitWatch(walk)
  walk.watcher = andAlso(andAlso(watch, hits), {
    beforeStatement: async (statement) => locks.inCode(statement, catalog, walk.onTwin.get(statement.node)),
  })
  const lineage = new LineageWatch(walk)
  // Whoever only looks has found out what the twin does not let him do.
  const ifAllowed = (judged: Judged, place: StatementPlace): Judged => {
    const { refusal, ...rest } = judged
    if (asksRows || refusal?.code !== 'missing-privilege') return judged
    forbidden.push({ place, refusal })
    return rest
  }
  const made = await twin
  const seen = made && ('mirror' in made ? made : await seeTwin(made, schema))
  const follower = seen && (await TwinFollower.start(walk, seen, reader))
  const behindUnknown = new Set<string>()
  for (const file of files) {
    if (walk.catalog.opaque !== undefined) behindUnknown.add(file.migration)
    if (file.stopsAt !== undefined) stopAt(walk, file, file.stopsAt, watch)
    await followFile(walk, file, {
      locks,
      lineage,
      ifAllowed,
      ...(follower ? { follower } : {}),
    })
    afterFile?.(file, walk, locks)
  }
  return { walk, losses: watch.losses, locks, hits, lineage, rowTypes, behindUnknown, forbidden }
}

/** Nothing from here on runs. What cannot be read may have been meant to do anything. */
function stopAt(
  walk: Walk,
  { migration, file, statements }: ForecastFile,
  line: number,
  watch: LossWatch,
): void {
  walk.place = { migration, file, index: 0, line }
  walk.stop ??= { place: walk.place, requirements: walk.requirements.length }
  if (statements.length > 0) return
  const reason = `${file} cannot be read`
  watch.notRead(reason)
  walk.catalog.opaque ??= reason
  for (const relation of walk.catalog.relations) walk.blur(relation, reason)
}

async function followFile(
  walk: Walk,
  whole: ForecastFile,
  {
    locks,
    lineage,
    ifAllowed,
    follower,
  }: {
    locks: LockWatch
    lineage: LineageWatch
    ifAllowed: (judged: Judged, place: StatementPlace) => Judged
    follower?: TwinFollower
  },
): Promise<void> {
  const { migration, file, statements, execution, keepsSession = false } = whole
  const isWhole = execution.mode === 'all-or-nothing'
  await follower?.beginFile(whole)
  walk.inTransaction = isWhole
  walk.session.isPrismas = keepsSession
  walk.rollsBack = statements.some(isRollback)
  const settle = async (statement: ParsedStatement) => {
    await unlessOwnError(walk, statement, () => keepPositions(walk))
    if (!walk.inTransaction) endTransaction(walk)
    lineage.afterStatement(walk.place)
  }
  const run = new Run(walk, (statement) => followAsCorrected(walk, statement), settle)
  for (const statement of statements) {
    const place = { migration, file, index: statement.index, line: statement.line }
    walk.place = place
    walk.refusedCommands = statement.refusedCommands ?? []
    let judged: Judged = { way: 'follow' }
    await unlessOwnError(walk, statement, async () => {
      judged = ifAllowed(await judge(walk, statement, follower), place)
      if (judged.ran) walk.onTwin.set(statement.node, judged.ran)
      if (!judged.refusal) return
      await run.follow()
      walk.place = place
      noteRefusal(walk, statement, judged.refusal)
    })
    const { refusal, ran, way } = judged
    // What is not refused may run as another role.
    if (way !== 'leave' || !refusal)
      await unlessOwnError(walk, statement, () => locks.beforeStatement(statement, place, walk.catalog, ran))
    walk.inSameTransaction.push(statement)
    if (way === 'follow' && (await takes(run, statement))) {
      if (!walk.inTransaction) walk.inSameTransaction.length = 0
      continue
    }
    await run.follow()
    walk.place = place
    if (way === 'leave') await unlessOwnError(walk, statement, () => leaveFailing(walk, statement, true))
    else if (way === 'open')
      await followAsCorrected(walk, statement, undefined, () =>
        leaveOpen(walk, statement, ran?.undone ?? '', (work) => follower?.replay(work) ?? work()),
      )
    else if (way === 'replay' && follower)
      await followAsCorrected(walk, statement, undefined, () => followStepByStep(walk, statement, follower))
    else await followAsCorrected(walk, statement, refusal)
    if (follower && ran && way !== 'replay') {
      const done = ran
      await unlessOwnError(walk, statement, () => follower.sync(done, statement))
    }
    if (opensTransaction(statement)) walk.inTransaction = true
    else if (endsTransaction(statement)) walk.inTransaction = isWhole
    await settle(statement)
  }
  await run.follow()
  await follower?.endFile(keepsSession)
  endTransaction(walk)
  // Our engine gives every file the settings that the session began with.
  if (!keepsSession) walk.session.resetAll()
  lineage.afterStatement(walk.place)
}

/** Follows a statement; where it fails for certain, it counts as corrected. */
async function followAsCorrected(
  walk: Walk,
  statement: ParsedStatement,
  refusal?: Refusal,
  follow = () => followStatement(walk, statement),
): Promise<void> {
  const known = walk.doubts.length
  await unlessOwnError(walk, statement, async () => {
    try {
      await follow()
    } catch (error) {
      if (!(error instanceof StatementFails)) throw error
      await leaveFailing(walk, statement, false)
    }
  })
  // Why it is not followed either is the same once more.
  if (refusal) walk.doubts.push(...walk.doubts.splice(known).filter(({ ownError }) => ownError))
}

/** What the server refuses whatever the rows. */
function noteRefusal(walk: Walk, statement: ParsedStatement, refusal: Refusal): void {
  const { sqlstate, code, message, object = statement.kind, isCertain } = refusal
  walk.need({
    code,
    sqlstate,
    object,
    title: message,
    question: { kind: 'certain', message },
    opaque: [],
    ...(isCertain ? {} : { mayPass: `${message}, as far as can be told` }),
    ...(isCertain || walk.catalog.opaque === undefined ? {} : { cause: walk.catalog.opaque }),
  })
}

/** Also ROLLBACK TO a savepoint. */
function isRollback({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && /^TRANS_STMT_ROLLBACK(_TO)?$/.test(node.kind)
}

function opensTransaction({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && /BEGIN|START/.test(node.kind)
}

function endsTransaction({ kind, node }: ParsedStatement): boolean {
  return kind === 'TransactionStmt' && /COMMIT|ROLLBACK$/.test(node.kind)
}

/** An error of our own in reading a statement leaves it to be followed by itself, where such an error is told. */
async function takes(run: Run, statement: ParsedStatement): Promise<boolean> {
  try {
    return await run.take(statement)
  } catch (error) {
    if (!isOwnError(error)) throw error
    return false
  }
}
