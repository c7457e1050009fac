import { parseSync } from 'libpg-query'
import type { RelationName } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { namesOfPath } from '../../sql/search-path.js'
import { referencesOfFunction } from './body.js'
import { firstOwnOid } from './built-in.js'
import { References, type Used } from './references.js'
import type { OwnFunction, OwnOperator, OwnRelation, OwnType, ServerCode } from './server-code.js'
import { isTrusted, isTrustedExtension } from './trusted-extensions.js'

/** A name as it is looked for: in these schemas. */
type Path = readonly string[]

/** Something that would be run, or looked into, and who leads to it. */
type Part =
  | { readonly kind: 'text'; readonly references: References; readonly path: Path; readonly by?: OwnFunction }
  | { readonly kind: 'planned'; readonly references: References; readonly path: Path }
  | {
      readonly kind: 'function'
      readonly function: OwnFunction
      readonly path: Path
      readonly by?: OwnFunction
    }
  | { readonly kind: 'type'; readonly type: OwnType }
  | { readonly kind: 'relation'; readonly relation: OwnRelation; readonly isInView: boolean }

/** A piece of SQL whose operators and casts are settled when all types that may come up are known. */
interface Waiting {
  readonly used: Used
  readonly path: Path
}

export interface JudgeOptions {
  /** Names of functions that will be there when it is run, and cannot be looked at yet. */
  readonly coming?: ReadonlySet<string>
  /** Whether rows of a table of this name may be written; of none where it is missing. */
  readonly mayWrite?: (table: RelationName) => boolean
}

/** What is computed without a statement that says so. */
export interface Judged {
  readonly trees: readonly Node[]
  readonly relations: readonly RelationName[]
  readonly types: readonly RelationName[]
}

/**
 * Tells of SQL whether the target may run it for us: whether all that it could run there is known to be harmless.
 *
 * The server would know best which function a name means, but it tells nobody without planning the query, and planning
 * computes constant calls of IMMUTABLE functions: to ask would be to act. So names are resolved here, and where Postgres
 * chooses among several of one name by the types of the arguments, all of them must be harmless. That errs on one side
 * only: what is called harmless is.
 *
 * What runs without being named counts too: the operators behind IN, BETWEEN and USING, the defaults of arguments, the
 * input, output and comparison of every type that may come up, the CHECKs of domains, casts, the queries of views, the
 * policies of row security, columns that are computed when they are read, and operator classes of indexes.
 */
export class Judge {
  readonly #functions: ReadonlyMap<string, OwnFunction[]>
  readonly #operators: ReadonlyMap<string, OwnOperator[]>
  readonly #types: ReadonlyMap<string, OwnType[]>
  readonly #relations: ReadonlyMap<string, OwnRelation[]>
  readonly #functionByOid: ReadonlyMap<number, OwnFunction>
  readonly #typeByOid: ReadonlyMap<number, OwnType>
  readonly #relationByOid: ReadonlyMap<number, OwnRelation>
  readonly #relationByRowType: ReadonlyMap<number, OwnRelation>
  readonly #bodies = new Map<OwnFunction, References>()
  readonly #texts = new Map<string, References>()
  readonly #reasons = new Map<string, string | undefined>()

  /** Where names are looked for: also where they were when the server printed its texts. */
  readonly #path: Path

  readonly #coming: ReadonlySet<string>
  readonly #mayWrite: NonNullable<JudgeOptions['mayWrite']>

