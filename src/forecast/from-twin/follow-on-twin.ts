import type { Reader } from '../../domain/reader.js'
import { beginOf, wrappedStatements } from '../../sql/execution-model.js'
import type { ParsedStatement } from '../../sql/parser.js'
import { isTransactionSetting } from '../../sql/transaction-rules.js'
import { wayToRun } from '../../twin/statement-kinds.js'
import type { Ran, Twin, TwinRefusal } from '../../twin/twin.js'
import type { Followed } from '../block/block.js'
import { Raised } from '../block/raised.js'
import { NotFollowed } from '../casts.js'
import type { ForecastFile } from '../file.js'
import type { CatalogModel, Relation } from '../model.js'
import { meetsRows, reachOf } from '../reach.js'
import { NotDeparsed } from '../tree.js'
import { rememberState } from '../undo.js'
import type { Refusal, Walk } from '../walk.js'
import { insertByName } from './by-name.js'
import { readColumnsOnTwin } from './columns-on-twin.js'
import { correctedStatement, hasItsEffect } from './corrected.js'
import type { Mirror, SeenTwin } from './mirror.js'
import { pairWithTwin } from './pair.js'
import { refusalFromTwin } from './refusal.js'
import { holdsRows } from './rows.js'
import { isSettledByTwin } from './settled.js'
import { syncCatalog } from './sync.js'

/** Lets the pending statements run on a schema twin while the walk follows them, and keeps the walk's catalog as the twin has it. */
export class TwinFollower {
  private readonly twin: Twin
  #opaqueBefore: string | undefined
  readonly #mirror: Mirror
  /** A look at what the last statement did, which goes on while the walk follows it. */
  #look: Promise<CatalogModel> | undefined
  /** Names of tables whose columns stand in another order on the twin. */
  #reordered: ReadonlySet<string> = new Set()
  /** That pending statements make, and that are not made on the server of the twin. */
  readonly #rolesElsewhere = new Set<string>()

  private constructor(
    private readonly walk: Walk,
    { twin, mirror }: SeenTwin,
    /** The role there may do what the role of the deploy may. */
    readonly isSameRole: boolean,
  ) {
    this.twin = twin
    this.#mirror = mirror
  }

  /** @param target reads the target */
  static async start(walk: Walk, seen: SeenTwin, target: Reader): Promise<TwinFollower> {
    const { twin, mirror } = seen
    const [here, there] = await Promise.all([roleOf(target), twin.look(roleOf)])
    const follower = new TwinFollower(walk, seen, here === there)
    walk.columnsOnTwin = (relation) => follower.columnsOf(relation)
    mirror.take()
    const { difference, reordered } = pairWithTwin(walk.catalog, mirror.catalog as CatalogModel)
    if (difference !== undefined) twin.giveUp(difference)
    follower.#reordered = reordered
    return follower
  }

  /** Why the twin says nothing any more; undefined while it does. */
  get lost(): string | undefined {
    return this.twin.lost
  }

  async beginFile({ statements, execution }: ForecastFile): Promise<void> {
    await this.#lookIsOver()
    const isOurs = execution.mode === 'all-or-nothing' && !wrappedStatements(statements)
    await this.twin.beginFile(isOurs ? beginOf(statements) : undefined)
  }

  async endFile(keepsSession: boolean): Promise<void> {
    await this.#lookIsOver()
    await this.twin.endFile({ keepsSession })
    this.#mirror.settle()
  }

  /**
   * Runs the statement there before the walk follows it. What the server refuses behind a statement whose effect nobody knows
   * may be refused only for want of that.
   */
  async run(statement: ParsedStatement): Promise<{ ran: Ran; refusal?: Refusal; isStepByStep?: boolean }> {
    if (!catchesErrors(statement)) return this.runWhole(statement)
    // What the code catches the twin does not tell, so that it is run again, step by step with the walk.
    await this.#lookIsOver()
    const mark = await this.twin.mark()
    const done = await this.#run(statement)
    if (!done.ran.isKept) {
      await mark.keep()
      return done
    }
    await mark.undo()
    return { ...done, isStepByStep: true }
  }

  /** The same, of code that catches errors too as it stands. */
  async runWhole(statement: ParsedStatement): Promise<{ ran: Ran; refusal?: Refusal }> {
    const done = await this.#run(statement)
    if (done.ran.isKept) this.#beginLook()
    return done
  }

