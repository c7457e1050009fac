import { beginOf, wrappedStatements } from '../../sql/execution-model.js'
import type { ParsedStatement } from '../../sql/parser.js'
import { wayToRun } from '../../twin/statement-kinds.js'
import type { Ran, Twin } from '../../twin/twin.js'
import { NotFollowed } from '../casts.js'
import type { ForecastFile } from '../file.js'
import type { CatalogModel } from '../model.js'
import { reachOf } from '../reach.js'
import { NotDeparsed } from '../tree.js'
import type { Refusal, Walk } from '../walk.js'
import { correctedStatement, hasItsEffect } from './corrected.js'
import { Mirror } from './mirror.js'
import { pairWithTwin } from './pair.js'
import { refusalFromTwin } from './refusal.js'
import { syncCatalog } from './sync.js'

/** Lets the pending statements run on a schema twin while the walk follows them, and keeps the walk's catalog as the twin has it. */
export class TwinFollower {
  #opaqueBefore: string | undefined
  readonly #mirror: Mirror

  private constructor(
    private readonly walk: Walk,
    private readonly twin: Twin,
    schema: string,
  ) {
    this.#mirror = new Mirror(schema)
  }

  static async start(walk: Walk, twin: Twin, schema: string): Promise<TwinFollower> {
    const follower = new TwinFollower(walk, twin, schema)
    const { catalog } = await follower.#read()
    const difference = pairWithTwin(walk.catalog, catalog)
    if (difference !== undefined) twin.giveUp(difference)
    return follower
  }

  /** Why the twin says nothing any more; undefined while it does. */
  get lost(): string | undefined {
    return this.twin.lost
  }

  async beginFile({ statements, execution }: ForecastFile): Promise<void> {
    const isOurs = execution.mode === 'all-or-nothing' && !wrappedStatements(statements)
    await this.twin.beginFile(isOurs ? beginOf(statements) : undefined)
  }

  async endFile(keepsSession: boolean): Promise<void> {
    await this.twin.endFile({ keepsSession })
  }

  /**
   * Runs the statement there before the walk follows it. What the server refuses behind a statement whose effect nobody knows
   * may be refused only for want of that.
   */
  async run(statement: ParsedStatement): Promise<{ ran: Ran; refusal?: Refusal }> {
    const { catalog } = this.walk
    this.#opaqueBefore = catalog.opaque
    const ran = await this.twin.run(statement, {
      holds: (table) => this.#holdsRows(table),
      mayDecide: isCode(statement) && mayDependOnRows(catalog, statement.sql),
    })
    if (!ran.refusal) return { ran }
    return { ran, refusal: refusalFromTwin(ran.refusal, statement, catalog.opaque === undefined) }
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

  /** Whether code may make, change or drop objects. */
  mayChangeCatalog({ sql }: ParsedStatement): boolean {
    return reachOf(this.walk.catalog, sql, true).mayChangeCatalog
  }

  /** Takes over what it did, when the walk has followed it. */
  async sync({ isKept }: Ran): Promise<void> {
    if (!isKept || this.twin.lost !== undefined) return
    const { walk } = this
    const { catalog, change } = await this.#read()
    try {
      syncCatalog(walk, catalog, change, this.#mirror.places)
    } catch (error) {
      if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
      this.twin.giveUp(error.message)
      walk.catalog.opaque ??= `line ${walk.place.line} is not followed: ${error.message}`
      return
    }
    if (this.#opaqueBefore === undefined) delete walk.catalog.opaque
  }

  #read() {
    return this.twin.look((reader) => this.#mirror.read(reader))
  }

  #holdsRows(table: string): boolean {
    return this.walk.catalog.relations.some(
      ({ schema, name, live, isEmpty }) => `${schema}.${name}` === table && live !== undefined && !isEmpty,
    )
  }
}

/** They leave the catalog as it is. */
const withoutCatalog: ReadonlySet<string> = new Set([
  'VariableSetStmt',
  'VacuumStmt',
  'ReindexStmt',
  'ClusterStmt',
  'LockStmt',
])

function isCode(statement: ParsedStatement): boolean {
  return wayToRun(statement) === 'code'
}

/** Code that changes the catalog, and reads tables: what it changes may depend on their rows. */
function mayDependOnRows(catalog: CatalogModel, sql: string): boolean {
  const { mayChangeCatalog, texts } = reachOf(catalog, sql, true)
  return mayChangeCatalog && texts.some((text) => /\b(from|join|update|delete|insert|merge)\b/i.test(text))
}
