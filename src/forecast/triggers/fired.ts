import { quoteIdentifier } from '../../sql/names.js'
import { findFunctions } from '../lookup.js'
import type { Column, Relation, TriggerObject } from '../model.js'
import type { Walk } from '../walk.js'
import { blurWritten } from './effects.js'
import { readTriggerFunction } from './function.js'
import { newColumn, oldColumn, stateColumn, stateOfRows, stateOfStatement } from './row-state.js'
import { type Event, type Firing, TriggerRun } from './run.js'

/** What the triggers before a statement make of its rows. */
export interface Before {
  /** The link with the rows as the triggers leave them, in the form that it came in. */
  readonly link: string
  /** Columns that they set, and why their values cannot be known. */
  readonly assigned: ReadonlyMap<Column, string | undefined>
  /** Why it cannot be known which rows they leave out. */
  readonly dropsOpaque?: string
}

/**
 * The triggers that a statement fires on a relation. The rows come as a link of the chain: of an INSERT the new rows;
 * of an UPDATE all rows with `"~old …"` beside every column, and `"~hit"`; of a DELETE all rows with `"~hit"`.
 */
export class FiredTriggers {
  readonly #before: TriggerObject[]
  readonly #after: TriggerObject[]

  private constructor(
    private readonly walk: Walk,
    private readonly relation: Relation,
    private readonly event: Event,
    fired: readonly TriggerObject[],
    private readonly opaque: readonly string[],
  ) {
    const byName = [...fired].sort((one, other) => (one.name < other.name ? -1 : 1))
    this.#before = inOrder(
      byName.filter(({ timing }) => timing === 'before'),
      'statement first',
    )
    this.#after = inOrder(
      byName.filter(({ timing }) => timing === 'after'),
      'rows first',
    )
  }

  /**
   * @param changed of an UPDATE: the columns that the statement sets
   * @param opaque why the rows that the statement hits cannot be known
   * @returns undefined where there are none
   */
  static of(
    walk: Walk,
    relation: Relation,
    event: Event,
    changed: ReadonlySet<Column>,
    opaque: readonly string[],
  ): FiredTriggers | undefined {
    leavePartTriggers(walk, relation, event)
    const fired = relation.triggers.filter((trigger) => fires(walk, trigger, event, changed))
    return fired.length > 0 ? new FiredTriggers(walk, relation, event, fired, opaque) : undefined
  }

  /** No row is hit, and there is no trigger that fires without one. */
  async hitsNothing(link: string): Promise<boolean> {
    if (this.opaque.length > 0 || [...this.#before, ...this.#after].some(({ isForEachRow }) => !isForEachRow))
      return false
    const where = this.event === 'insert' ? '' : ' WHERE "~hit"'
    const answer = await this.walk.ask(
      `SELECT pg_catalog.count(*)::float8 AS count FROM ${link} AS w${where}`,
    )
    return answer?.rows[0]?.count === 0
  }

  /** @param opaqueNew columns of the new rows that cannot be known */
  async before(
    link: string,
    opaqueNew: ReadonlyMap<Column, string | undefined> = new Map(),
  ): Promise<Before> {
    const assigned = new Map<Column, string | undefined>()
    let [rows, dropsOpaque] = [link, undefined as string | undefined]
    for (const trigger of this.#before) {
      const run = await this.#run(trigger, rows, new Map([...opaqueNew, ...assigned]))
      if (!run || !trigger.isForEachRow) continue
      for (const column of run.assigned) assigned.set(column, run.state.opacityOf(newColumn(column)))
      dropsOpaque ??= run.dropsOpaque
      if (run.assigned.size > 0 || run.mayDropRows) rows = this.#settle(run)
    }
    return { link: rows, assigned, ...(dropsOpaque === undefined ? {} : { dropsOpaque }) }
  }

  async after(link: string, opaqueNew: ReadonlyMap<Column, string | undefined> = new Map()): Promise<void> {
    for (const trigger of this.#after) await this.#run(trigger, link, opaqueNew)
  }

  async #run(
    trigger: TriggerObject,
    link: string,
    opaqueNew: ReadonlyMap<Column, string | undefined>,
  ): Promise<TriggerRun | undefined> {
    const { walk, relation, event, opaque } = this
    const known = findFunctions(walk.catalog, trigger.functionName)[0]
    const code = known?.language === 'plpgsql' ? readTriggerFunction(known.body) : undefined
    if (!code || trigger.isDeferred) {
      this.#leave(trigger, known?.body)
      return undefined
    }
    const reasons = new Map<Column, string>()
    for (const [column, reason] of opaqueNew) if (reason !== undefined) reasons.set(column, reason)
    const state = trigger.isForEachRow
      ? stateOfRows(walk, relation, event, link, reasons)
      : stateOfStatement(walk, relation)
    const firing: Firing = {
      relation,
      trigger,
      event,
      function: code,
      opaque: trigger.isForEachRow ? opaque : [],
      tables: this.#tablesOf(trigger, link),
    }
    const run = new TriggerRun(walk, firing, state)
    await run.run()
    return run
  }

  /** REFERENCING NEW TABLE AS …: the rows of the statement, by name. */
  #tablesOf({ newTable, oldTable }: TriggerObject, link: string): Map<string, string> {
    const { walk, relation, event } = this
    const tables = new Map<string, string>()
    const where = event === 'insert' ? '' : ' WHERE "~hit"'
    const add = (name: string, source: (column: Column) => string) => {
      const list = relation.columns.map((column) => `${source(column)} AS ${quoteIdentifier(column.name)}`)
      tables.set(name, walk.content.chain.add(name, `SELECT ${list.join(', ')} FROM ${link} AS w${where}`))
    }
    if (newTable !== undefined) add(newTable, ({ name }) => `w.${quoteIdentifier(name)}`)
    if (oldTable !== undefined)
      add(oldTable, (column) => `w.${quoteIdentifier(event === 'update' ? oldColumn(column) : column.name)}`)
    return tables
  }

  /** The rows as a trigger leaves them, in the form that they came in. */
  #settle({ state, mayDropRows }: TriggerRun): string {
    const { walk, relation, event } = this
    const isKept = mayDropRows ? stateColumn('~kept') : 'true'
    const list = relation.columns.flatMap((column) => {
      const name = quoteIdentifier(column.name)
      const [now, old] = [stateColumn(newColumn(column)), stateColumn(oldColumn(column))]
      if (event === 'insert') return [`${now} AS ${name}`]
      if (event === 'delete') return [`${old} AS ${name}`]
      const value = mayDropRows ? `CASE WHEN ${isKept} THEN ${now} ELSE ${old} END` : now
      return [`${value} AS ${name}`, `${old} AS ${quoteIdentifier(oldColumn(column))}`]
    })
    const hit = event === 'insert' ? [] : [`(${stateColumn('~hit')} AND ${isKept}) AS "~hit"`]
    const where = event === 'insert' && mayDropRows ? ` WHERE ${isKept}` : ''
    return walk.content.chain.add(
      relation.name,
      `SELECT ${[...list, ...hit].join(', ')} FROM ${state.link} AS "~s"${where} OFFSET 0`,
    )
  }

  /** A trigger in a language that is not followed. */
  #leave({ name, timing, isForEachRow, isDeferred }: TriggerObject, body: string | undefined): void {
    const { walk, relation } = this
    const reason = isDeferred ? `trigger "${name}" waits for the end` : `trigger "${name}" is not followed`
    walk.doubt(reason, relation.name)
    if (body !== undefined) blurWritten(walk, body, reason)
    if (timing === 'before' && isForEachRow) walk.blur(relation, reason)
  }
}

