import { quoteIdentifier, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { followDataStatement, followQuery } from '../data/statement.js'
import { findRelation } from '../lookup.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { mapTree, parseExpression, parseStatement, visitTree } from '../tree.js'
import { stateColumn } from '../triggers/row-state.js'
import { substitute } from '../triggers/substitute.js'
import { followTriggerWrite } from '../triggers/write.js'
import { rememberState } from '../undo.js'
import type { Walk } from '../walk.js'
import { conditionState } from './conditions.js'

/** What is followed: a statement by its kind and tree. */
export interface Followed {
  readonly kind: string
  readonly node: Node
  readonly sql: string
}

export type FollowStatement = (walk: Walk, statement: Followed, scope?: Scope) => Promise<void>

/** How a list of statements ended: with `exit outer`, it leaves the loop or block of that label. */
type End = 'next' | 'return' | 'exit' | 'continue' | `exit ${string}` | `continue ${string}`

/** More turns than this would make a chain too long to ask anything of. */
const mostTurns = 100

/** A block raised what one of its handlers may catch. */
class Raised extends Error {
  constructor(
    readonly sqlstate: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Runs a block of PL/pgSQL as far as it can be told: its variables are values read from the target, its statements go
 * into the chain. https://www.postgresql.org/docs/current/plpgsql-statements.html
 */
export class BlockRun {
  /** SQL of each variable's value; undefined where it is not known. */
  readonly #variables = new Map<string, string | undefined>()
  readonly #types = new Map<string, string>()
  #names: string[] = []
  /** A query of the rows that the last statement hit. */
  #hit: string | undefined
  /** SQL of what stands for $1, $2 … in the text that EXECUTE … USING runs. */
  #parameters: string[] = []
  #asksFound = false

  constructor(
    private readonly walk: Walk,
    private readonly follow: FollowStatement,
  ) {}

  /** @throws NotFollowed */
  async run(datums: readonly Node[], block: Node): Promise<void> {
    this.#names = datums.map(nameOfDatum(datums))
    this.#asksFound = /\bfound\b/i.test(JSON.stringify(block))
    for (const { PLpgSQL_var, PLpgSQL_rec } of datums) {
      const variable: Node | undefined = PLpgSQL_var ?? PLpgSQL_rec
      if (!variable) continue
      this.#types.set(variable.refname, variable.datatype?.PLpgSQL_type?.typname ?? 'text')
      if (this.#isRecord(variable.refname)) continue
      // The parser leaves out what such a variable begins with.
      if (PLpgSQL_rec) {
        this.#variables.set(variable.refname, undefined)
        continue
      }
      if (variable.default_val) await this.#assign(variable.refname, queryOf(variable.default_val))
      else this.#set(variable.refname, null)
    }
    try {
      await this.#block(block)
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      this.walk.fail({
        code: 'raised-exception',
        sqlstate: error.sqlstate,
        object: 'DO',
        message: error.message,
      })
    }
  }

  async #block({ body = [], exceptions, label }: Node): Promise<End> {
    if (!exceptions) {
      const end = await this.#list(body)
      return label !== undefined && end === `exit ${label}` ? 'next' : end
    }
    const handlers: Node[] = exceptions.PLpgSQL_exception_block.exc_list.map(
      (one: Node) => one.PLpgSQL_exception,
    )
    const before = this.walk.requirements.length
    const undo = rememberState(this.walk)
    try {
      const end = await this.#list(body, handlers)
      return end
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      const handler = handlers.find((one) => catches(one, error.sqlstate))
      if (!handler) throw error
      undo()
      this.walk.requirements.splice(before)
      return this.#list(handler.action ?? [])
    }
  }

  async #list(statements: readonly Node[] = [], handlers: readonly Node[] = []): Promise<End> {
    for (const statement of statements) {
      const [[kind, node] = ['', {}]] = Object.entries(statement) as [string, Node][]
      const refused = handlers.length > 0 ? await this.#refusal(kind, node) : undefined
      if (refused && handlers.some((handler) => catches(handler, refused)))
        throw new Raised(refused, 'refused')
      const before = this.walk.requirements.length
      const end = await this.#statement(kind.replace(/^PLpgSQL_stmt_/, ''), node)
      if (handlers.length > 0) await this.#raiseViolated(before, handlers)
      if (end !== 'next') return end
    }
    return 'next'
  }

  /** What the rows refuse, a handler may catch: then the block goes on there, so it is asked at once. */
  async #raiseViolated(from: number, handlers: readonly Node[]): Promise<void> {
    const asked = this.walk.requirements.splice(from)
    for (const requirement of asked) {
      const outcome = await this.walk.outcomeOf(requirement)
      if (outcome.kind === 'holds') continue
      const isCaught = handlers.some((handler) => catches(handler, requirement.sqlstate))
      if (outcome.kind === 'violated' && requirement.mayPass === undefined) {
        if (handlers.some((handler) => catches(handler, outcome.sqlstate)))
          throw new Raised(outcome.sqlstate, requirement.title)
      } else if (isCaught) throw new NotFollowed('whether a block catches what the rows refuse is not known')
      this.walk.requirements.push(requirement)
    }
  }

  /** SQLSTATE that the server will refuse a statement of the block with, whatever the rows. */
  async #refusal(kind: string, node: Node): Promise<string | undefined> {
    const sql = kind === 'PLpgSQL_stmt_execsql' ? queryOf(node.sqlstmt) : undefined
    if (sql === undefined) return undefined
    const parsed = parseStatement(sql)
    const [own = ''] = Object.keys(parsed)
    const refusal = await this.walk.refusalOf({
      index: 0,
      line: this.walk.place.line,
      sql,
      kind: own,
      node: parsed[own] as Node,
    })
    return refusal?.isCertain ? refusal.sqlstate : undefined
  }

  async #statement(kind: string, node: Node): Promise<End> {
    switch (kind) {
      case 'block':
        return this.#block(node)
      case 'assign':
        await this.#assignStatement(node)
        return 'next'
      case 'execsql':
        await this.#execute(queryOf(node.sqlstmt), node)
        return 'next'
      case 'dynexecute':
        return this.#using(node.params, async () => {
          await this.#execute(await this.#text(queryOf(node.query)), node)
          return 'next'
        })
      case 'perform':
        await this.#follow(queryOf(node.expr))
        return 'next'
      case 'if':
        return this.#if(node)
      case 'case':
        return this.#case(node)
      case 'raise':
        return this.#raise(node)
      case 'assert':
        if (!(await this.#isTrue(queryOf(node.cond)))) throw new Raised('P0004', 'assertion failed')
        return 'next'
      case 'getdiag':
        await this.#getDiagnostics(node)
        return 'next'
      case 'fori':
        return this.#forInteger(node)
      case 'fors':
        return this.#forQuery(node, queryOf(node.query))
      case 'dynfors':
        return this.#using(node.params, async () =>
          this.#forQuery(node, await this.#text(queryOf(node.query))),
        )
      case 'foreach_a':
        return this.#forEach(node)
      case 'while':
        return this.#loop(node, async () => this.#isTrue(queryOf(node.cond)))
      case 'loop':
        return this.#loop(node, async () => true)
      case 'exit':
        if (node.cond && !(await this.#isTrue(queryOf(node.cond)))) return 'next'
        return endOf(node.is_exit ? 'exit' : 'continue', node.label)
      case 'return':
        return 'return'
      case 'commit':
      case 'rollback':
        throw new NotFollowed(`${kind.toUpperCase()} in a DO block`)
      default:
        throw new NotFollowed(`${kind} in a DO block`)
    }
  }

  get #scope(): Scope {
    const known = [...this.#variables].filter((entry): entry is [string, string] => entry[1] !== undefined)
    return { ...emptyScope, variables: new Map(known) }
  }

  /** Runs a part with values for $1, $2 … */
  async #using(params: readonly Node[] | undefined, run: () => Promise<End>): Promise<End> {
    const outer = this.#parameters
    const given: string[] = []
    for (const { PLpgSQL_expr } of params ?? []) {
      const type = await this.#value(`pg_catalog.pg_typeof(${PLpgSQL_expr.query})`)
      const value = await this.#value(PLpgSQL_expr.query)
      const literal = value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
      given.push(type === null || type === 'unknown' ? literal : `CAST(${literal} AS ${type})`)
    }
    this.#parameters = given
    try {
      return await run()
    } finally {
      this.#parameters = outer
    }
  }

  #parse(sql: string): Node {
    const statement = parseStatement(sql)
    if (this.#parameters.length === 0) return statement
    return mapTree(statement, (kind, node) => {
      const value = kind === 'ParamRef' ? this.#parameters[(node.number ?? 0) - 1] : undefined
      return value === undefined ? undefined : parseExpression(value)
    })
  }

  async #execute(sql: string, { into, target, strict }: Node): Promise<void> {
    if (!into) return this.#follow(sql)
    const { rows, names } = await this.#rows(sql, strict ? 2 : 1)
    if (strict && rows.length !== 1)
      throw new Raised(rows.length === 0 ? 'P0002' : 'P0003', 'query returned not exactly one row')
    this.#set('found', rows.length > 0 ? 'true' : 'false')
    this.#bind(target, rows[0] ?? {}, names)
  }

  /** A statement of the block without a result. */
  async #follow(sql: string): Promise<void> {
    const parsed = this.#parse(sql)
    const [kind = ''] = Object.keys(parsed)
    const node = parsed[kind] as Node
    this.#assertKnown(sql)
    if (/^(Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
      this.#hit = await followDataStatement(this.walk, kind as 'UpdateStmt', node, this.#scope)
      if (this.#asksFound) this.#set('found', (await this.#countHit()) === '0' ? 'false' : 'true')
      else this.#variables.set('found', undefined)
      return
    }
    await this.follow(this.walk, { kind, node, sql }, this.#scope)
  }

  /** A value that is not known must not be taken for a column. */
  #assertKnown(sql: string): void {
    for (const [name, value] of this.#variables) {
      if (value === undefined && new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`, 'i').test(sql)) {
        throw new NotFollowed(`the value of "${name}" is not known`)
      }
    }
  }

  async #if({ cond, then_body, elsif_list = [], else_body }: Node): Promise<End> {
    if (await this.#isTrue(queryOf(cond))) return this.#list(then_body)
    for (const { PLpgSQL_if_elsif: other } of elsif_list) {
      if (await this.#isTrue(queryOf(other.cond))) return this.#list(other.stmts)
    }
    return this.#list(else_body)
  }

  async #case({ t_expr, t_varno, case_when_list, have_else, else_stmts }: Node): Promise<End> {
    if (t_expr) {
      const name = this.#names[t_varno] ?? ''
      // A bare literal takes the type of what it is compared with.
      this.#types.set(name, 'record')
      await this.#assign(name, queryOf(t_expr))
    }
    for (const { PLpgSQL_case_when: one } of case_when_list)
      if (await this.#isTrue(queryOf(one.expr))) return this.#list(one.stmts)
    if (!have_else) throw new Raised('20000', 'case not found')
    return this.#list(else_stmts)
  }

  async #loop({ body, label }: Node, goesOn: () => Promise<boolean>): Promise<End> {
    for (let turn = 0; await goesOn(); turn += 1) {
      if (turn >= mostTurns) throw new NotFollowed('a loop of many turns')
      const end = await this.#list(body)
      if (end === 'exit' || end === endOf('exit', label)) return 'next'
      if (end !== 'next' && end !== 'continue' && end !== endOf('continue', label)) return end
    }
    return 'next'
  }

  async #forInteger(node: Node): Promise<End> {
    const { var: variable, lower, upper, step, reverse } = node
    const name = variable.PLpgSQL_var.refname
    const [from, to] = [Number(await this.#text(queryOf(lower))), Number(await this.#text(queryOf(upper)))]
    const by = step ? Number(await this.#text(queryOf(step))) : 1
    if (by <= 0) throw new Raised('22023', 'BY value of FOR loop must be greater than zero')
    let i = reverse ? from + by : from - by
    return this.#loop(node, async () => {
      i += reverse ? -by : by
      this.#set(name, String(i))
      return reverse ? i >= to : i <= to
    })
  }

  async #forQuery(node: Node, sql: string): Promise<End> {
    const { var: variable, body } = node
    const { rows, names, query } = await this.#rows(sql, mostTurns + 1)
    const [only, ...more] = body as Node[]
    if (rows.length > mostTurns && only?.PLpgSQL_stmt_execsql && more.length === 0) {
      await this.#forAll(variable, names, query, only.PLpgSQL_stmt_execsql)
      return 'next'
    }
    let i = -1
    return this.#loop(node, async () => {
      i += 1
      const row = rows[i]
      if (row) this.#bind(variable, row, names)
      return row !== undefined
    })
  }

  /** A loop of one statement over many rows comes to one statement for all of them. */
  async #forAll(variable: Node, names: readonly string[], query: string, node: Node): Promise<void> {
    const parsed = this.#parse(queryOf(node.sqlstmt))
    const [kind = ''] = Object.keys(parsed)
    const target = findRelation(this.walk.catalog, relationOf(parsed[kind]?.relation ?? {}))
    if (!/^(Insert|Update|Delete)Stmt$/.test(kind) || !target || node.into)
      throw new NotFollowed('a loop of many turns')
    const into = this.#targetOf(variable)
    const record = 'record' in into ? into.record : undefined
    const fields = 'record' in into ? names.map((name) => `${record}.${name}`) : into.variables
    const heads = fields.map((name) => quoteIdentifier(`~${name}`))
    const rows = this.walk.content.chain.add('loop', `SELECT * FROM (${query}) AS q (${heads.join(', ')})`, {
      isVolatile: true,
    })
    const statement = substitute(parsed[kind] as Node, {
      sqlOf: (name) => (fields.includes(name) ? stateColumn(`~${name}`) : undefined),
      fieldsOf: (name) => (name === record ? names : undefined),
      isAbsent: () => false,
      used: () => undefined,
    })
    visitTree(statement, (inner, { relname }) => {
      if (inner === 'RangeVar' && relname === target.name)
        throw new NotFollowed(`a loop of many turns reads "${target.name}", which it writes`)
    })
    await followTriggerWrite(this.walk, {
      kind: kind as 'UpdateStmt',
      node: statement,
      target,
      rows,
      scope: this.#scope,
      isOneRow: false,
      opaque: [],
    })
    this.#hit = undefined
    this.#variables.set('found', undefined)
  }

  async #forEach(node: Node): Promise<End> {
    const { varno, expr } = node
    const name = this.#names[varno] ?? ''
    const { rows } = await this.#rows(`SELECT e FROM pg_catalog.unnest(${queryOf(expr)}) AS e`, mostTurns + 1)
    let i = -1
    return this.#loop(node, async () => {
      i += 1
      const row = rows[i]
      if (row) this.#set(name, row['0'] ?? null)
      return row !== undefined
    })
  }

  async #raise({ elog_level: level, message, options = [], condname, params = [] }: Node): Promise<End> {
    const error = 21
    if (level !== undefined && level < error) return 'next'
    if (message === undefined && options.length === 0 && condname === undefined)
      throw new NotFollowed('RAISE again')
    const option = (type: number) =>
      options.find(({ PLpgSQL_raise_option: one }: Node) => (one.opt_type ?? 0) === type)
        ?.PLpgSQL_raise_option
    const code = option(0)
    const name = code ? await this.#text(queryOf(code.expr)) : String(condname ?? 'P0001')
    const said = option(1)
    const values: string[] = []
    for (const { PLpgSQL_expr } of params) values.push(await this.#text(PLpgSQL_expr.query).catch(() => '…'))
    const text = said
      ? await this.#text(queryOf(said.expr))
      : String(message ?? condname).replace(/%%|%/g, (one) => (one === '%' ? (values.shift() ?? '%') : '%'))
    throw new Raised(conditionState(name) ?? name, text)
  }

  async #getDiagnostics({ diag_items }: Node): Promise<void> {
    for (const { PLpgSQL_diag_item: item } of diag_items) {
      const name = this.#names[item.target] ?? ''
      if (item.kind !== 'ROW_COUNT') this.#variables.set(name, undefined)
      else this.#set(name, await this.#countHit())
    }
  }

  async #countHit(): Promise<string | null> {
    if (this.#hit === undefined) return '0'
    return this.#ask(`SELECT pg_catalog.count(*)::text AS v FROM (${this.#hit}) AS hit`)
  }

  async #assignStatement({ varno, expr }: Node): Promise<void> {
    const name = this.#names[varno] ?? ''
    const [, target = '', value = ''] = /^\s*([^:=]+?)\s*:?=([\s\S]*)$/.exec(queryOf(expr)) ?? []
    if (target.toLowerCase().replaceAll('"', '') !== name.toLowerCase())
      throw new NotFollowed(`a part of "${name}" is assigned`)
    await this.#assign(name, value)
  }

  async #assign(name: string, expression: string): Promise<void> {
    this.#set(name, await this.#value(expression))
  }

  /** NULL is null. */
  #set(name: string, value: string | null): void {
    const type = this.#types.get(name) ?? 'text'
    const literal = value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
    this.#variables.set(name, /%|\brecord\b/i.test(type) ? literal : `CAST(${literal} AS ${type})`)
  }

  /** The parser takes a type of a schema, or one whose name is quoted, for a record, and a row type for a scalar. */
  #isRecord(name: string): boolean {
    const type = this.#types.get(name) ?? 'record'
    if (type === 'record' || /%rowtype$/i.test(type)) return true
    const names = parseExpression(`NULL::${type.replace(/%type$/i, '')}`).TypeCast.typeName.names
    return findRelation(this.walk.catalog, relationOfParts(names)) !== undefined
  }

  /** What a query is read into: the name of a record, or those of variables. */
  #targetOf(target: Node): { record: string } | { variables: string[] } {
    const fields: string[] | undefined = target.PLpgSQL_row?.fields.map(({ name }: Node) => name)
    const only = target.PLpgSQL_rec?.refname ?? (fields?.length === 1 ? fields[0] : undefined)
    if (only !== undefined && this.#isRecord(only)) return { record: only }
    if (only === undefined && !fields) throw new NotFollowed('a variable of a kind that is not followed')
    return { variables: fields ?? [only] }
  }

  #bind(target: Node, row: Readonly<Record<string, string | null>>, names: readonly string[]): void {
    const into = this.#targetOf(target)
    if ('variables' in into) {
      for (const [i, name] of into.variables.entries()) this.#set(name, row[i] ?? null)
      return
    }
    for (const [i, name] of names.entries()) {
      this.#types.set(`${into.record}.${name}`, this.#fieldTypes[i] ?? 'text')
      this.#set(`${into.record}.${name}`, row[i] ?? null)
    }
  }

  #fieldTypes: string[] = []

  /** The rows of a query over the future contents, as text, and the names of its columns. */
  async #rows(
    sql: string,
    most: number,
  ): Promise<{ rows: Record<string, string | null>[]; names: string[]; query: string }> {
    this.#assertKnown(sql)
    const statement = this.#parse(sql)
    const select = statement.SelectStmt ?? returningQuery(statement)
    const { query, scope } = await followQuery(this.walk, select, this.#scope)
    const rewritten = new Rewriter(this.walk.content, scope).query(query)
    if (rewritten.opaque[0] !== undefined) throw new NotFollowed(rewritten.opaque[0])
    const shape = await this.walk.askCatalog(`SELECT * FROM (${rewritten.sql}) AS q LIMIT 0`)
    if (!shape) throw new NotFollowed('a query of the block could not be asked')
    const names = shape.fields.map(({ name }) => name)
    const types = new Map(this.walk.catalog.types.map((type) => [type.oid, type.live]))
    this.#fieldTypes = shape.fields.map(({ dataTypeID }) => types.get(dataTypeID) ?? 'pg_catalog.text')
    const heads = names.map((_, i) => `"c${i}"`).join(', ')
    const list = names.map((_, i) => `"c${i}"::pg_catalog.text AS "${i}"`).join(', ')
    const few = `SELECT * FROM (WITH q (${heads}) AS MATERIALIZED (${rewritten.sql}) SELECT ${list} FROM q LIMIT ${most}) AS few`
    const answer = await this.walk.ask(few)
    if (!answer) throw new NotFollowed('a query of the block could not be asked')
    if (!statement.SelectStmt) {
      // What is put in is computed again by every question: a random value would be another each time.
      const again = await this.walk.ask(few)
      if (JSON.stringify(again?.rows) !== JSON.stringify(answer.rows))
        throw new NotFollowed('a value of the block is random')
    }
    return { rows: answer.rows as Record<string, string | null>[], names, query: rewritten.sql }
  }

  async #isTrue(expression: string): Promise<boolean> {
    return (await this.#value(`(${expression})::pg_catalog.bool`)) === 'true'
  }

  async #text(expression: string): Promise<string> {
    const value = await this.#value(expression)
    if (value === null) throw new NotFollowed('NULL stands where text is needed')
    return value
  }

  async #value(expression: string): Promise<string | null> {
    this.#assertKnown(expression)
    const { sql, opaque, isVolatile } = new Rewriter(this.walk.content, this.#scope).expression(
      parseExpression(expression),
    )
    if (opaque[0] !== undefined) throw new NotFollowed(opaque[0])
    if (isVolatile) throw new NotFollowed('a value of the block is random')
    return this.#ask(`SELECT (${sql})::pg_catalog.text AS v`)
  }

  async #ask(sql: string): Promise<string | null> {
    const answer = await this.walk.ask(sql)
    if (!answer) throw new NotFollowed('a value of the block could not be asked')
    return answer.rows[0]?.v as string | null
  }
}