  async #run(statement: ParsedStatement): Promise<{ ran: Ran; refusal?: Refusal }> {
    const { catalog } = this.walk
    this.#opaqueBefore = catalog.opaque
    await this.#lookIsOver()
    const meant = this.isReordered(statement) ? insertByName(statement, catalog) : undefined
    const ran = await this.twin.run(meant ?? statement, {
      holds: (table) => holdsRows(catalog, table),
      mayDecide: isCode(statement) && mayDependOnRows(catalog, statement.sql),
    })
    if (statement.kind === 'CreateRoleStmt' && !ran.isKept) this.#rolesElsewhere.add(statement.node.role)
    if (!ran.refusal) return { ran }
    const { refusal, ...left } = ran
    if (this.#isOfRole(refusal) || (this.isReordered(statement) && !meant))
      return { ran: { ...left, isOpen: true, undone: refusal.message } }
    return { ran, refusal: refusalFromTwin(refusal, statement, catalog.opaque === undefined) }
  }

  /** Why the server of the target may refuse a statement that it did not refuse here; undefined where it will not. */
  untold(statement: ParsedStatement, ran: Ran): string | undefined {
    if (ran.undone !== undefined)
      return isCode(statement) || this.mayChangeCatalog(statement) ? undefined : ran.undone
    if (ran.isOpen) return judgedByText(statement) ? undefined : 'it is not run on a schema twin'
    if (
      this.isReordered(statement) &&
      meansColumnsByPlace(statement) &&
      !insertByName(statement, this.walk.catalog)
    )
      return 'the columns of a table that it names stand in another order on the schema twin'
    if (!this.isSameRole && !this.walk.catalog.role.isSuperuser)
      return 'what the role may do is not known: the schema twin is entered as another one'
    return undefined
  }

  /** @returns undefined where the twin has no such relation */
  async columnsOf(relation: Pick<Relation, 'schema' | 'name'>): ReturnType<typeof readColumnsOnTwin> {
    await this.#lookIsOver()
    return this.twin.look((reader) => readColumnsOnTwin(reader, relation, this.walk.catalog))
  }

  /**
   * Lets a statement that is refused have the effect there that it has once it is corrected, where that is known.
   * @returns `leave` where the twin is as it was before it
   */
  async correct(
    statement: ParsedStatement,
    { code }: Refusal,
  ): Promise<{ ran?: Ran; way: 'follow' | 'leave' }> {
    if (!hasItsEffect.has(code)) return { way: 'leave' }
    // What becomes of rows the walk says by itself.
    if (wayToRun(statement) === 'judged' || withoutCatalog.has(statement.kind)) return { way: 'follow' }
    const corrected = correctedStatement(statement, code)
    const ran = corrected && (await this.twin.run(corrected))
    return ran?.isKept ? { ran, way: 'follow' } : { way: 'leave' }
  }

  /**
   * Lets the walk follow a block by the rows, and the twin run each definition that the walk comes to. Where the walk does not
   * come to the end of the block, both are taken back to where they were before it.
   */
  async replay<T>(work: () => Promise<T>): Promise<T> {
    const { walk, twin } = this
    const goBack = rememberState(walk)
    await this.#lookIsOver()
    const mark = await twin.mark()
    walk.codeOnTwin = {
      run: (statement, follow) => this.#runInCode(statement, follow),
      judge: (statement) => this.#judgeInCode(statement),
      mark: async () => {
        await this.#lookIsOver()
        return twin.mark()
      },
    }
    try {
      const done = await work()
      await this.#lookIsOver()
      await mark.keep()
      return done
    } catch (error) {
      await this.#lookIsOver()
      await mark.undo()
      goBack()
      throw error
    } finally {
      walk.codeOnTwin = undefined
    }
  }

