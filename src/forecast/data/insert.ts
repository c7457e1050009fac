import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { castTo, NotFollowed } from '../casts.js'
import { defaultOf } from '../defaults.js'
import { equalityOf, isSameKey } from '../equality.js'
import { followFamily, needWithinBounds } from '../family.js'
import type { Column, IndexObject, Relation, SequenceObject } from '../model.js'
import { named, shown } from '../named.js'
import { isKeyPutOff, needIndexable, needInForce, needReferences, needUnique } from '../needs.js'
import { putOffReferences } from '../put-off-checks.js'
import { emptyScope, Rewriter, type Scope } from '../rewrite.js'
import { FiredTriggers } from '../triggers/fired.js'
import type { Walk } from '../walk.js'
import { arbitersOf, keysOf, uniqueIndexes } from './arbiters.js'
import { followConflictUpdate } from './conflict-update.js'
import { generatedValue } from './generated.js'
import { columnOf, type Target, targetOf } from './target.js'

/** INSERT INTO … VALUES | SELECT | DEFAULT VALUES [ON CONFLICT …]. Gives the link of the new rows, for RETURNING. */
export async function followInsert(
  walk: Walk,
  node: Node,
  scope: Scope = emptyScope,
): Promise<string | undefined> {
  const target = targetOf(walk, node.relation)
  const { relation } = target
  const columns = givenColumns(relation, node)
  const given = await givenRows(walk, relation, columns, node.selectStmt?.SelectStmt, scope)
  const opaque = new Set(given.opaque)
  const { link, takes } = completeRows(walk, relation, columns, given, opaque)
  const count = `(SELECT pg_catalog.count(*) FROM ${link} AS c)`
  const rows: NewRows = {
    link,
    opaque,
    isRowSetOpaque: given.isRowSetOpaque,
    takes: [...takes].map((sequence) => ({ sequence, count })),
  }
  return putRowsIn(walk, target, rows, node.onConflictClause, scope)
}

/** Rows that a statement wants to put in, complete. */
export interface NewRows {
  /** The link of the chain that yields them. */
  readonly link: string
  readonly opaque: ReadonlySet<string>
  /** Not only values: which rows there are cannot be known. */
  readonly isRowSetOpaque: boolean
  /** How many values they take from sequences, as SQL. */
  readonly takes: readonly { readonly sequence: SequenceObject; readonly count: string }[]
}

/** Puts rows into a table, and asks what the table asks of them. Gives the link of those that come in. */
export async function putRowsIn(
  walk: Walk,
  target: Target,
  given: NewRows,
  conflict: Node | undefined,
  scope: Scope = emptyScope,
): Promise<string | undefined> {
  const { relation } = target
  const { link: made, takes, opaque } = given
  const triggers = FiredTriggers.of(walk, relation, 'insert', new Set(), opaqueRows(given, opaque))
  if (await triggers?.hitsNothing(made)) return undefined
  const opaqueNew = new Map(relation.columns.map((column) => [column, [...opaque][0]]))
  const left = await triggers?.before(made, opaqueNew)
  const candidates = left ? withGenerated(walk, relation, left.link) : made

  const arbiters = conflict ? arbitersOf(relation, conflict) : []
  const fresh = conflict ? withoutConflicts(walk, target, candidates, arbiters) : candidates
  const before = relation.isEmpty ? undefined : target.before
  for (const { sequence, count } of takes) sequence.taken.push(count)
  if (conflict?.action === 'ONCONFLICT_UPDATE') {
    await followConflictUpdate(
      walk,
      target,
      conflict,
      { candidates, arbiter: arbiters[0] as IndexObject },
      scope,
    )
  }
  append(walk, relation, fresh)
  walk.watcher.inserted(relation)
  const [reason] = opaque
  for (const column of relation.columns) if (reason !== undefined) column.opaque ??= reason
  if (reason !== undefined && given.isRowSetOpaque) walk.blur(relation, reason)
  for (const [column, why] of left?.assigned ?? []) if (why !== undefined) column.opaque = why
  if (left?.dropsOpaque !== undefined) walk.blur(relation, left.dropsOpaque)

  const rows = { from: `${fresh} AS ${quoteIdentifier(relation.name)}`, opaque: [...opaque], holdsOld: false }
  const start = walk.requirements.length
  needWithinBounds(walk, relation, rows)
  needFresh(walk, relation, fresh, [...opaque])
  needIndexable(walk, relation, rows, () => true)
  if (!conflict || arbiters.length < uniqueIndexes(relation).length)
    needNoCollision(walk, relation, before, fresh, arbiters, [...opaque])
  askRowByRow(walk, start, rows.from)
  const atStart = scope.before?.get(relation)
  if (atStart !== undefined && atStart !== before && !conflict)
    needNotThereYet(walk, relation, atStart, fresh, [...opaque])
  needReferences(walk, relation, rows, () => true)
  const unknownRows = [
    ...opaqueRows(given, opaque),
    ...(left?.dropsOpaque === undefined ? [] : [left.dropsOpaque]),
  ]
  putOffReferences(walk, relation, { link: fresh, kind: 'insert', opaque: unknownRows })
  await triggers?.after(fresh, opaqueNew)
  followFamily(walk, relation)
  return fresh
}

