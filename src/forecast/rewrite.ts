import { relationOf, relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import { castTo, labelsAsText, liveTypeText, NotFollowed } from './casts.js'
import { answeredCatalogs, catalogQuery, changingCatalogs } from './catalog-queries.js'
import type { Content } from './content.js'
import { inlined } from './inline.js'
import { findFunctions, findRelation, findSequence } from './lookup.js'
import type { Column, ReadRelation, Relation, SequenceObject } from './model.js'
import { changesNothing, standInFor } from './outward-functions.js'
import { hiddenRowsOf } from './row-security.js'
import {
  boundColumn,
  boundRelation,
  boundType,
  deparseExpression,
  deparseFrom,
  deparseQuery,
  lastName,
  mapTree,
  namesOf,
  parseExpression,
  visitTree,
} from './tree.js'
import { typeOf } from './types.js'

/** What the names in a statement stand for beside the relations of the catalog. */
export interface Scope {
  /** Names of WITH items; a link of the chain where the item has become one. */
  readonly items: ReadonlyMap<string, string | undefined>
  /** Of those, the ones that a row of the target meets at most once. */
  readonly uniqueItems?: ReadonlySet<string>
  /** All parts of one statement see the rows as they were before it. */
  readonly before?: ReadonlyMap<Relation, string>
  /** Numbers the rows that take values from a sequence, from 0; by default all rows of the query. */
  readonly rowNumber?: string
  /** Variables of a DO block, as SQL. */
  readonly variables?: ReadonlyMap<string, string>
}

export const emptyScope: Scope = { items: new Map() }

/** A piece of SQL over today's tables, and what is to be known of it. */
export interface Rewritten {
  readonly sql: string
  /** Why its value cannot be known; empty when it can. */
  readonly opaque: readonly string[]
  /** Two evaluations may differ. */
  readonly isVolatile: boolean
  /** Sequences that each row takes a value from. */
  readonly takes: readonly SequenceObject[]
}

const volatileFunctions: ReadonlySet<string> = new Set([
  ...[
    'random',
    'gen_random_uuid',
    'uuid_generate_v4',
    'uuid_generate_v1',
    'uuid_generate_v1mc',
    'uuidv7',
    'uuidv4',
  ],
  ...['clock_timestamp', 'timeofday', 'gen_random_bytes', 'nextval', 'gen_salt', 'cuid', 'nanoid'],
])

/**
 * Rewrites pieces of the migrations' statements so that today's server, which knows nothing of the statements before
 * them, gives the value that they will have. One rewriter serves one piece.
 */
export class Rewriter {
  readonly #opaque = new Set<string>()
  readonly #columnNames = new Set<string>()
  /** Columns that something is ordered by or compared with. */
  readonly #orderedNames = new Set<string>()
  readonly #reads = new Set<Relation>()
  readonly #boundReads: ReadRelation[] = []
  readonly #takes = new Set<SequenceObject>()
  #isVolatile = false

  constructor(
    private readonly content: Content,
    private readonly scope: Scope = emptyScope,
  ) {}

  /** @throws NotFollowed, NotDeparsed */
  expression(tree: Node, over: readonly Relation[] = []): Rewritten {
    return this.#done(() => deparseExpression(this.#rewrite(tree, this.scope)), over)
  }

  /** @throws NotFollowed, NotDeparsed */
  query(tree: Node, over: readonly Relation[] = []): Rewritten {
    return this.#done(() => deparseQuery(this.#rewrite(tree, this.scope)), over)
  }

  /** What stands after FROM or USING. @throws NotFollowed, NotDeparsed */
  from(fromClause: readonly Node[]): Rewritten {
    return this.#done(() => deparseFrom(this.#rewrite([...fromClause], this.scope)), [])
  }

  #done(make: () => string, over: readonly Relation[]): Rewritten {
    const sql = make()
    for (const relation of [...over, ...this.#reads]) {
      if (this.#reads.has(relation) && relation.opaque !== undefined) this.#opaque.add(relation.opaque)
      for (const { name, opaque, type } of relation.columns) {
        // Its values are text to today's server, which orders them otherwise.
        if (type.object.kind === 'enum' && !type.object.live && this.#orderedNames.has(name))
          this.#opaque.add(`the order of enum "${type.object.name}" is not known to the server yet`)
        const isRead =
          this.#columnNames.has(name) || this.#columnNames.has('*') || this.#columnNames.has(relation.name)
        if (opaque !== undefined && isRead) this.#opaque.add(opaque)
      }
    }
    for (const { relation, columns } of this.#boundReads) {
      if (relation.opaque !== undefined) this.#opaque.add(relation.opaque)
      for (const { column, name } of columns)
        if (column.opaque !== undefined && (this.#columnNames.has(name) || this.#columnNames.has('*')))
          this.#opaque.add(column.opaque)
    }
    return { sql, opaque: [...this.#opaque], isVolatile: this.#isVolatile, takes: [...this.#takes] }
  }

  #rewrite<T>(tree: T, scope: Scope): T {
    return mapTree(tree, (kind, node) => this.#node(kind, node, scope))
  }

  #node(kind: string, node: Node, scope: Scope): unknown {
    switch (kind) {
      case 'SelectStmt':
        return node.withClause ? { SelectStmt: this.#withItems(node, scope) } : undefined
      case 'RangeVar':
        return this.#relation(node, scope)
      case 'ColumnRef':
        return this.#column(node, scope)
      case 'A_Star':
        this.#columnNames.add('*')
        return undefined
      case 'TypeCast':
        return this.#cast(node, scope)
      case 'FuncCall':
        return this.#function(node, scope)
      case 'SortBy':
      case 'MinMaxExpr':
        this.#order(node)
        return undefined
      case 'A_Expr':
        if (/^[<>]=?$/.test(lastName(node.name)) || /BETWEEN/.test(node.kind)) this.#order(node)
        return undefined
      case 'SetToDefault':
        throw new NotFollowed('DEFAULT stands where it is not followed')
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        throw new NotFollowed('a statement that writes stands inside a query')
      default:
        return undefined
    }
  }

  #order(node: Node): void {
    visitTree(node, (kind, inner) => {
      if (kind === 'ColumnRef') this.#orderedNames.add(inner[boundColumn]?.name ?? lastName(inner.fields))
    })
  }

  /** The names of a WITH hide relations of the same name, each from its own place on. */
  #withItems(select: Node, scope: Scope): Node {
    const items = new Map(scope.items)
    const all: string[] = select.withClause.ctes.map((cte: Node) => cte.CommonTableExpr.ctename)
    if (select.withClause.recursive) for (const name of all) items.set(name, undefined)
    const ctes = select.withClause.ctes.map((cte: Node) => {
      const { ctequery, ...rest } = cte.CommonTableExpr
      const rewritten = this.#rewrite(ctequery, { ...scope, items: new Map(items) })
      items.set(rest.ctename, undefined)
      return { CommonTableExpr: { ...rest, ctequery: rewritten } }
    })
    const { withClause, ...rest } = select
    const body = this.#rewrite(rest, { ...scope, items })
    return { ...body, withClause: { ...withClause, ctes } }
  }

  #relation(node: Node & { [boundRelation]?: ReadRelation }, scope: Scope): Node | undefined {
    const name = relationOf(node)
    const bound = node[boundRelation]
    if (bound) {
      this.#boundReads.push(bound)
      this.#noteHiddenRows(bound.relation)
      return rangeVar(this.content.readAs(bound), node.alias ?? { aliasname: name.name })
    }
    if (name.schema === undefined && scope.items.has(name.name)) {
      const link = scope.items.get(name.name)
      return link === undefined ? undefined : rangeVar(link, node.alias ?? { aliasname: name.name })
    }
    const relation = findRelation(this.content.catalog, name)
    if (!relation) return this.#unknownRelation(node)
    this.#reads.add(relation)
    this.#noteHiddenRows(relation)
    const source = scope.before?.get(relation) ?? this.content.read(relation)
    return rangeVar(source, node.alias ?? { aliasname: name.name })
  }

  #noteHiddenRows(relation: Relation): void {
    const reason = hiddenRowsOf(this.content.catalog, relation)
    if (reason !== undefined) this.#opaque.add(reason)
  }

  /** The server's own catalogs answer for today; where the chain has changed what they would say, ours answers. */
  #unknownRelation(node: Node): Node | undefined {
    const { schema, name } = relationOf(node)
    const isServers = schema === 'pg_catalog' || schema === 'information_schema' || /^pg_/.test(name)
    if (!isServers) throw new NotFollowed(`relation "${name}" is not known`)
    if (!this.content.isCatalogChanged) return undefined
    if (!answeredCatalogs.has(name)) {
      if (changingCatalogs.has(name)) this.#opaque.add(`what "${name}" will say is not followed`)
      return undefined
    }
    const { opaque } = this.content.catalog
    if (opaque !== undefined) this.#opaque.add(opaque)
    const link = this.content.chain.add(
      name,
      catalogQuery(this.content.catalog, name, (one) => this.content.numberOf(one)),
    )
    return rangeVar(link, node.alias ?? { aliasname: name })
  }

  #column(node: Node & { [boundColumn]?: Column }, scope: Scope): Node | undefined {
    const bound = node[boundColumn]
    if (bound) {
      this.#columnNames.add(bound.name)
      if (bound.opaque !== undefined) this.#opaque.add(bound.opaque)
      return { ColumnRef: { fields: [{ String: { sval: bound.name } }] } }
    }
    const names = namesOf(node.fields)
    for (const name of names) this.#columnNames.add(name)
    if (node.fields.some((field: Node) => field.A_Star)) this.#columnNames.add('*')
    const variable = scope.variables?.get(names.join('.'))
    if (variable !== undefined) return parseExpression(variable)
    // schema.table.column: the relation is read under its own name.
    return node.fields.length === 3 ? { ColumnRef: { ...node, fields: node.fields.slice(1) } } : undefined
  }

  #cast(node: Node, scope: Scope): Node | undefined {
    const target = lastName(node.typeName.names)
    const text = node.arg.A_Const?.sval?.sval
    if (target === 'regclass' && typeof text === 'string' && !node.typeName.arrayBounds)
      return this.#regclass(text)
    const type = typeOf(this.content.catalog, node.typeName, (node as { [boundType]?: never })[boundType])
    const arg = this.#rewrite(node.arg, scope)
    // The base types are the same on every server, and their words stay as they were written.
    if (type.object.schema === 'pg_catalog') return { TypeCast: { ...node, arg } }
    if (type.object.live !== undefined) {
      const typeName = parseExpression(`NULL::${liveTypeText(type)}`).TypeCast.typeName
      return { TypeCast: { ...node, arg, typeName } }
    }
    return replaceParameter(parseExpression(castTo('$1', type, 'explicit')), arg)
  }

  /** `'"User"'::regclass`: what the name means at this point of the chain. */
  #regclass(text: string): Node | undefined {
    if (!this.content.isCatalogChanged) return undefined
    const parts = [...text.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, quoted, plain]) =>
      quoted === undefined ? (plain ?? '').toLowerCase() : quoted.replaceAll('""', '"'),
    )
    const relation = findRelation(
      this.content.catalog,
      relationOfParts(parts.map((sval) => ({ String: { sval } }))),
    )
    if (!relation) throw new NotFollowed(`relation ${text} is not known`)
    return parseExpression(`${this.content.numberOf(relation)}::pg_catalog.oid`)
  }

  #function(node: Node, scope: Scope): Node | undefined {
    const name = lastName(node.funcname)
    if (name === 'max' || name === 'min') this.#order(node)
    if (volatileFunctions.has(name)) this.#isVolatile = true
    if (name === 'nextval') return this.#nextval(node)
    if (name === 'enum_range') return this.#enumRange(node)
    const standIn = standInFor(name)
    if (standIn !== undefined) return parseExpression(standIn)
    if (name === 'setval') throw new NotFollowed('setval stands inside a query')
    // What they give is always void.
    if (changesNothing(name) && !name.includes('try')) return parseExpression("''::pg_catalog.text")
    const { catalog } = this.content
    const called = relationOfParts(node.funcname)
    const known = findFunctions(catalog, called)
    if (known.some(({ isLive }) => !isLive)) {
      const [one] = known
      const value = one && known.length === 1 && !node.args ? inlined(one) : undefined
      if (value) return this.#rewrite(value, scope)
      this.#opaque.add(`function "${name}" is made by the migrations`)
      return { A_Const: { isnull: true } }
    }
    const reason = catalog.reasonAgainst?.(called)
    if (reason !== undefined) throw new NotFollowed(reason)
    if (known.some(({ body }) => this.content.isAnyChanged(body)))
      this.#opaque.add(`function "${name}" reads a table that the migrations change`)
    if (known.some(({ volatility }) => volatility === 'volatile')) this.#isVolatile = true
    // to_regclass('x') IS NULL asks whether it is there.
    if (name === 'to_regclass' && this.content.isCatalogChanged) {
      const text = node.args?.[0]?.A_Const?.sval?.sval
      if (typeof text === 'string') {
        try {
          return this.#regclass(text)
        } catch {
          return parseExpression('NULL::pg_catalog.regclass')
        }
      }
    }
    void scope
    return undefined
  }

  /** `enum_range(NULL::"Status")`: the labels of an enum that today's server has not, or not as it is by then. */
  #enumRange({ args }: Node): Node | undefined {
    const [cast, ...more] = (args ?? []).map((arg: Node) => arg.TypeCast)
    if (!cast?.arg.A_Const?.isnull || more.length > 0) return undefined
    const { object } = typeOf(
      this.content.catalog,
      cast.typeName,
      (cast as { [boundType]?: never })[boundType],
    )
    if (object.kind !== 'enum' || object.live !== undefined) return undefined
    return parseExpression(labelsAsText(object))
  }

  #nextval(node: Node): Node {
    const arg = node.args?.[0]
    const text = arg?.TypeCast?.arg?.A_Const?.sval?.sval ?? arg?.A_Const?.sval?.sval
    const parts = [...String(text ?? '').matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    )
    const sequence = findSequence(
      this.content.catalog,
      relationOfParts(parts.map((sval) => ({ String: { sval } }))),
    )
    if (!sequence) throw new NotFollowed('a sequence is not known')
    return parseExpression(this.nextValues(sequence))
  }

  /** The values that a sequence gives to the rows of a query, one each, as SQL over its row number. */
  nextValues(sequence: SequenceObject): string {
    this.#isVolatile = true
    if (this.#takes.has(sequence)) throw new NotFollowed(`a row takes two values from "${sequence.name}"`)
    this.#takes.add(sequence)
    for (const reason of this.content.opacityOfNext(sequence)) this.#opaque.add(reason)
    const rowNumber = this.scope.rowNumber ?? '(pg_catalog.row_number() OVER () OPERATOR(pg_catalog.-) 1)'
    const taken = [rowNumber, ...sequence.taken].join(' OPERATOR(pg_catalog.+) ')
    return `(${this.content.nextValueOf(sequence)} OPERATOR(pg_catalog.+) (${sequence.increment} OPERATOR(pg_catalog.*) (${taken})))`
  }
}

/** A relation of a FROM list: a quoted link, or today's table as `"schema"."name"`. */
function rangeVar(source: string, alias: Node): Node {
  const parts = [...source.matchAll(/"((?:[^"]|"")*)"/g)].map(([, name]) =>
    (name ?? '').replaceAll('""', '"'),
  )
  const [schemaname, relname] = parts.length > 1 ? parts : [undefined, parts[0]]
  return {
    RangeVar: { ...(schemaname ? { schemaname } : {}), relname, inh: true, relpersistence: 'p', alias },
  }
}

/** Puts a tree in the place of `$1`. */
function replaceParameter(template: Node, argument: Node): Node {
  return mapTree(template, (kind) => (kind === 'ParamRef' ? argument : undefined))
}

/** Whether a function's text holds a statement that changes anything. */
export function writes(body: string): boolean {
  return /\b(insert\s+into|update\s[^;]*?\sset|delete\s+from|truncate|create\s+(table|index|temp)|alter\s+table|drop\s+(table|index|type)|merge\s+into|execute)\b/i.test(
    body,
  )
}
