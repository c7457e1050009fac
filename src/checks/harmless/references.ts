import { parseSync } from 'libpg-query'
import { type RelationName, relationOf, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'

/** A function or an operator that is used. */
export interface Used {
  readonly name: RelationName
  /** No column stands among its arguments, so that the planner may compute it beforehand. */
  readonly isConstant: boolean
}

/** What a piece of SQL names and so may run. Gathered from its tree; what the names mean is for the server's catalog to say. */
export class References {
  readonly functions: Used[] = []
  readonly operators: Used[] = []
  readonly types: RelationName[] = []
  readonly relations: RelationName[] = []
  /** Every name that may be one of a column. */
  readonly names = new Set<string>()
  /** `(row).name` calls a function of that name where the row has no such column. */
  readonly fields = new Set<string>()
  /** A column may be read that is not named. */
  readsAllColumns = false
  /** The tables into which it writes. */
  readonly written: RelationName[] = []
  /** The kind of a statement in it that does more than ask, or the reason why it could not be read. */
  acts: string | undefined

  /** Takes along what a tree names. */
  add(tree: unknown): this {
    this.#visit(tree)
    return this
  }

  #visit(tree: unknown): void {
    if (typeof tree !== 'object' || tree === null) return
    if (Array.isArray(tree)) {
      for (const one of tree) this.#visit(one)
      return
    }
    for (const [key, value] of Object.entries(tree as Node)) {
      if (typeof value !== 'object' || value === null) continue
      this.#node(key, value)
      this.#visit(value)
    }
  }

  #node(kind: string, node: Node): void {
    switch (kind) {
      case 'FuncCall': {
        const name = relationOfParts(node.funcname)
        const tried = typeTriedBy(name, node)
        if (tried !== undefined) {
          this.add(tried)
          break
        }
        this.functions.push({ name, isConstant: !hasColumn(node.args) })
        // `name(value)` is also a way to write a cast.
        this.types.push(name)
        break
      }
      case 'RangeTableSample':
        this.functions.push({ name: relationOfParts(node.method ?? []), isConstant: true })
        break
      case 'A_Expr':
        for (const name of operatorsOf(node)) this.operators.push({ name, isConstant: !hasColumn(node) })
        break
      case 'SubLink':
        // Without a name it is `IN`, which is `=`.
        if (node.subLinkType === 'ANY_SUBLINK' || node.subLinkType === 'ALL_SUBLINK')
          this.#operator(node.operName ? relationOfParts(node.operName) : equals)
        break
      case 'CaseExpr':
        if (node.arg) this.#operator(equals)
        break
      case 'SortBy':
        if (node.useOp) this.#operator(relationOfParts(node.useOp))
        break
      case 'JoinExpr':
        if (node.isNatural || node.usingClause) this.#operator(equals)
        if (node.isNatural) this.readsAllColumns = true
        for (const one of node.usingClause ?? []) this.names.add(one.String.sval)
        break
      case 'typeName':
      case 'argType':
      case 'returnType':
        this.types.push(relationOfParts(node.names ?? []))
        break
      case 'RangeVar':
        this.relations.push(relationOf(node))
        if (node.alias?.colnames) this.readsAllColumns = true
        // A name that stands for a whole row: a column reference of it is found among the names.
        if (node.alias?.aliasname) this.#aliases.add(node.alias.aliasname)
        else this.#aliases.add(node.relname)
        break
      case 'A_Star':
        this.readsAllColumns = true
        break
      case 'ColumnRef':
        this.#column(node)
        break
      case 'A_Indirection':
        for (const one of node.indirection ?? []) if (one.String) this.fields.add(one.String.sval)
        break
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        this.written.push(relationOf(node.relation))
        this.relations.push(relationOf(node.relation))
        break
      case 'IntoClause':
      case 'intoClause':
        this.acts = 'it writes'
        break
      default:
        if (/^[A-Z]\w+Stmt$/.test(kind) && !queries.has(kind))
          this.acts ??= `${kind.replace(/Stmt$/, '')} is no query`
    }
  }

  readonly #aliases = new Set<string>()

  /** Whether a whole row of a relation may be read, also by the name of its alias. */
  get readsWholeRows(): boolean {
    return this.readsAllColumns || [...this.#aliases].some((alias) => this.names.has(alias))
  }

  #operator(name: RelationName): void {
    this.operators.push({ name, isConstant: false })
  }

  #column(node: Node): void {
    const parts: string[] = (node.fields ?? []).flatMap((one: Node) => one.String?.sval ?? [])
    for (const part of parts) this.names.add(part)
    const last = parts.at(-1)
    if (parts.length > 1 && last !== undefined) this.fields.add(last)
  }
}

/**
 * The type whose input function `pg_input_is_valid(…, 'type')` calls, as a tree; undefined of any other call, also where the
 * type is not told: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-VALIDITY
 */
function typeTriedBy({ name }: RelationName, { args }: Node): Node | undefined {
  const type = name === 'pg_input_is_valid' ? args?.[1]?.A_Const?.sval?.sval : undefined
  if (typeof type !== 'string') return undefined
  const { stmts = [] } = parseSync(`SELECT NULL::${type}`)
  return stmts[0]?.stmt as Node
}

const equals: RelationName = { name: '=' }

/** Statements that only ask. */
const queries: ReadonlySet<string> = new Set(['SelectStmt', 'ReturnStmt', 'RawStmt'])

function hasColumn(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  return Object.entries(tree).some(
    ([key, value]) => key === 'ColumnRef' || key === 'ParamRef' || hasColumn(value),
  )
}

/** https://www.postgresql.org/docs/current/functions-comparison.html: BETWEEN and its like are written with operators. */
function operatorsOf(node: Node): RelationName[] {
  const between: Readonly<Record<string, string[]>> = {
    AEXPR_BETWEEN: ['>=', '<='],
    AEXPR_NOT_BETWEEN: ['<', '>'],
    AEXPR_BETWEEN_SYM: ['>=', '<='],
    AEXPR_NOT_BETWEEN_SYM: ['<', '>'],
  }
  return between[node.kind]?.map((name) => ({ name })) ?? [relationOfParts(node.name ?? [])]
}