/** Why it cannot be known which rows come. */
function opaqueRows(
  { isRowSetOpaque }: Pick<NewRows, 'isRowSetOpaque'>,
  opaque: ReadonlySet<string>,
): string[] {
  return isRowSetOpaque ? [...opaque] : []
}

/** The columns that the statement gives values for. */
function givenColumns(relation: Relation, node: Node): Column[] {
  if (node.cols) {
    return node.cols.map(({ ResTarget }: Node) => {
      if (ResTarget.indirection) throw new NotFollowed(`a part of "${ResTarget.name}" is given`)
      return columnOf(relation, ResTarget.name)
    })
  }
  const width = node.selectStmt?.SelectStmt?.valuesLists?.[0]?.List?.items?.length
  return width === undefined ? [...relation.columns] : relation.columns.slice(0, width)
}

interface GivenRows {
  /** A query whose columns are called `~0`, `~1` … */
  readonly query: string
  readonly width: number
  readonly opaque: readonly string[]
  readonly isVolatile: boolean
  readonly takes: readonly SequenceObject[]
  /** Not only values: which rows there are cannot be known. */
  readonly isRowSetOpaque: boolean
}

async function givenRows(
  walk: Walk,
  relation: Relation,
  columns: readonly Column[],
  select: Node | undefined,
  scope: Scope,
): Promise<GivenRows> {
  if (select === undefined) {
    const query = 'SELECT 1 AS "~none"'
    return { query, width: 0, opaque: [], isVolatile: false, takes: [], isRowSetOpaque: false }
  }
  if (select.valuesLists && !select.withClause && !select.limitCount && !select.sortClause)
    return valueRows(walk, relation, columns, select.valuesLists, scope)
  const { sql, opaque, isVolatile, takes } = new Rewriter(walk.content, scope).query({ SelectStmt: select })
  // Where INSERT INTO t SELECT … gives fewer columns, the last ones get their defaults.
  const width = hasStar(select) ? await countColumns(walk, sql) : widthOf(select)
  // SELECT FROM t is legal, and all its rows take the defaults.
  if (width === 0) throw new NotFollowed('the query that it inserts from has no columns')
  const names = columns.slice(0, width).map((_, i) => quoteIdentifier(`~${i}`))
  return {
    query: `SELECT * FROM (${sql}) AS given (${names.join(', ')})`,
    width,
    opaque,
    isVolatile,
    takes,
    isRowSetOpaque: opaque.length > 0,
  }
}

/** How many columns a * stands for is told by the server. */
async function countColumns(walk: Walk, sql: string): Promise<number> {
  const answer = await walk.askCatalog(`SELECT * FROM (${sql}) AS q LIMIT 0`)
  if (!answer) throw new NotFollowed('the columns of its query are not known')
  return answer.fields.length
}

function widthOf(select: Node): number {
  return select.larg
    ? widthOf(select.larg)
    : (select.targetList ?? select.valuesLists?.[0].List.items ?? []).length
}

function hasStar(select: Node): boolean {
  const list: Node[] = (select.larg ?? select).targetList ?? []
  return list.some(({ ResTarget }) => ResTarget.val.ColumnRef?.fields.some((field: Node) => field.A_Star))
}

