import { maskValue } from '../../domain/quoted-values.js'
import { showsValues } from '../../effects/shown-values.js'
import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { followDataStatement } from '../data/statement.js'
import { findRelation } from '../lookup.js'
import type { Scope } from '../rewrite.js'
import { parseStatement, visitTree } from '../tree.js'
import { stateColumn } from '../triggers/row-state.js'
import { substitute } from '../triggers/substitute.js'
import { followTriggerWrite } from '../triggers/write.js'
import { rememberState } from '../undo.js'
import type { Refusal, Walk } from '../walk.js'
import { conditionState } from './conditions.js'
import { Raised } from './raised.js'
import { catches, catchesRefusals, queryOf } from './trees.js'
import { BlockValues } from './values.js'

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

/**
 * Runs a block of PL/pgSQL as far as it can be told: its variables are values read from the target, its statements go
 * into the chain. https://www.postgresql.org/docs/current/plpgsql-statements.html
 */
export class BlockRun {
  /** A query of the rows that the last statement hit. */
  #hit: string | undefined
  #asksFound = false
  private readonly values: BlockValues

  constructor(
    private readonly walk: Walk,
    private readonly follow: FollowStatement,
  ) {
    this.values = new BlockValues(walk)
  }

  /** @throws NotFollowed */
  async run(datums: readonly Node[], block: Node): Promise<void> {
    await this.values.begin(datums)
    this.#asksFound = /\bfound\b/i.test(JSON.stringify(block))
    try {
      await this.#block(block)
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      const { sqlstate, message, refused } = error
      const { code = 'raised-exception', object = 'DO' } = refused ?? {}
      this.walk.fail({ code, sqlstate, object, message })
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
    const mark = await this.walk.codeOnTwin?.mark()
    try {
      const end = await this.#list(body, handlers)
      await mark?.keep()
      return end
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      const handler = handlers.find((one) => catches(one, error.sqlstate))
      if (!handler) throw error
      await mark?.undo()
      undo()
      this.walk.requirements.splice(before)
      return this.#list(handler.action ?? [])
    }
  }

  async #list(statements: readonly Node[] = [], handlers: readonly Node[] = []): Promise<End> {
    for (const statement of statements) {
      const [[kind, node] = ['', {}]] = Object.entries(statement) as [string, Node][]
      const refused = handlers.length > 0 ? await this.#refusal(kind, node, handlers) : undefined
      if (refused && handlers.some((handler) => catches(handler, refused.sqlstate)))
        throw new Raised(refused.sqlstate, refused.message)
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

  /**
   * What the server will refuse a statement of the block with, whatever the rows. Of definitions the twin says it when it comes
   * to them.
   */
  async #refusal(kind: string, node: Node, handlers: readonly Node[]): Promise<Refusal | undefined> {
    const sql = kind === 'PLpgSQL_stmt_execsql' ? queryOf(node.sqlstmt) : undefined
    if (sql === undefined) return undefined
    const { codeOnTwin } = this.walk
    if (!codeOnTwin) {
      if (!handlers.some(catchesRefusals)) return undefined
      throw new NotFollowed('whether a block catches what the server refuses is not known')
    }
    const parsed = parseStatement(sql)
    const [own = ''] = Object.keys(parsed)
    const refusal = await codeOnTwin.judge({ kind: own, node: parsed[own] as Node, sql })
    // What is no column there may be a variable of the block.
    return refusal && this.values.areNamedIn(refusal.message) ? undefined : refusal
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
        return this.values.using<End>(node.params, async () => {
          const sql = await this.values.text(queryOf(node.query))
          const refused = this.walk.refusedCommands.find((one) => one.sql === sql)?.refusal
          if (refused) throw new Raised(refused.sqlstate, refused.message)
          await this.#execute(sql, node)
          return 'next'
        })
      case 'perform':
        await this.#perform(queryOf(node.expr))
        return 'next'
      case 'if':
        return this.#if(node)
      case 'case':
        return this.#case(node)
      case 'raise':
        return this.#raise(node)
      case 'assert':
        if (!(await this.values.isTrue(queryOf(node.cond)))) throw new Raised('P0004', 'assertion failed')
        return 'next'
      case 'getdiag':
        await this.#getDiagnostics(node)
        return 'next'
      case 'fori':
        return this.#forInteger(node)
      case 'fors':
        return this.#forQuery(node, queryOf(node.query))
      case 'dynfors':
        return this.values.using(node.params, async () =>
          this.#forQuery(node, await this.values.text(queryOf(node.query))),
        )
      case 'foreach_a':
        return this.#forEach(node)
      case 'while':
        return this.#loop(node, async () => this.values.isTrue(queryOf(node.cond)))
      case 'loop':
        return this.#loop(node, async () => true)
      case 'exit':
        if (node.cond && !(await this.values.isTrue(queryOf(node.cond)))) return 'next'
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

  async #execute(sql: string, { into, target, strict }: Node): Promise<void> {
    if (!into) return this.#follow(sql)
    const { rows, names } = await this.values.rows(sql, strict ? 2 : 1)
    if (strict && rows.length !== 1)
      throw new Raised(rows.length === 0 ? 'P0002' : 'P0003', 'query returned not exactly one row')
    this.values.set('found', rows.length > 0 ? 'true' : 'false')
    this.values.bind(target, rows[0] ?? {}, names)
  }

  /** A statement of the block without a result. */
  async #follow(sql: string): Promise<void> {
    const parsed = this.values.parse(sql)
    const [kind = ''] = Object.keys(parsed)
    const node = parsed[kind] as Node
    this.values.assertKnown(sql)
    if (/^(Insert|Update|Delete|Merge)Stmt$/.test(kind)) {
      this.#hit = await followDataStatement(this.walk, kind as 'UpdateStmt', node, this.values.scope)
      if (this.#asksFound) this.values.set('found', (await this.#countHit()) === '0' ? 'false' : 'true')
      else this.values.forget('found')
      return
    }
    await this.follow(this.walk, { kind, node, sql }, this.values.scope)
  }

  /** FOUND is whether the query gives a row. */
  async #perform(sql: string): Promise<void> {
    await this.#follow(sql)
    if (!this.#asksFound) return
    // What it writes must not be followed twice.
    if (/\b(insert|update|delete|merge)\b/i.test(sql)) return this.values.forget('found')
    try {
      const { rows } = await this.values.rows(sql, 1)
      this.values.set('found', rows.length > 0 ? 'true' : 'false')
    } catch (error) {
      if (!(error instanceof NotFollowed)) throw error
      this.values.forget('found')
    }
  }

  async #if({ cond, then_body, elsif_list = [], else_body }: Node): Promise<End> {
    if (await this.values.isTrue(queryOf(cond))) return this.#list(then_body)
    for (const { PLpgSQL_if_elsif: other } of elsif_list) {
      if (await this.values.isTrue(queryOf(other.cond))) return this.#list(other.stmts)
    }
    return this.#list(else_body)
  }

