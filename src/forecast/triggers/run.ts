import { quoteIdentifier, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { conditionState } from '../block/conditions.js'
import { castTo, NotFollowed } from '../casts.js'
import { columnOf } from '../data/target.js'
import { findColumn, findFunctions, findRelation } from '../lookup.js'
import type { Column, ColumnType, Relation, TriggerObject } from '../model.js'
import { named, shown } from '../named.js'
import { changesNothing, isKnownUncalled } from '../outward-functions.js'
import { emptyScope, Rewriter, type Scope, writes } from '../rewrite.js'
import { lastName, mapTree, NotDeparsed, parseExpression, parseStatement, visitTree } from '../tree.js'
import { typeOf } from '../types.js'
import { keyOf, sampleOf, type Walk } from '../walk.js'
import { blurWritten, effectsOf, targetsOf } from './effects.js'
import { codeOf, queryOf, type TriggerFunction, type Variable } from './function.js'
import { newColumn, oldColumn, type RowState, state, stateColumn } from './row-state.js'
import { substitute } from './substitute.js'
import { followTriggerWrite } from './write.js'

export type Event = 'insert' | 'update' | 'delete' | 'truncate'

/** What a trigger is run for. */
export interface Firing {
  readonly relation: Relation
  readonly trigger: TriggerObject
  readonly event: Event
  readonly function: TriggerFunction
  /** Why the rows that the statement writes cannot be known. */
  readonly opaque: readonly string[]
  /** Links that stand for REFERENCING … TABLE AS. */
  readonly tables: ReadonlyMap<string, string>
}

/** A value of the function as SQL over the state. */
interface Value {
  readonly sql: string
  readonly opaque: readonly string[]
  readonly isVolatile: boolean
  /** It depends on the row. */
  readonly readsState: boolean
}

const error = 21

/** A name of the function that is not there any more: it fails for every row that comes to it. */
class Missing extends NotFollowed {
  constructor(
    readonly sqlstate: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Runs a trigger function for all rows of a statement at once, as steps of a set: an IF splits the rows, an assignment
 * is a column, a statement is written over all rows that come to it. What cannot be run so is left to the rehearsal,
 * with just what it may touch. https://www.postgresql.org/docs/current/plpgsql-trigger.html
 */
export class TriggerRun {
  /** A RETURN may have ended the function for some rows. */
  #hasEnded = false
  /** It may also have ended for rows that cannot be told. */
  #endsOpaque: string | undefined
  readonly #written = new Set<Relation>()
  readonly #types = new Map<string, ColumnType | 'record'>()
  /** A part that is not followed may have made a table of its own. */
  #mayMakeTables = false
  /** Variables of a type that is not followed, and why. */
  readonly #unknown = new Map<string, string>()
  readonly #recordFields = new Map<string, string[]>()
  /** Columns of NEW that the function sets. */
  readonly assigned = new Set<Column>()
  mayDropRows = false
  /** Which rows are left out cannot be told. */
  dropsOpaque: string | undefined

  constructor(
    private readonly walk: Walk,
    private readonly firing: Firing,
    readonly state: RowState,
  ) {
    this.#depth = walk.triggerDepth
  }

  async run(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      if (!(error instanceof NotFollowed || error instanceof NotDeparsed)) throw error
      this.#leave([this.firing.function.block], error.message)
    }
  }

  async #run(): Promise<void> {
    const { trigger, function: code } = this.firing
    let guard = '~hit'
    const count = await this.#countOf(guard)
    if (count === 0) return
    this.#isFew = count === 1 || !trigger.isForEachRow
    this.#isOneRow = this.#isFew
    if (trigger.when) {
      const condition = this.#expressionOf(trigger.when)
      guard = this.#split(guard, condition).yes
      if ((await this.#countOf(guard)) === 0) return
    }
    this.#depth += 1
    for (const variable of code.variables) this.#declare(variable, guard)
    this.state.set(new Map([['~var found', { sql: 'false' }]]))
    await this.#list(code.block.body ?? [], guard, code.block.exceptions)
    this.#needComputable(guard)
  }

  #declare({ name, type: typeText, initial, isInitialLost }: Variable, guard: string): void {
    let type: ColumnType | 'record'
    try {
      type = this.#typeOf(typeText)
    } catch (error) {
      if (!(error instanceof NotFollowed)) throw error
      this.#unknown.set(name, error.message)
      return
    }
    this.#types.set(name, type)
    if (type === 'record') return
    const value = initial === undefined ? undefined : this.#expression(initial)
    const sql = castTo(value?.sql ?? 'NULL', type, 'assignment')
    const guarded = value?.readsState ? `CASE WHEN ${this.#isOn(guard)} THEN ${sql} END` : sql
    const opaque = isInitialLost ? `what "${name}" begins with is not read` : value?.opaque[0]
    this.state.set(
      new Map([[`~var ${name}`, { sql: guarded, opaque }]]),
      value?.isVolatile ? { isVolatile: true } : {},
    )
  }

  /** `text`, `orders.total%TYPE`, `orders%rowtype`, `record`. */
  #typeOf(text: string): ColumnType | 'record' {
    if (/%rowtype$/i.test(text) || text === 'record') return 'record'
    const like = /^(.*)%type$/i.exec(text)?.[1]
    if (like !== undefined) {
      const fields: Node[] = parseExpression(like).ColumnRef?.fields ?? []
      const relation = findRelation(this.walk.catalog, relationOfParts(fields.slice(0, -1)))
      const column = relation && findColumn(relation, lastName(fields))
      if (!column) throw new NotFollowed(`type ${text} is not known`)
      return column.type
    }
    const { typeName } = parseExpression(`NULL::${text}`).TypeCast
    if (findRelation(this.walk.catalog, relationOfParts(typeName.names))) return 'record'
    return typeOf(this.walk.catalog, typeName)
  }

  async #list(statements: readonly Node[], guard: string, exceptions?: Node): Promise<void> {
    if (exceptions) {
      this.#leave(statements, 'it catches errors')
      return
    }
    for (const statement of statements) {
      const [[kind, node] = ['', {}]] = Object.entries(statement) as [string, Node][]
      try {
        await this.#statement(kind.replace(/^PLpgSQL_stmt_/, ''), node, guard)
      } catch (error) {
        if (error instanceof Missing && !this.#mayMakeTables && this.walk.catalog.opaque === undefined)
          this.#needNone(guard, error.sqlstate, error.message)
        else if (error instanceof NotFollowed) this.#leave([statement], error.message)
        else if (error instanceof NotDeparsed) this.#leave([statement], 'its text is not read with certainty')
        else throw error
      }
    }
  }

  async #statement(kind: string, node: Node, guard: string): Promise<void> {
    switch (kind) {
      case 'block':
        return this.#list(node.body ?? [], guard, node.exceptions)
      case 'assign':
        return this.#assign(node, guard)
      case 'if':
        return this.#if(node, guard)
      case 'case':
        return this.#case(node, guard)
      case 'return':
        return this.#return(node, guard)
      case 'raise':
        return this.#raise(node, guard)
      case 'assert':
        return this.#assert(node, guard)
      case 'execsql':
        return this.#execute(node, guard)
      case 'perform':
        return this.#perform(queryOf(node.expr), guard)
      default:
        throw new NotFollowed(`${kind === 'dynexecute' ? 'EXECUTE' : kind} is not followed`)
    }
  }

  /** Rows for which the function is still running in this branch. */
  #isOn(guard: string): string {
    const column = stateColumn(guard)
    return this.#hasEnded ? `(${column} AND ${stateColumn('~on')})` : column
  }

  #opacityOf(guard: string): string[] {
    const reasons = [...this.firing.opaque, this.state.opacityOf(guard), this.#endsOpaque]
    return reasons.filter((reason) => reason !== undefined)
  }

  /** How many rows are in a branch; undefined when that cannot be told. */
  async #countOf(guard: string): Promise<number | undefined> {
    if (this.#opacityOf(guard).length > 0) return undefined
    const answer = await this.walk.ask(
      `SELECT pg_catalog.count(*)::float8 AS count FROM ${this.state.link} AS ${state} WHERE ${this.#isOn(guard)}`,
    )
    return answer?.rows[0]?.count as number | undefined
  }

  #expression(sql: string): Value {
    return this.#expressionOf(parseExpression(sql))
  }

  #expressionOf(tree: Node): Value {
    const { replaced, opaque, readsState } = this.#substituted(tree)
    this.#assertReadable(replaced)
    const rewritten = new Rewriter(this.walk.content, this.#scope).expression(replaced)
    return { ...rewritten, opaque: [...opaque, ...rewritten.opaque], readsState }
  }

  get #scope(): Scope {
    return { ...emptyScope, items: this.firing.tables }
  }

  /** A tree with what the names of the function stand for. */
  #substituted<T>(tree: T): { replaced: T; opaque: string[]; readsState: boolean } {
    const opaque = new Set<string>()
    let readsState = false
    const replaced = substitute(tree, {
      sqlOf: (name) => this.#sqlOf(name),
      fieldsOf: (name) => this.#fieldsOf(name),
      isAbsent: (row) => isAbsent(row, this.firing.event),
      used: (name) => {
        const column = this.#columnOf(name)
        if (column !== undefined) readsState = true
        const reason = column === undefined ? undefined : this.state.opacityOf(column)
        if (reason !== undefined) opaque.add(reason)
      },
    })
    return { replaced: this.#withDepth(replaced), opaque: [...opaque], readsState }
  }

  #withDepth<T>(tree: T): T {
    return mapTree(tree, (kind, node) =>
      kind === 'FuncCall' && lastName(node.funcname) === 'pg_trigger_depth'
        ? parseExpression(String(this.#depth))
        : undefined,
    )
  }

  /** The column of the state that a name of the function stands for. */
  #columnOf(name: string): string | undefined {
    const column = /^(new|old)\./.test(name) ? `~${name.replace('.', ' ')}` : `~var ${name}`
    return this.state.has(column) ? column : undefined
  }

  #sqlOf(name: string): string | undefined {
    const reason = this.#unknown.get(name)
    if (reason !== undefined) throw new NotFollowed(reason)
    const column = this.#columnOf(name)
    const [row, field, ...more] = name.split('.')
    if (column !== undefined) {
      if (row === 'new') this.#assertComputed(name.slice('new.'.length))
      return stateColumn(column)
    }
    if ((row === 'new' || row === 'old') && field !== undefined) {
      if (more.length > 0) throw new NotFollowed(`a part of "${field}" is read`)
      return this.#absentField(row, field)
    }
    return this.#givenValue(name)
  }

  /** Generated columns are computed after the triggers before. */
  #assertComputed(field: string): void {
    const { relation, trigger } = this.firing
    if (trigger.timing === 'before' && findColumn(relation, field)?.generated)
      throw new NotFollowed(`"${field}" is not computed yet`)
  }

  /** NEW of a row that goes and OLD of one that comes are NULL. */
  #absentField(row: 'new' | 'old', field: string): string {
    const { relation } = this.firing
    const column = findColumn(relation, field)
    if (column) return castTo('NULL', column.type, 'explicit')
    throw new Missing('42703', `record "${row}" has no field "${field}"`)
  }

  #givenValue(name: string): string | undefined {
    const { trigger, relation, event } = this.firing
    if (relation.partitionKey && /^tg_(table_name|relname|table_schema|relid)$/.test(name))
      throw new NotFollowed('it names the partition')
    const literal = (text: string, type: string) => `'${text.replaceAll("'", "''")}'::pg_catalog.${type}`
    switch (name) {
      case 'tg_op':
        return literal(event.toUpperCase(), 'text')
      case 'tg_when':
        return literal(trigger.timing.toUpperCase(), 'text')
      case 'tg_level':
        return literal(trigger.isForEachRow ? 'ROW' : 'STATEMENT', 'text')
      case 'tg_name':
        return literal(trigger.name, 'name')
      case 'tg_table_name':
      case 'tg_relname':
        return literal(relation.name, 'name')
      case 'tg_table_schema':
        return literal(relation.schema, 'name')
      case 'tg_nargs':
        return `${trigger.arguments.length}`
      case 'tg_argv': {
        // Counted from 0.
        const list = trigger.arguments.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`).join(',')
        const bounds = trigger.arguments.length > 0 ? `[0:${trigger.arguments.length - 1}]=` : ''
        return `${literal(`${bounds}{${list}}`, 'text')}::pg_catalog.text[]`
      }
      default:
        return undefined
    }
  }

  #fieldsOf(name: string): readonly string[] | undefined {
    if (name === 'new' || name === 'old') return this.firing.relation.columns.map((column) => column.name)
    return this.#recordFields.get(name)
  }

  /** Rows of one statement are written one after another, and a query of the function sees those before. */
  #assertReadable(tree: unknown): void {
    const { relation, trigger, tables } = this.firing
    const items = new Set<string>(tables.keys())
    visitTree(tree, (kind, node) => {
      if (kind === 'CommonTableExpr') items.add(node.ctename)
    })
    visitTree(tree, (kind, node) => {
      if (kind === 'FuncCall') this.#assertCallable(node)
      if (kind !== 'RangeVar' || items.has(node.relname)) return
      const read = findRelation(this.walk.catalog, relationOf(node))
      if (!read) throw this.#missingRelation(node)
      const isBefore = trigger.isForEachRow && trigger.timing === 'before'
      if (isBefore && read === relation && !this.#isOneRow)
        throw new NotFollowed(`it reads "${relation.name}" while it is written`)
      if (this.#written.has(read) && !this.#isOneRow)
        throw new NotFollowed(`it reads "${read.name}", which it writes row by row`)
    })
  }

  /** What `pg_trigger_depth()` says: one less in WHEN, which is not yet inside. */
  #depth: number

  /** No more than one row comes to the statement, so that it meets no row written before. */
  #isOneRow = false
  /** Of all rows of the statement. */
  #isFew = false

  #missingRelation(node: Node): NotFollowed {
    const { schema, name } = relationOf(node)
    const { relations, sequences } = this.walk.catalog
    const isElsewhere = [...relations, ...sequences].some((one) => one.name === name)
    const isServers = schema === 'pg_catalog' || schema === 'information_schema' || name.startsWith('pg_')
    const message = `relation "${name}" does not exist`
    return isServers || isElsewhere ? new NotFollowed(message) : new Missing('42P01', message)
  }

  #assertCallable(node: Node): void {
    const name = lastName(node.funcname)
    const reason = this.walk.catalog.reasonAgainst?.(relationOfParts(node.funcname))
    if (reason !== undefined && !isKnownUncalled(name)) throw new NotFollowed(reason)
    const { schema } = relationOfParts(node.funcname)
    const known = findFunctions(this.walk.catalog, relationOfParts(node.funcname))
    if (known.some(({ body }) => writes(body) || /\braise\s+exception\b/i.test(body)))
      throw new NotFollowed(`function "${name}" writes or raises`)
    if (
      schema !== undefined &&
      schema !== 'pg_catalog' &&
      known.length === 0 &&
      !/^public$|^extensions$/.test(schema)
    )
      throw new NotFollowed(`function "${schema}.${name}" is not known`)
  }

  /** Two branches of the rows of a branch. */
  #split(guard: string, condition: Value): { yes: string; no: string } {
    const [yes, no] = [this.state.freshName('in'), this.state.freshName('out')]
    const on = this.#isOn(guard)
    const opaque = condition.opaque[0] ?? this.state.opacityOf(guard)
    // A condition is computed only for the rows that come to it.
    const holds = `CASE WHEN ${on} THEN ${condition.sql} IS TRUE ELSE false END`
    this.state.set(new Map([[yes, { sql: holds, opaque }]]), { isVolatile: condition.isVolatile })
    this.state.set(new Map([[no, { sql: `(${on} AND NOT ${stateColumn(yes)})`, opaque }]]))
    return { yes, no }
  }

  async #branch(body: readonly Node[], guard: string): Promise<void> {
    if (body.length === 0 || (await this.#countOf(guard)) === 0) return
    await this.#list(body, guard)
  }

  async #if({ cond, then_body, elsif_list = [], else_body }: Node, guard: string): Promise<void> {
    let rest = guard
    const arms: [string, Node[]][] = [
      [queryOf(cond), then_body ?? []],
      ...elsif_list.map(({ PLpgSQL_if_elsif: { cond: other, stmts } }: Node) => [
        queryOf(other),
        stmts ?? [],
      ]),
    ]
    for (const [condition, body] of arms) {
      const { yes, no } = this.#split(rest, this.#expression(condition))
      await this.#branch(body, yes)
      rest = no
    }
    await this.#branch(else_body ?? [], rest)
  }

  async #case(
    { t_expr, t_varno, case_when_list, have_else, else_stmts }: Node,
    guard: string,
  ): Promise<void> {
    const { names } = this.firing.function
    const variable = names[t_varno] ?? ''
    if (t_expr) {
      const value = this.#expression(queryOf(t_expr))
      this.state.set(new Map([[`~var ${variable}`, { sql: value.sql, opaque: value.opaque[0] }]]))
    }
    let rest = guard
    for (const { PLpgSQL_case_when: one } of case_when_list) {
      const { yes, no } = this.#split(rest, this.#expression(queryOf(one.expr)))
      await this.#branch(one.stmts ?? [], yes)
      rest = no
    }
    if (have_else) await this.#branch(else_stmts ?? [], rest)
    else if ((await this.#countOf(rest)) !== 0) this.#needNone(rest, '20000', 'case not found')
  }

  async #assign({ varno, expr }: Node, guard: string): Promise<void> {
    const name = this.firing.function.names[varno ?? 0] ?? ''
    const [, target = '', value = ''] =
      /^\s*((?:"(?:[^"]|"")*"|[\w$])+(?:\s*\.\s*(?:"(?:[^"]|"")*"|[\w$]+))*)\s*:?=([\s\S]*)$/.exec(
        queryOf(expr),
      ) ?? []
    if (target === '') throw new NotFollowed(`a part of "${name}" is assigned`)
    this.#setName(name, this.#expression(value), guard)
  }

  /** Gives a field or a variable a value, for the rows of a branch. */
  #setName(name: string, value: Value, guard: string, from = ''): void {
    const type = this.#fieldType(name)
    const column = this.#columnOf(name)
    if (type === undefined || column === undefined) throw new NotFollowed(`"${name}" is assigned`)
    const sql = `CASE WHEN ${this.#isOn(guard)} THEN ${castTo(value.sql, type, 'assignment')} ELSE ${stateColumn(column)} END`
    const opaque = value.opaque[0] ?? this.#opacityOf(guard)[0]
    this.state.set(new Map([[column, { sql, opaque }]]), { isVolatile: value.isVolatile, from })
    this.#noteAssigned(name)
  }

  #noteAssigned(name: string): void {
    const field = /^new\.(.*)$/s.exec(name)?.[1]
    const column = field === undefined ? undefined : findColumn(this.firing.relation, field)
    if (column) this.assigned.add(column)
  }

  #fieldType(name: string): ColumnType | undefined {
    const field = /^(?:new|old)\.(.*)$/s.exec(name)?.[1]
    if (field !== undefined) {
      const column = findColumn(this.firing.relation, field)
      if (!column) throw new Missing('42703', `record "new" has no field "${field}"`)
      return column.type
    }
    if (name === 'found') return this.#typeOf('boolean') as ColumnType
    const type = this.#types.get(name)
    return type === 'record' ? undefined : type
  }

  /** RETURN ends the function; in a BEFORE trigger it also says what becomes of the row. */
  #return({ expr, retvarno }: Node, guard: string): void {
    const { trigger, event } = this.firing
    const on = this.#isOn(guard)
    if (trigger.isForEachRow && trigger.timing === 'before') {
      const row = this.#returnedRow(expr, retvarno)
      const opaque = this.#opacityOf(guard)[0]
      if (row === 'null') {
        this.mayDropRows = true
        if (opaque !== undefined) this.dropsOpaque ??= opaque
        const kept = this.state.has('~kept') ? `${stateColumn('~kept')} AND ` : ''
        this.state.set(new Map([['~kept', { sql: `(${kept}NOT ${on})`, opaque }]]))
      } else if (row === 'old' && event === 'update') {
        for (const column of this.firing.relation.columns) {
          const sql = `CASE WHEN ${this.#isOn(guard)} THEN ${stateColumn(oldColumn(column))} ELSE ${stateColumn(newColumn(column))} END`
          this.state.set(new Map([[newColumn(column), { sql, opaque }]]))
          this.assigned.add(column)
        }
      }
    }
    const still = this.#hasEnded
      ? `(${stateColumn('~on')} AND NOT ${stateColumn(guard)})`
      : `NOT ${stateColumn(guard)}`
    this.state.set(new Map([['~on', { sql: still }]]))
    this.#hasEnded = true
    this.#endsOpaque ??= this.#opacityOf(guard)[0]
  }

  #returnedRow(expr: Node | undefined, retvarno: number | undefined): 'new' | 'old' | 'null' {
    const real = (row: 'new' | 'old') => (isAbsent(row, this.firing.event) ? 'null' : row)
    if (!expr) {
      const name = this.firing.function.names[retvarno ?? 0]
      if (name !== 'new' && name !== 'old') throw new NotFollowed('it returns a row of its own')
      return real(name)
    }
    const tree = parseExpression(queryOf(expr))
    if (tree.A_Const?.isnull) return 'null'
    const rows: Node[] = tree.CoalesceExpr?.args ?? []
    const names = rows.map((one) => lastName(one.ColumnRef?.fields))
    const first = names.find((name) => (name === 'new' || name === 'old') && real(name) !== 'null')
    if (first === undefined) throw new NotFollowed('it returns a row of its own')
    return first as 'new' | 'old'
  }

  #raise({ elog_level: level, message, options = [], condname }: Node, guard: string): void {
    if (level !== undefined && level < error) return
    const option = (type: number): string | undefined => {
      const found = options.find(({ PLpgSQL_raise_option: one }: Node) => (one.opt_type ?? 0) === type)
      return found && parseExpression(queryOf(found.PLpgSQL_raise_option.expr)).A_Const?.sval?.sval
    }
    if (message === undefined && options.length === 0 && condname === undefined)
      throw new NotFollowed('RAISE again')
    const name = option(0) ?? condname ?? 'P0001'
    this.#needNone(guard, conditionState(name) ?? 'P0001', message ?? option(1) ?? name)
  }

  #assert({ cond }: Node, guard: string): void {
    const { no } = this.#split(guard, this.#expression(queryOf(cond)))
    this.#needNone(no, 'P0004', 'assertion failed')
  }

  /** No row may come to this branch. */
  #needNone(guard: string, sqlstate: string, message: string): void {
    const { relation, trigger, event } = this.firing
    const columns = trigger.isForEachRow ? sampleColumns(relation, event) : []
    this.walk.need({
      code: 'raised-exception',
      sqlstate,
      ...named(relation, trigger.name),
      title: `trigger "${trigger.name}" of ${shown(relation)} does not raise "${message}"`,
      question: {
        kind: 'rows',
        from: `${this.state.link} AS ${state}`,
        violation: this.#isOn(guard),
        sample: columns,
      },
      opaque: this.#opacityOf(guard),
    })
  }

  /** What the function computes may raise although nobody reads it. */
  #needComputable(guard: string): void {
    const { relation, trigger } = this.firing
    this.walk.need({
      code: 'invalid-value',
      sqlstate: '22000',
      ...named(relation, trigger.name),
      title: `trigger "${trigger.name}" of ${shown(relation)} can be computed`,
      question: { kind: 'evaluates', from: `${this.state.link} AS ${state}`, alias: state },
      opaque: this.#opacityOf(guard),
    })
  }

  async #execute(node: Node, guard: string): Promise<void> {
    const statement = parseStatement(queryOf(node.sqlstmt))
    const [kind = ''] = Object.keys(statement)
    if (kind === 'SelectStmt' && node.into) return this.#selectInto(statement, node, guard)
    if (kind === 'NotifyStmt') return
    if (!/^(Insert|Update|Delete)Stmt$/.test(kind) || node.into)
      throw new NotFollowed(`${kind.replace(/Stmt$/, '')} is not followed`)
    await this.#write(kind as 'InsertStmt', statement[kind] as Node, guard)
  }

  async #write(kind: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt', node: Node, guard: string): Promise<void> {
    const { relation, trigger } = this.firing
    const count = await this.#countOf(guard)
    if (count === 0) return
    this.#isOneRow = this.#isFew || count === 1
    const target = findRelation(this.walk.catalog, relationOf(node.relation))
    if (!target) throw this.#missingRelation(node.relation)
    if (kind !== 'DeleteStmt') assertColumns(target, kind === 'InsertStmt' ? node.cols : node.targetList)
    if (trigger.timing === 'before' && target === relation)
      throw new NotFollowed('it writes the table that is being written')
    if (this.#written.has(target) && !this.#isOneRow)
      throw new NotFollowed(`it writes "${target.name}" again, row by row`)
    const { replaced, opaque } = this.#substituted(node)
    this.#assertReadable(replaced)
    const rows = this.walk.content.chain.add(
      relation.name,
      `SELECT ${state}.* FROM ${this.state.link} AS ${state} WHERE ${this.#isOn(guard)} OFFSET 0`,
    )
    this.#written.add(target)
    const isThere = await followTriggerWrite(this.walk, {
      kind,
      node: replaced,
      target,
      rows,
      scope: this.#scope,
      isOneRow: this.#isOneRow,
      opaque: [...opaque, ...this.#opacityOf(guard)],
    })
    this.#isOneRow = this.#isFew
    this.state.set(
      new Map([
        [
          '~var found',
          isThere === undefined
            ? { sql: 'NULL::pg_catalog.bool', opaque: 'whether a statement of a trigger has hit a row' }
            : { sql: String(isThere) },
        ],
      ]),
    )
  }

  /** One row of a query for each row of the state; none gives NULLs. */
  async #selectInto(statement: Node, node: Node, guard: string): Promise<void> {
    const targets = targetsOf(node)
    const { names, fields, query } = await this.#queryOf(statement, guard)
    const heads = names.map((_, i) => `"~c${i}"`)
    const from = ` LEFT JOIN LATERAL (SELECT true AS "~there", "~q".* FROM (${query.sql}) AS "~q" (${heads.join(', ')}) LIMIT 1) AS "~l" ON ${this.#isOn(guard)}`
    const opaque = query.opaque[0] ?? this.#opacityOf(guard)[0]
    const record =
      targets.length === 1 && this.#types.get(targets[0] ?? '') === 'record' ? targets[0] : undefined
    const into = record === undefined ? targets : names.map((name) => `${record}.${name}`)
    if (record !== undefined) {
      this.#recordFields.set(record, names)
      names.forEach((name, i) => {
        this.#types.set(`${record}.${name}`, fields[i] as ColumnType)
      })
    }
    const values = new Map<string, { sql: string; opaque?: string | undefined }>()
    into.forEach((name, i) => {
      const type = this.#fieldType(name)
      if (type === undefined) throw new NotFollowed(`"${name}" is assigned`)
      const column = this.#columnOf(name) ?? `~var ${name}`
      const old = this.state.has(column) ? stateColumn(column) : 'NULL'
      const value = castTo(heads[i] === undefined ? 'NULL' : `"~l".${heads[i]}`, type, 'assignment')
      values.set(column, { sql: `CASE WHEN ${this.#isOn(guard)} THEN ${value} ELSE ${old} END`, opaque })
      this.#noteAssigned(name)
    })
    if (node.strict) {
      const isOne = `(SELECT pg_catalog.count(*) FROM (${query.sql}) AS "~q")`
      this.#needCount(
        guard,
        `${isOne} OPERATOR(pg_catalog.=) 0`,
        'P0002',
        'query returned no rows',
        query.opaque,
      )
      this.#needCount(
        guard,
        `${isOne} OPERATOR(pg_catalog.>) 1`,
        'P0003',
        'query returned more than one row',
        query.opaque,
      )
    }
    values.set('~var found', { sql: `("~l"."~there" IS TRUE)`, opaque })
    this.state.set(values, { from, isVolatile: query.isVolatile })
  }

  #needCount(
    guard: string,
    violation: string,
    sqlstate: string,
    message: string,
    opaque: readonly string[],
  ): void {
    const { yes } = this.#split(guard, { sql: `(${violation})`, opaque, isVolatile: false, readsState: true })
    this.#needNone(yes, sqlstate, message)
  }

  async #queryOf(statement: Node, guard: string) {
    const { replaced, opaque } = this.#substituted(statement)
    this.#isOneRow = this.#isFew || (await this.#countOf(guard)) === 1
    this.#assertReadable(replaced)
    this.#isOneRow = this.#isFew
    const rewritten = new Rewriter(this.walk.content, this.#scope).query(replaced)
    const answer = await this.walk.askCatalog(
      `SELECT "~q".* FROM ${this.state.link} AS ${state}, LATERAL (${rewritten.sql}) AS "~q" LIMIT 0`,
    )
    if (!answer) throw new NotFollowed('the columns of a query are not known')
    const types = new Map(this.walk.catalog.types.map((type) => [type.oid, type]))
    const fields = answer.fields.map(({ dataTypeID }): ColumnType => {
      const object = types.get(dataTypeID)
      return object ? { object, modifiers: '', isArray: false } : (this.#typeOf('text') as ColumnType)
    })
    const names = answer.fields.map(({ name }) => name)
    return { names, fields, query: { ...rewritten, opaque: [...opaque, ...rewritten.opaque] } }
  }

  /** PERFORM runs a query for what it does, and to know whether it finds anything. */
  async #perform(sql: string, guard: string): Promise<void> {
    const statement = parseStatement(sql)
    const target: Node | undefined = statement.SelectStmt?.targetList?.[0]?.ResTarget.val
    const isCall = target?.FuncCall && !statement.SelectStmt.fromClause
    if (isCall && changesNothing(lastName(target.FuncCall.funcname))) return
    const { query } = await this.#queryOf(statement, guard)
    const found = `CASE WHEN ${this.#isOn(guard)} THEN EXISTS (${query.sql}) ELSE ${stateColumn('~var found')} END`
    const opaque = query.opaque[0] ?? this.#opacityOf(guard)[0]
    this.state.set(new Map([['~var found', { sql: found, opaque }]]))
    if (!isCall) return
    const value = this.state.freshName('performed')
    this.state.set(
      new Map([
        [value, { sql: `CASE WHEN ${this.#isOn(guard)} THEN (${query.sql})::pg_catalog.text END`, opaque }],
      ]),
      { isVolatile: query.isVolatile },
    )
  }

  /** A part that is not followed: what it may set and write becomes unknown; a doubt only where it may fail. */
  #leave(part: readonly Node[], reason: string): void {
    const { relation, trigger, event, function: code } = this.firing
    const effects = effectsOf(this.walk.catalog, code, part, event)
    const why = `trigger "${trigger.name}" is not followed: ${reason}`
    for (const name of effects.sets) {
      const column = this.#columnOf(name)
      if (column !== undefined) this.state.blur(column, why)
      this.#noteAssigned(name)
      if (name === 'new') {
        for (const one of relation.columns) {
          this.state.blur(newColumn(one), why)
          this.assigned.add(one)
        }
      }
    }
    this.state.blur('~var found', why)
    for (const written of effects.writes) {
      this.walk.blur(written, why)
      this.#written.add(written)
    }
    this.#mayMakeTables ||= effects.isDynamic
    if (effects.isDynamic) blurWritten(this.walk, codeOf(part), why)
    if (effects.mayReturn) this.#endsOpaque ??= why
    if (effects.mayReturnNull && trigger.timing === 'before' && trigger.isForEachRow) this.dropsOpaque ??= why
    if (effects.mayFail || effects.isDynamic)
      this.walk.doubt(`trigger "${trigger.name}" may refuse a row: ${reason}`, relation.name)
  }
}

function assertColumns(target: Relation, list: readonly Node[] = []): void {
  for (const { ResTarget } of list) {
    if (!findColumn(target, ResTarget.name))
      throw new Missing('42703', `column "${ResTarget.name}" of relation "${target.name}" does not exist`)
  }
}

/** A row that comes has no OLD, one that goes no NEW, and a statement has neither. */
function isAbsent(row: string, event: Event): boolean {
  return (row === 'new' && event === 'delete') || (row === 'old' && event === 'insert')
}

/** The key of the row that a trigger is about, under its own names. */
function sampleColumns(relation: Relation, event: Event): string[] {
  const prefix = event === 'delete' ? '~old ' : '~new '
  return sampleOf(relation, keyOf(relation) ?? []).map((quoted) => {
    const name = quoted.slice(1, -1).replaceAll('""', '"')
    return `${stateColumn(`${prefix}${name}`)} AS ${quoteIdentifier(columnOf(relation, name).name)}`
  })
}