/** Each value is cast to its column by itself, so that no type common to all rows has to be found. */
function valueRows(
  walk: Walk,
  relation: Relation,
  columns: readonly Column[],
  lists: Node[],
  scope: Scope,
): GivenRows {
  const opaque = new Set<string>()
  const takes = new Set<SequenceObject>()
  let isVolatile = false
  const rows = lists.map(({ List: { items } }, row) => {
    const values = items.map((item: Node, i: number) => {
      const column = columns[i]
      if (!column) throw new NotFollowed('more values than columns are given')
      // Each row stands alone here, and so takes its own place in a sequence.
      const own = { ...scope, rowNumber: String(row) }
      const value = item.SetToDefault
        ? defaultOf(walk.content, column, relation, own)
        : new Rewriter(walk.content, own).expression(item)
      for (const reason of value.opaque) opaque.add(reason)
      for (const sequence of value.takes) takes.add(sequence)
      isVolatile ||= value.isVolatile
      return `${castTo(value.sql, column.type, 'assignment')} AS ${quoteIdentifier(`~${i}`)}`
    })
    return `SELECT ${values.join(', ')}`
  })
  const width = lists[0]?.List.items.length ?? 0
  return {
    query: rows.join(' UNION ALL '),
    width,
    opaque: [...opaque],
    isVolatile,
    takes: [...takes],
    isRowSetOpaque: false,
  }
}

/** The new rows, with the defaults of the columns that are not given. */
function completeRows(
  walk: Walk,
  relation: Relation,
  columns: readonly Column[],
  given: GivenRows,
  opaque: Set<string>,
): { link: string; takes: Set<SequenceObject> } {
  let { isVolatile } = given
  const takes = new Set(given.takes)
  const values = relation.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    const place = columns.indexOf(column)
    if (place >= 0 && place < given.width) {
      if (column.generated) return `${castTo('NULL', column.type, 'explicit')} AS ${name}`
      return `${castTo(`given.${quoteIdentifier(`~${place}`)}`, column.type, 'assignment')} AS ${name}`
    }
    if (column.generated) return `${castTo('NULL', column.type, 'explicit')} AS ${name}`
    const value = defaultOf(walk.content, column, relation)
    for (const reason of value.opaque) opaque.add(reason)
    for (const sequence of value.takes) takes.add(sequence)
    isVolatile ||= value.isVolatile
    return `${value.sql} AS ${name}`
  })
  const query = `SELECT ${values.join(', ') || '1'} FROM (${given.query}) AS given OFFSET 0`
  const link = walk.content.chain.add(`${relation.name}_new`, query, { isVolatile })
  return { link: withGenerated(walk, relation, link), takes }
}

/** New rows with their generated columns, which triggers before them do not see yet. */
export function withGenerated(walk: Walk, relation: Relation, link: string): string {
  if (!relation.columns.some(({ generated }) => generated)) return link
  const all = relation.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    return column.generated ? `${generatedValue(walk, relation, column)} AS ${name}` : name
  })
  return walk.content.chain.add(
    `${relation.name}_new`,
    `SELECT ${all.join(', ')} FROM ${link} AS ${quoteIdentifier(relation.name)} OFFSET 0`,
  )
}

function append(walk: Walk, relation: Relation, fresh: string): void {
  const list = relation.columns.map(({ name }) => quoteIdentifier(name)).join(', ') || '1'
  const before = walk.content.read(relation)
  const all = relation.isEmpty
    ? `SELECT ${list} FROM ${fresh} AS n`
    : `SELECT ${list} FROM ${before} AS o UNION ALL SELECT ${list} FROM ${fresh} AS n`
  walk.content.replace(relation, all)
  relation.isEmpty = false
}

/** What the new rows must satisfy by themselves, one after the other; references come at the end of the statement. */
function needFresh(walk: Walk, relation: Relation, fresh: string, opaque: readonly string[]): void {
  const alias = quoteIdentifier(relation.name)
  walk.need({
    code: 'invalid-value',
    sqlstate: '22000',
    ...named(relation),
    title: `every row put into ${shown(relation)} can be computed`,
    question: { kind: 'evaluates', from: `${fresh} AS ${alias}`, alias },
    opaque,
  })
  const constraints = relation.constraints.filter(({ kind }) => kind !== 'foreign key')
  needInForce(
    walk,
    { ...relation, indexes: [], constraints },
    { from: `${fresh} AS ${alias}`, opaque, holdsOld: false },
    () => true,
  )
}

/** A row is refused before the next one is looked at. */
function askRowByRow({ requirements }: Walk, start: number, from: string): void {
  requirements.slice(start).forEach((requirement, i) => {
    const { question } = requirement
    if ((question.kind === 'rows' || question.kind === 'groups') && question.from === from)
      requirements[start + i] = { ...requirement, isAskedRowByRow: true }
  })
}