function endOf(how: 'exit' | 'continue', label: string | undefined): End {
  return label === undefined ? how : `${how} ${label}`
}

/** `INSERT … RETURNING id`, as a query of what it returns. */
function returningQuery(statement: Node): Node {
  if (!/^(Insert|Update|Delete)Stmt$/.test(Object.keys(statement)[0] ?? ''))
    throw new NotFollowed('a query of the block is no SELECT')
  const template = parseStatement('WITH "~returning" AS (SELECT 1) SELECT * FROM "~returning"').SelectStmt
  template.withClause.ctes[0].CommonTableExpr.ctequery = statement
  return template
}

function queryOf(expression: Node): string {
  return expression.PLpgSQL_expr.query
}

function nameOfDatum(datums: readonly Node[]): (datum: Node) => string {
  const nameOf = (datum: Node | undefined): string => {
    if (datum?.PLpgSQL_recfield)
      return `${nameOf(datums[datum.PLpgSQL_recfield.recparentno])}.${datum.PLpgSQL_recfield.fieldname}`
    return datum?.PLpgSQL_var?.refname ?? datum?.PLpgSQL_rec?.refname ?? ''
  }
  return nameOf
}

function catches({ conditions }: Node, sqlstate: string): boolean {
  return conditions.some(
    ({ PLpgSQL_condition: { condname } }: Node) =>
      condname === 'others' || conditionState(condname) === sqlstate,
  )
}