function fires(
  { catalog }: Walk,
  { isEnabled, isEnabledInReplica, events, columns }: TriggerObject,
  event: Event,
  changed: ReadonlySet<Column>,
): boolean {
  if (!(catalog.isReplica ? isEnabledInReplica : isEnabled) || !events.includes(event)) return false
  return event !== 'update' || columns.length === 0 || columns.some((column) => changed.has(column))
}

/** A trigger of one partition alone fires for the rows that come there. */
function leavePartTriggers(walk: Walk, relation: Relation, event: Event): void {
  const known = new Set(relation.triggers.map(({ name }) => name))
  for (const part of relation.children) {
    for (const trigger of part.triggers) {
      const { name, isForEachRow, functionName } = trigger
      if (!isForEachRow || known.has(name) || !fires(walk, trigger, event, new Set(part.columns))) continue
      walk.doubt(`trigger "${name}" fires for a part of the rows only`, part.name)
      walk.blur(relation, `trigger "${name}" of "${part.name}"`)
      blurWritten(
        walk,
        findFunctions(walk.catalog, functionName)[0]?.body ?? '',
        `trigger "${name}" writes it`,
      )
    }
    leavePartTriggers(walk, part, event)
  }
}

/** https://www.postgresql.org/docs/current/trigger-definition.html */
function inOrder(triggers: readonly TriggerObject[], how: 'statement first' | 'rows first'): TriggerObject[] {
  const rows = triggers.filter(({ isForEachRow }) => isForEachRow)
  const statement = triggers.filter(({ isForEachRow }) => !isForEachRow)
  return how === 'rows first' ? [...rows, ...statement] : [...statement, ...rows]
}