/** No new row has a key that another row has: neither one of those before it nor another new one. */
function needNoCollision(
  walk: Walk,
  relation: Relation,
  before: string | undefined,
  fresh: string,
  arbiters: readonly IndexObject[],
  opaque: readonly string[],
): void {
  const alias = quoteIdentifier(relation.name)
  for (const index of uniqueIndexes(relation)) {
    if (arbiters.includes(index) || isKeyPutOff(walk, relation, index)) continue
    if (plainKeys(index) === undefined) {
      needUnique(walk, relation, index)
      continue
    }
    // Only the new rows are looked up, and the many that were there before need not be compared with one another.
    needUnique(walk, relation, index, { from: `${fresh} AS ${alias}`, opaque, holdsOld: false })
    if (before !== undefined) needNotThere(walk, relation, index, { before, fresh, opaque })
  }
}

function plainKeys({ keys, predicate, areNullsNotDistinct }: IndexObject): Column[] | undefined {
  const columns = keys.flatMap(({ column }) => column ?? [])
  return columns.length === keys.length && !predicate && !areNullsNotDistinct ? columns : undefined
}

function needNotThere(
  walk: Walk,
  relation: Relation,
  index: IndexObject,
  rows: { before: string; fresh: string; opaque: readonly string[]; mayPass?: string },
): void {
  const alias = quoteIdentifier(relation.name)
  const columns = plainKeys(index) ?? []
  const same = columns.map(
    ({ name, type }) =>
      `"~old".${quoteIdentifier(name)} ${equalityOf(type)} ${alias}.${quoteIdentifier(name)}`,
  )
  walk.need({
    code: 'unique-violation',
    sqlstate: '23505',
    ...named(relation, index.name),
    title: `no row put into ${shown(relation)} has a key of "${index.name}" that is there already`,
    question: {
      kind: 'rows',
      from: `${rows.fresh} AS ${alias}`,
      violation: `EXISTS (SELECT 1 FROM ${rows.before} AS "~old" WHERE ${same.join(' AND ')})`,
      sample: columns.map(({ name }) => quoteIdentifier(name)),
    },
    opaque: [
      ...rows.opaque,
      ...(relation.opaque === undefined ? [] : [relation.opaque]),
      ...columns.flatMap((column) => column.opaque ?? []),
    ],
    ...(rows.mayPass === undefined ? {} : { mayPass: rows.mayPass }),
  })
}

/** Another part of the same statement takes rows away: whether they are gone by then is for the server to choose. */
function needNotThereYet(
  walk: Walk,
  relation: Relation,
  before: string,
  fresh: string,
  opaque: readonly string[],
): void {
  const mayPass = `it depends on which part of the statement reaches a row of ${shown(relation)} first`
  for (const index of uniqueIndexes(relation))
    if (plainKeys(index)) needNotThere(walk, relation, index, { before, fresh, opaque, mayPass })
}

/** The new rows that neither a row before nor an earlier new row stands in the way of. */
function withoutConflicts(
  walk: Walk,
  { relation, before }: Target,
  candidates: string,
  arbiters: readonly IndexObject[],
): string {
  const { chain } = walk.content
  let link = chain.add(
    `${relation.name}_candidates`,
    `SELECT pg_catalog.row_number() OVER () AS "~row", c.* FROM ${candidates} AS c`,
    { isVolatile: true },
  )
  const alias = quoteIdentifier(relation.name)
  for (const index of arbiters) {
    const { keys, predicate } = keysOf(walk, relation, index)
    const list = keys.map((key, i) => `${key} AS "~k${i}"`).join(', ')
    const names = keys.map((_, i) => `"~k${i}"`)
    const old = `(SELECT ${list} FROM ${before} AS ${alias} WHERE (${predicate}) IS TRUE)`
    const isKey = names.map((name) => `${name} IS NOT NULL`).join(' AND ')
    const same = index.keys
      .map((key, i) => isSameKey(walk.catalog, key, `o.${names[i]}`, `n.${names[i]}`))
      .join(' AND ')
    const isOld = relation.isEmpty ? 'false' : `EXISTS (SELECT 1 FROM ${old} AS o WHERE ${same})`
    const ranked = `SELECT ${alias}.*, ${list}, (${predicate}) IS TRUE AS "~in" FROM ${link} AS ${alias}`
    const numbered = `SELECT r.*, pg_catalog.row_number() OVER (PARTITION BY "~in", ${names.join(', ')} ORDER BY "~row") AS "~nth" FROM (${ranked}) AS r`
    const columns = ['"~row"', ...relation.columns.map(({ name }) => quoteIdentifier(name))].join(', ')
    link = chain.add(
      `${relation.name}_new`,
      `SELECT ${columns} FROM (${numbered}) AS n WHERE NOT "~in" OR NOT (${isKey}) OR ("~nth" OPERATOR(pg_catalog.=) 1 AND NOT ${isOld})`,
    )
  }
  return link
}
