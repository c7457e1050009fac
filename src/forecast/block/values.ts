import { relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { followQuery } from '../data/statement.js'
import { findRelation } from '../lookup.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { mapTree, parseExpression, parseStatement } from '../tree.js'
import type { Walk } from '../walk.js'
import { nameOfDatum, queryOf, returningQuery } from './trees.js'

/**
 * What a block knows: its variables are values read from the target, and what it reads is asked of the contents that the
 * statements before have made.
 */
export class BlockValues {
  /** SQL of each variable's value; undefined where it is not known. */
  readonly #variables = new Map<string, string | undefined>()
  readonly #types = new Map<string, string>()
  #names: string[] = []
  /** SQL of what stands for $1, $2 … in the text that EXECUTE … USING runs. */
  #parameters: string[] = []
  #fieldTypes: string[] = []

  constructor(private readonly walk: Walk) {}

  /** Declares the variables with what they begin with. @throws NotFollowed */
  async begin(datums: readonly Node[]): Promise<void> {
    this.#names = datums.map(nameOfDatum(datums))
    for (const { PLpgSQL_var, PLpgSQL_rec } of datums) {
      const variable: Node | undefined = PLpgSQL_var ?? PLpgSQL_rec
      if (!variable) continue
      this.declare(variable.refname, variable.datatype?.PLpgSQL_type?.typname ?? 'text')
      if (this.isRecord(variable.refname)) continue
      // The parser leaves out what such a variable begins with.
      if (PLpgSQL_rec) {
        this.forget(variable.refname)
        continue
      }
      if (variable.default_val) await this.assign(variable.refname, queryOf(variable.default_val))
      else this.set(variable.refname, null)
    }
  }

  /** What the parser knows by a number. */
  nameOf(number: number): string {
    return this.#names[number] ?? ''
  }

  declare(name: string, type: string): void {
    this.#types.set(name, type)
  }

  /** From here on its value is not known. */
  forget(name: string): void {
    this.#variables.set(name, undefined)
  }

  /** The variables whose value is known, for what reads them. */
  get scope(): Scope {
    const known = [...this.#variables].filter((entry): entry is [string, string] => entry[1] !== undefined)
    return { ...emptyScope, variables: new Map(known) }
  }

  /** Runs a part with values for $1, $2 … */
  async using<T>(params: readonly Node[] | undefined, run: () => Promise<T>): Promise<T> {
    const outer = this.#parameters
    const given: string[] = []
    for (const { PLpgSQL_expr } of params ?? []) {
      const type = await this.value(`pg_catalog.pg_typeof(${PLpgSQL_expr.query})`)
      const value = await this.value(PLpgSQL_expr.query)
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

  /** A statement of the block, with the values of its parameters in it. */
  parse(sql: string): Node {
    const statement = parseStatement(sql)
    if (this.#parameters.length === 0) return statement
    return mapTree(statement, (kind, node) => {
      const value = kind === 'ParamRef' ? this.#parameters[(node.number ?? 0) - 1] : undefined
      return value === undefined ? undefined : parseExpression(value)
    })
  }

  /** Whether a message of the server is about a name that is one of a variable, or a record, here. */
  areNamedIn(message: string): boolean {
    const words = new Set(message.match(/[\w.]+/g)?.flatMap((word) => [word, ...word.split('.')]))
    return [...this.#variables.keys()].some((name) => name.split('.').some((part) => words.has(part)))
  }

  /** A value that is not known must not be taken for a column. */
  assertKnown(sql: string): void {
    for (const [name, value] of this.#variables) {
      if (value === undefined && new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`, 'i').test(sql)) {
        throw new NotFollowed(`the value of "${name}" is not known`)
      }
    }
  }

  /** @throws NotFollowed where the value cannot be told */
  async assign(name: string, expression: string): Promise<void> {
    this.set(name, await this.value(expression))
  }

  /** NULL is null. */
  set(name: string, value: string | null): void {
    const type = this.#types.get(name) ?? 'text'
    const literal = value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
    this.#variables.set(name, /%|\brecord\b/i.test(type) ? literal : `CAST(${literal} AS ${type})`)
  }

  /** The parser takes a type of a schema, or one whose name is quoted, for a record, and a row type for a scalar. */
  isRecord(name: string): boolean {
    const type = this.#types.get(name) ?? 'record'
    if (type === 'record' || /%rowtype$/i.test(type)) return true
    const names = parseExpression(`NULL::${type.replace(/%type$/i, '')}`).TypeCast.typeName.names
    return findRelation(this.walk.catalog, relationOfParts(names)) !== undefined
  }

  /** What a query is read into: the name of a record, or those of variables. */
  targetOf(target: Node): { record: string } | { variables: string[] } {
    const fields: string[] | undefined = target.PLpgSQL_row?.fields.map(({ name }: Node) => name)
    const only = target.PLpgSQL_rec?.refname ?? (fields?.length === 1 ? fields[0] : undefined)
    if (only !== undefined && this.isRecord(only)) return { record: only }
    if (only === undefined && !fields) throw new NotFollowed('a variable of a kind that is not followed')
    return { variables: fields ?? [only] }
  }

  /** Puts a row into the record or the variables that a query is read into. */
  bind(target: Node, row: Readonly<Record<string, string | null>>, names: readonly string[]): void {
    const into = this.targetOf(target)
    if ('variables' in into) {
      for (const [i, name] of into.variables.entries()) this.set(name, row[i] ?? null)
      return
    }
    for (const [i, name] of names.entries()) {
      this.#types.set(`${into.record}.${name}`, this.#fieldTypes[i] ?? 'text')
      this.set(`${into.record}.${name}`, row[i] ?? null)
    }
  }

  /** The rows of a query over the future contents, as text, and the names of its columns. */
  async rows(
    sql: string,
    most: number,
  ): Promise<{ rows: Record<string, string | null>[]; names: string[]; query: string }> {
    this.assertKnown(sql)
    const statement = this.parse(sql)
    const select = statement.SelectStmt ?? returningQuery(statement)
    const { query, scope } = await followQuery(this.walk, select, this.scope)
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

  /** @throws NotFollowed where it cannot be told */
  async isTrue(expression: string): Promise<boolean> {
    return (await this.value(`(${expression})::pg_catalog.bool`)) === 'true'
  }

  /** @throws NotFollowed where it is NULL, or cannot be told */
  async text(expression: string): Promise<string> {
    const value = await this.value(expression)
    if (value === null) throw new NotFollowed('NULL stands where text is needed')
    return value
  }

  /** The value of an expression as text. @throws NotFollowed where it cannot be told */
  async value(expression: string): Promise<string | null> {
    this.assertKnown(expression)
    const { sql, opaque, isVolatile } = new Rewriter(this.walk.content, this.scope).expression(
      parseExpression(expression),
    )
    if (opaque[0] !== undefined) throw new NotFollowed(opaque[0])
    if (isVolatile) throw new NotFollowed('a value of the block is random')
    return this.ask(`SELECT (${sql})::pg_catalog.text AS v`)
  }

  /** The one value `v` that a question gives. @throws NotFollowed */
  async ask(sql: string): Promise<string | null> {
    const answer = await this.walk.ask(sql)
    if (!answer) throw new NotFollowed('a value of the block could not be asked')
    return answer.rows[0]?.v as string | null
  }
}