  /** @param path the search path in which the questions will be asked */
  constructor(
    private readonly code: ServerCode,
    path: Path = [],
    { coming = new Set(), mayWrite = () => false }: JudgeOptions = {},
  ) {
    this.#coming = coming
    this.#mayWrite = mayWrite
    this.#path = [...new Set([...path, ...code.path])]
    this.#functions = byName(code.functions)
    this.#operators = byName(code.operators)
    this.#types = byName(code.types)
    this.#relations = byName(code.relations)
    this.#functionByOid = new Map(code.functions.map((one) => [one.oid, one]))
    this.#typeByOid = new Map(code.types.map((one) => [one.oid, one]))
    this.#relationByOid = new Map(code.relations.map((one) => [one.oid, one]))
    this.#relationByRowType = new Map(
      code.relations.flatMap((one) => one.rowTypes.map((type) => [type, one] as const)),
    )
  }

  /** Why the target may not run a statement for us; undefined when all that it could run is harmless. */
  reasonAgainst(sql: string): string | undefined {
    if (!this.#reasons.has(sql)) this.#reasons.set(sql, this.#judge(this.#read(sql)))
    return this.#reasons.get(sql)
  }

  /** Why a function of this name may not be called; undefined when every function that the name may mean is harmless. */
  reasonAgainstFunction(name: RelationName): string | undefined {
    const key = JSON.stringify(name)
    if (!this.#reasons.has(key)) {
      const references = new References()
      references.functions.push({ name, isConstant: false })
      this.#reasons.set(key, this.#judge(references))
    }
    return this.#reasons.get(key)
  }

  /**
   * Why these expressions may not be computed over all columns of these relations, nor values of these types be read;
   * undefined when all that this could run is harmless.
   */
  reasonAgainstTrees({ trees, relations, types }: Judged): string | undefined {
    const references = new References().add(trees)
    references.relations.push(...relations)
    references.types.push(...types)
    references.readsAllColumns = true
    return this.#judge(references)
  }

  #read(sql: string): References {
    const references = new References()
    try {
      for (const { stmt } of parseSync(sql).stmts ?? []) references.add(stmt)
    } catch (error) {
      references.acts = `it cannot be read (${(error as Error).message})`
    }
    return references
  }

  #judge(references: References): string | undefined {
    return new Inquiry(this).reasonAgainst({ kind: 'text', references, path: this.#path })
  }

  /** What it leads to, or why it is not harmless. */
  expand(part: Part): Expansion | string {
    switch (part.kind) {
      case 'text':
        return this.#ofReferences(part.references, part.path, part.by, false)
      case 'planned':
        return this.#ofPlanned(part.references, part.path)
      case 'function':
        return this.#ofFunction(part.function, part.path, part.by)
      case 'type':
        return this.#ofType(part.type)
      case 'relation':
        return this.#ofRelation(part.relation, part.isInView)
    }
  }

  #ofReferences(
    references: References,
    path: Path,
    by: OwnFunction | undefined,
    isInView: boolean,
  ): Expansion | string {
    const isRefused = references.written.some((table) => !this.#mayWrite(table))
    const acts = isRefused ? 'it writes' : references.acts
    if (acts !== undefined) return by ? `${named(by)} is not only a question: ${acts}; ${rule}` : acts
    const parts: Part[] = []
    for (const { name } of references.functions) {
      if (this.#isActingName(name) || this.#coming.has(name.name)) return mayAct(name.name, by)
      for (const one of this.#named(this.#functions, name, path))
        parts.push({ kind: 'function', function: one, path, ...(by ? { by } : {}) })
      if (/ts(query|vector)|^ts_/.test(name.name)) parts.push(...this.#ofOids(this.code.textSearch, path))
    }
    for (const name of references.fields)
      for (const one of this.#named(this.#functions, { name }, path))
        if (one.takesRow) parts.push({ kind: 'function', function: one, path, ...(by ? { by } : {}) })
    for (const name of references.types) parts.push(...this.#ofTypeName(name, path))
    for (const name of references.relations)
      for (const relation of this.#named(this.#relations, name, path)) {
        parts.push({ kind: 'relation', relation, isInView })
        for (const { name: column, type } of relation.columns)
          if (references.readsWholeRows || references.names.has(column)) parts.push(...this.#ofTypeOid(type))
      }
    const comingOperator = references.operators.find(({ name }) => this.#coming.has(name.name))
    if (comingOperator) return mayAct(comingOperator.name.name, by)
    if (references.operators.some(({ name }) => name.name.startsWith('@@')))
      parts.push(...this.#ofOids(this.code.textSearch, path))
    return { parts, operators: references.operators.map((used) => ({ used, path })) }
  }

  /** The planner computes what is constant in it; and a function in SQL it may write out, and look into that. */
  #ofPlanned(references: References, path: Path): Expansion | string {
    const constant = new References()
    constant.acts = references.acts
    constant.written.push(...references.written)
    constant.functions.push(...references.functions.filter(({ isConstant }) => isConstant))
    constant.operators.push(...references.operators.filter(({ isConstant }) => isConstant))
    const found = this.#ofReferences(constant, path, undefined, false)
    if (typeof found === 'string') return found
    const inlined = references.functions
      .filter(({ isConstant }) => !isConstant)
      .flatMap(({ name }) => this.#named(this.#functions, name, path))
      .filter(({ language, definition }) => language === 'sql' && definition !== null)
    return {
      ...found,
      parts: [
        ...found.parts,
        ...inlined.map((one): Part => ({ kind: 'planned', references: this.#bodyOf(one), path })),
      ],
    }
  }

  #ofFunction(one: OwnFunction, path: Path, by: OwnFunction | undefined): Expansion | string {
    const { extension, library, language, name } = one
    const types = one.types.flatMap((type) => this.#ofTypeOid(type))
    const parts = [...types, ...this.#ofOids(one.functions, path, one)]
    const acting = one.functions.find((oid) => this.code.actingOids.has(oid))
    if (acting !== undefined) return mayAct(one)
    if (one.isAggregate) return { parts }
    if (one.definition !== null) {
      const references = this.#bodyOf(one)
      parts.push({ kind: 'text', references, path: this.#pathOf(one, path), by: one })
      return { parts }
    }
    const isKnown =
      language === 'c'
        ? isTrusted(extension ?? undefined, { library: library ?? undefined, name })
        : language === 'internal' && one.isHarmlessAlias && isTrustedExtension(extension ?? undefined)
    return isKnown ? { parts } : mayAct(one, by)
  }

  #bodyOf(one: OwnFunction): References {
    const body = this.#bodies.get(one) ?? referencesOfFunction(one.definition ?? '')
    this.#bodies.set(one, body)
    return body
  }

  /** A text is read by the function's own search path, or else by that of whoever calls it. */
  #pathOf({ path: own }: OwnFunction, path: Path): Path {
    if (own === null) return path
    return namesOfPath(own).map((name) => (name === '$user' ? this.code.role : name))
  }

  #ofType({ types, functions, checks }: OwnType): Expansion | string {
    const path = this.#path
    return {
      parts: [
        ...types.flatMap((type) => this.#ofTypeOid(type)),
        ...this.#ofOids(functions, path),
        ...checks.map((check): Part => ({ kind: 'text', references: this.#readExpression(check), path })),
      ],
      ...this.#acting(functions),
    }
  }

  #ofRelation(relation: OwnRelation, isInView: boolean): Expansion | string {
    const path = this.#path
    if (relation.isForeign)
      return `${relation.schema}.${relation.name} is a table of another server, and reading it is work for that server`
    const expressions = [
      ...relation.computed,
      // A view reads with the rights of its owner, for whom other policies may hold.
      ...(isInView || relation.hasPoliciesForUs ? relation.policies : []),
    ]
    const parts: Part[] = [
      ...expressions.map((one): Part => ({ kind: 'text', references: this.#readExpression(one), path })),
      ...relation.planned.map(
        (one): Part => ({ kind: 'planned', references: this.#readExpression(one), path }),
      ),
      ...this.#ofOids(relation.functions, path),
      ...relation.descendants.flatMap((oid): Part[] => {
        const below = this.#relationByOid.get(oid)
        return below ? [{ kind: 'relation', relation: below, isInView }] : []
      }),
    ]
    if (relation.definition === null) return { parts, ...this.#acting(relation.functions) }
    const query = this.#readView(relation.definition)
    const found = this.#ofReferences(query, path, undefined, true)
    if (typeof found === 'string') return `${found} (view ${relation.schema}.${relation.name})`
    return { ...found, parts: [...parts, ...found.parts] }
  }

  /** The server's own functions among them must be harmless too. */
  #acting(oids: readonly number[]): { acting?: number } {
    const acting = oids.find((oid) => this.code.actingOids.has(oid))
    return acting === undefined ? {} : { acting }
  }

  #ofOids(oids: readonly number[], path: Path, by?: OwnFunction): Part[] {
    return oids.flatMap((oid): Part[] => {
      const one = this.#functionByOid.get(oid)
      return one ? [{ kind: 'function', function: one, path, ...(by ? { by } : {}) }] : []
    })
  }

  #ofTypeName(name: RelationName, path: Path): Part[] {
    // Row types have the names of their relations.
    return [
      ...this.#named(this.#types, name, path).map((type): Part => ({ kind: 'type', type })),
      ...this.#named(this.#relations, name, path).flatMap((relation) => this.#ofRow(relation)),
    ]
  }

  #ofTypeOid(oid: number): Part[] {
    const type = this.#typeByOid.get(oid)
    if (type) return [{ kind: 'type', type }]
    const relation = this.#relationByRowType.get(oid)
    return relation ? this.#ofRow(relation) : []
  }

  #ofRow({ columns }: OwnRelation): Part[] {
    return columns.flatMap(({ type }) => this.#ofTypeOid(type))
  }

  #readExpression(sql: string): References {
    // Several expressions of one index stand beside each other, as in a SELECT list.
    return this.#readOnce(`SELECT ${sql}`)
  }

  #readView(definition: string): References {
    return this.#readOnce(definition)
  }

  #readOnce(sql: string): References {
    const read = this.#texts.get(sql) ?? this.#read(sql)
    this.#texts.set(sql, read)
    return read
  }

  #isActingName({ schema, name }: RelationName): boolean {
    return (schema === undefined || schema === 'pg_catalog') && this.code.actingNames.has(name)
  }

  #named<T extends { readonly schema: string }>(
    all: ReadonlyMap<string, T[]>,
    { schema, name }: RelationName,
    path: Path,
  ): T[] {
    const places = schema === undefined ? [...path, 'pg_catalog'] : [schema]
    return (all.get(name) ?? []).filter((one) => places.includes(one.schema))
  }

  /** The functions of an operator that may be meant, as far as types come up that it is for. */
  ofOperator({ used, path }: Waiting, types: ReadonlySet<number>): OwnOperator[] {
    const { schema, name } = used.name
    // Where the server has none of the name itself, the text that stands on both sides may be taken for any type.
    const isOnlyOwn = !this.code.operatorNames.has(name) || (schema !== undefined && schema !== 'pg_catalog')
    return this.#named(this.#operators, used.name, path).filter(
      (one) => isOnlyOwn || one.types.every((type) => types.has(type) || this.#isPlainRow(type)),
    )
  }

  /** Casts between types that come up. */
  castsAmong(types: ReadonlySet<number>): Part[] {
    const comesUp = (oid: number) => oid < firstOwnOid || types.has(oid) || this.#isPlainRow(oid)
    return this.code.casts
      .filter(({ source, target }) => comesUp(source) && comesUp(target))
      .flatMap((cast) => this.#ofOids([cast.function], this.#path))
  }

  partsOf({ functions, types }: OwnOperator, path: Path): Part[] {
    return [...this.#ofOids(functions, path), ...types.flatMap((type) => this.#ofTypeOid(type))]
  }

  isActingOperator({ functions }: OwnOperator): boolean {
    return functions.some((oid) => this.code.actingOids.has(oid))
  }

  /** The row type of a relation, which may come up wherever the relation is read. */
  #isPlainRow(oid: number): boolean {
    return !this.#typeByOid.has(oid)
  }
}

interface Expansion {
  readonly parts: readonly Part[]
  readonly operators?: readonly Waiting[]
  readonly acting?: number
}

/** Follows everything that a piece of SQL leads to, each thing once. */
class Inquiry {
  readonly #seen = new Set<unknown>()
  readonly #waiting: Part[] = []
  readonly #operators: Waiting[] = []
  readonly #types = new Set<number>()
  readonly #settled = new Set<OwnOperator>()

  constructor(private readonly judge: Judge) {}

  reasonAgainst(first: Part): string | undefined {
    this.#waiting.push(first)
    do {
      for (let part = this.#waiting.pop(); part !== undefined; part = this.#waiting.pop()) {
        const reason = this.#follow(part)
        if (reason !== undefined) return reason
      }
      // More types have come up, and with them more operators and casts may be meant.
      const reason = this.#settle()
      if (reason !== undefined) return reason
    } while (this.#waiting.length > 0)
    return undefined
  }

  #follow(part: Part): string | undefined {
    if (!this.#isNew(part)) return undefined
    if (part.kind === 'type') this.#types.add(part.type.oid)
    const found = this.judge.expand(part)
    if (typeof found === 'string') return found
    if (found.acting !== undefined)
      return 'a type or an index calls a function that may act outside of the database'
    this.#operators.push(...(found.operators ?? []))
    this.#waiting.push(...found.parts)
    return undefined
  }

  #isNew(part: Part): boolean {
    // The text of a function comes once with it, and means something else by another search path.
    if (part.kind === 'text' && part.by) return true
    const key =
      part.kind === 'function'
        ? `function ${part.function.oid} ${part.path.join()}`
        : part.kind === 'type'
          ? `type ${part.type.oid}`
          : part.kind === 'relation'
            ? `relation ${part.relation.oid} ${part.isInView}`
            : part.references
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    return true
  }

  #settle(): string | undefined {
    for (const waiting of this.#operators) {
      for (const operator of this.judge.ofOperator(waiting, this.#types)) {
        if (this.#settled.has(operator)) continue
        this.#settled.add(operator)
        if (this.judge.isActingOperator(operator))
          return `operator ${operator.schema}.${operator.name} may act outside of the database`
        this.#waiting.push(...this.judge.partsOf(operator, waiting.path))
      }
    }
    this.#waiting.push(...this.judge.castsAmong(this.#types).filter((part) => this.#isUnseen(part)))
    return undefined
  }

  #isUnseen(part: Part): boolean {
    return part.kind !== 'function' || !this.#seen.has(`function ${part.function.oid} ${part.path.join()}`)
  }
}

function byName<T extends { readonly name: string }>(all: readonly T[]): Map<string, T[]> {
  const map = new Map<string, T[]>()
  for (const one of all) {
    const named = map.get(one.name)
    if (named) named.push(one)
    else map.set(one.name, [one])
  }
  return map
}

const rule = 'check calls only functions that it knows to be harmless'

/** The reason alone, about SQL that is asked all the same because a person wrote it to be asked. */
export function withoutRule(reason: string): string {
  return reason.replace(`; ${rule}`, '')
}

const named = ({ schema, name, arguments: taken }: OwnFunction) => `function ${schema}.${name}(${taken})`

/** The sentence about a function that is not known to be harmless, and about the one that calls it. */
function mayAct(what: OwnFunction | string, by?: OwnFunction): string {
  const calls = by && by !== what ? `, and ${named(by)} calls it` : ''
  const own = typeof what === 'string' ? `function ${what}` : named(what)
  return `${own} may act outside of the database${calls}; ${rule}`
}