  async #case({ t_expr, t_varno, case_when_list, have_else, else_stmts }: Node): Promise<End> {
    if (t_expr) {
      const name = this.values.nameOf(t_varno)
      // A bare literal takes the type of what it is compared with.
      this.values.declare(name, 'record')
      await this.values.assign(name, queryOf(t_expr))
    }
    for (const { PLpgSQL_case_when: one } of case_when_list)
      if (await this.values.isTrue(queryOf(one.expr))) return this.#list(one.stmts)
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
    const [from, to] = [
      Number(await this.values.text(queryOf(lower))),
      Number(await this.values.text(queryOf(upper))),
    ]
    const by = step ? Number(await this.values.text(queryOf(step))) : 1
    if (by <= 0) throw new Raised('22023', 'BY value of FOR loop must be greater than zero')
    let i = reverse ? from + by : from - by
    return this.#loop(node, async () => {
      i += reverse ? -by : by
      this.values.set(name, String(i))
      return reverse ? i >= to : i <= to
    })
  }

  async #forQuery(node: Node, sql: string): Promise<End> {
    const { var: variable, body } = node
    const { rows, names, query } = await this.values.rows(sql, mostTurns + 1)
    const [only, ...more] = body as Node[]
    if (rows.length > mostTurns && only?.PLpgSQL_stmt_execsql && more.length === 0) {
      await this.#forAll(variable, names, query, only.PLpgSQL_stmt_execsql)
      return 'next'
    }
    let i = -1
    return this.#loop(node, async () => {
      i += 1
      const row = rows[i]
      if (row) this.values.bind(variable, row, names)
      return row !== undefined
    })
  }

  /** A loop of one statement over many rows comes to one statement for all of them. */
  async #forAll(variable: Node, names: readonly string[], query: string, node: Node): Promise<void> {
    const parsed = this.values.parse(queryOf(node.sqlstmt))
    const [kind = ''] = Object.keys(parsed)
    const target = findRelation(this.walk.catalog, relationOf(parsed[kind]?.relation ?? {}))
    if (!/^(Insert|Update|Delete)Stmt$/.test(kind) || !target || node.into)
      throw new NotFollowed('a loop of many turns')
    const into = this.values.targetOf(variable)
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
      scope: this.values.scope,
      isOneRow: false,
      opaque: [],
    })
    this.#hit = undefined
    this.values.forget('found')
  }

  async #forEach(node: Node): Promise<End> {
    const { varno, expr } = node
    const name = this.values.nameOf(varno)
    const { rows } = await this.values.rows(
      `SELECT e FROM pg_catalog.unnest(${queryOf(expr)}) AS e`,
      mostTurns + 1,
    )
    let i = -1
    return this.#loop(node, async () => {
      i += 1
      const row = rows[i]
      if (row) this.values.set(name, row['0'] ?? null)
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
    const name = code ? await this.values.text(queryOf(code.expr)) : String(condname ?? 'P0001')
    const said = option(1)
    const values: string[] = []
    for (const { PLpgSQL_expr } of params)
      values.push(shownValue(await this.values.text(PLpgSQL_expr.query).catch(() => '…')))
    const text = said
      ? shownText(queryOf(said.expr), await this.values.text(queryOf(said.expr)))
      : String(message ?? condname).replace(/%%|%/g, (one) => (one === '%' ? (values.shift() ?? '%') : '%'))
    throw new Raised(conditionState(name) ?? name, text)
  }

  async #getDiagnostics({ diag_items }: Node): Promise<void> {
    for (const { PLpgSQL_diag_item: item } of diag_items) {
      const name = this.values.nameOf(item.target)
      if (item.kind !== 'ROW_COUNT') this.values.forget(name)
      else this.values.set(name, await this.#countHit())
    }
  }

  async #countHit(): Promise<string | null> {
    if (this.#hit === undefined) return '0'
    return this.values.ask(`SELECT pg_catalog.count(*)::text AS v FROM (${this.#hit}) AS hit`)
  }

  async #assignStatement({ varno, expr }: Node): Promise<void> {
    const name = this.values.nameOf(varno)
    const [, target = '', value = ''] = /^\s*([^:=]+?)\s*:?=([\s\S]*)$/.exec(queryOf(expr)) ?? []
    if (target.toLowerCase().replaceAll('"', '') !== name.toLowerCase())
      throw new NotFollowed(`a part of "${name}" is assigned`)
    await this.values.assign(name, value)
  }
}

/** What is told of a value in the words of a RAISE: it may be one of a row. */
function shownValue(value: string): string {
  return showsValues() ? value : maskValue(value)
}

/** A text that stands in the file is no value. */
function shownText(query: string, text: string): string {
  return /^\s*(SELECT\s+)?'(?:[^']|'')*'\s*$/i.test(query) ? text : shownValue(text)
}

function endOf(how: 'exit' | 'continue', label: string | undefined): End {
  return label === undefined ? how : `${how} ${label}`
}