  async #judgeInCode(statement: Followed): Promise<Refusal | undefined> {
    if (wayToRun(statement) !== 'judged') return undefined
    const { refusal } = await this.runWhole({ index: 0, line: this.walk.place.line, ...statement })
    return refusal?.isCertain ? refusal : undefined
  }

  async #runInCode(statement: Followed, follow: () => Promise<void>): Promise<void> {
    const { walk } = this
    if (wayToRun(statement) !== 'kept') return follow()
    const { ran, refusal } = await this.runWhole({ index: 0, line: walk.place.line, ...statement })
    // What is no name of a table or column there may be one of a variable.
    const mayBeVariable = statement.kind === 'CreateTableAsStmt'
    if (refusal?.isCertain && !mayBeVariable) throw new Raised(refusal.sqlstate, refusal.message, refusal)
    if (!ran.isKept) throw new NotFollowed(refusal?.message ?? ran.undone ?? `${statement.kind} in code`)
    walk.onTwin.set(statement.node, ran)
    try {
      await follow()
    } catch (error) {
      if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
      if (!isSettledByTwin(walk, statement)) throw error
    }
    await this.sync(ran, statement)
  }

  /** Whether it names a table whose columns stand in another order on the twin, so that it may mean something else there. */
  isReordered({ sql }: ParsedStatement): boolean {
    return [...this.#reordered].some((name) => sql.toLowerCase().includes(name.toLowerCase()))
  }

  /** Of roles, and of what they may do, a twin tells the truth only where they are those of the target. */
  #isOfRole({ sqlstate, message }: TwinRefusal): boolean {
    if (sqlstate === '42501') return !this.isSameRole
    const [, role] = /^role "(.+)" does not exist$/.exec(message) ?? []
    return role !== undefined && this.#rolesElsewhere.has(role)
  }

  /** Whether what it does to the catalog, if anything, is missing where the twin does not run it. */
  mayChangeCatalog(statement: ParsedStatement): boolean {
    if (isCode(statement)) return reachOf(this.walk.catalog, statement.sql, true).mayChangeCatalog
    return wayToRun(statement) === 'kept' && !withoutCatalog.has(statement.kind)
  }

  /** Takes over what it did, when the walk has followed it. */
  async sync({ isKept }: Ran, { kind }: Pick<ParsedStatement, 'kind'>): Promise<void> {
    if (!isKept || this.twin.lost !== undefined) return
    const { walk } = this
    try {
      const look = this.#look ?? this.#read()
      this.#look = undefined
      const catalog = await look
      syncCatalog(walk, catalog, this.#mirror.take(), this.#mirror.places, makesEmpty.has(kind))
    } catch (error) {
      // Half of it may be taken over.
      this.twin.giveUp((error as Error).message)
      if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
      walk.doubt(error.message)
      walk.catalog.opaque ??= `line ${walk.place.line} is not followed: ${error.message}`
      return
    }
    if (this.#opaqueBefore === undefined) delete walk.catalog.opaque
  }

  #beginLook(): void {
    this.#look = this.#read()
    // Whoever takes over what it has seen is told.
    this.#look.catch(() => undefined)
  }

  /** The session does one thing at a time. What was seen stays to be taken over. */
  async #lookIsOver(): Promise<void> {
    const look = this.#look
    this.#look = undefined
    await look?.catch((error: Error) => this.twin.giveUp(error.message))
  }

  #read() {
    return this.twin.look((reader) => this.#mirror.read(reader))
  }
}

/** A table that they make holds no rows. */
const makesEmpty: ReadonlySet<string> = new Set(['CreateStmt', 'CreateSchemaStmt'])

/** They leave the catalog as it is. */
const withoutCatalog: ReadonlySet<string> = new Set([
  'VariableSetStmt',
  'VacuumStmt',
  'ReindexStmt',
  'ClusterStmt',
  'LockStmt',
  'GrantStmt',
  'GrantRoleStmt',
  'AlterOwnerStmt',
  'AlterDefaultPrivilegesStmt',
  'CommentStmt',
])

/** The role in use, and whether it is a superuser. */
async function roleOf(reader: Reader): Promise<string> {
  const { rows } = await reader.query(
    'SELECT rolname::pg_catalog.text AS name, rolsuper AS is_super FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER',
  )
  return JSON.stringify(rows)
}

/** A DO block that catches what the server refuses. One that ends transactions cannot be undone. */
function catchesErrors({ kind, sql }: ParsedStatement): boolean {
  return kind === 'DoStmt' && /\bexception\s+when\b/i.test(sql) && !/\b(commit|rollback)\b/i.test(sql)
}

/** The parser of the target and the rules of transactions say all that there is to say of it. */
function judgedByText(statement: ParsedStatement): boolean {
  return isTransactionSetting(statement) || withoutNames.has(statement.kind)
}

const withoutNames: ReadonlySet<string> = new Set([
  'ListenStmt',
  'UnlistenStmt',
  'NotifyStmt',
  'CheckPointStmt',
])

/** INSERT without a list of columns, and what has a `*` in it. */
function meansColumnsByPlace({ kind, node, sql }: ParsedStatement): boolean {
  return (kind === 'InsertStmt' && !node.cols?.length) || sql.includes('*')
}

function isCode(statement: ParsedStatement): boolean {
  return wayToRun(statement) === 'code'
}

/** Code that changes the catalog, and reads tables: what it changes may depend on their rows. */
function mayDependOnRows(catalog: CatalogModel, sql: string): boolean {
  const { mayChangeCatalog, texts } = reachOf(catalog, sql, true)
  return mayChangeCatalog && texts.some(meetsRows)
}
