import { quoteIdentifier } from '../../sql/names.js'
import { castTo } from '../casts.js'
import { defaultOf } from '../defaults.js'
import { equalityBetween, isDistinct } from '../equality.js'
import { followFamily } from '../family.js'
import type { Column, Constraint, ReferentialAction, Relation } from '../model.js'
import { allRows, isPutOff, needForeignKey, needInForce } from '../needs.js'
import { needReplicaIdentity } from '../published.js'
import { putOffKeys } from '../put-off-checks.js'
import { FiredTriggers } from '../triggers/fired.js'
import { opacityOf, type Walk } from '../walk.js'
import { oldName } from './target.js'

/** What happened to the rows of a relation that others refer to. */
export interface ParentChange {
  readonly kind: 'update' | 'delete'
  /** Deleted: the rows that are gone. Updated: the rows with `"~old …"` beside each column set, and `"~hit"`. */
  readonly link: string
  /** Updated: the columns set. */
  readonly changed?: ReadonlySet<Column>
  readonly opaque: readonly string[]
}

/** How deep a CASCADE is followed. Real ones end after a few; a circle of foreign keys would not. */
const deepestCascade = 12

/** Carries a deleted or changed key to the rows that refer to it, as their foreign keys say. */
export async function followReferences(
  walk: Walk,
  parent: Relation,
  change: ParentChange,
  depth = 0,
): Promise<void> {
  const isAsleep = walk.catalog.isReplica || parent.areReferencesAsleep
  for (const child of walk.catalog.relations) {
    for (const key of child.constraints) {
      if (key.kind !== 'foreign key' || key.parent !== parent) continue
      const isTouched =
        change.kind === 'delete' || key.parentColumns?.some((column) => change.changed?.has(column))
      if (!isTouched) continue
      if (isAsleep) {
        walk.writesPast(child, key)
        continue
      }
      const action = actionOf(key, change)
      if (action !== 'no action' && action !== 'restrict') needIdentity(walk, child, key, action, change)
      if (!child.isEmpty) await followReference(walk, parent, child, key, change, depth)
    }
  }
}

function actionOf(key: Constraint, { kind }: ParentChange): ReferentialAction {
  return (kind === 'delete' ? key.onDelete : key.onUpdate) ?? 'no action'
}

async function followReference(
  walk: Walk,
  parent: Relation,
  child: Relation,
  key: Constraint,
  change: ParentChange,
  depth: number,
): Promise<void> {
  const action = actionOf(key, change)
  if (action === 'no action' && isPutOff(walk, key)) {
    putOffKeys(walk, parent, key, change)
    return
  }
  if (action === 'no action' || action === 'restrict') {
    needForeignKey(walk, child, key, {
      ...allRows(walk, child),
      opaque: [...opacityOf(child, []), ...change.opaque],
    })
    return
  }
  // Most statements that delete, delete nothing that has children: then the chain stays short.
  const touched = await walk.ask(
    `SELECT pg_catalog.count(*)::float8 AS count FROM (${childrenOf(walk, child, key, change)}) AS c`,
  )
  if (touched?.rows[0]?.count === 0 && change.opaque.length === 0) return
  if (depth >= deepestCascade) {
    walk.blur(child, 'a cascade goes round in a circle')
    return
  }
  if (action === 'cascade' && change.kind === 'delete') await cascadeDelete(walk, child, key, change, depth)
  else await setReferences(walk, child, key, change, action, depth)
  followFamily(walk, child)
}

/** The server runs an UPDATE or DELETE of the child for each row that goes or takes another key, whether it hits or not. */
function needIdentity(
  walk: Walk,
  child: Relation,
  { parentColumns = [] }: Constraint,
  action: ReferentialAction,
  { kind, link, changed }: ParentChange,
): void {
  const moved = parentColumns.filter((column) => changed?.has(column))
  const isMoved = moved.map((column) =>
    isDistinct(`p.${quoteIdentifier(column.name)}`, `p.${oldName(column)}`, column.type),
  )
  needReplicaIdentity(walk, child, kind === 'delete' && action === 'cascade' ? 'delete' : 'update', {
    onlyItself: child.kind === 'table',
    rows: {
      kind: 'rows',
      from: `${link} AS p`,
      violation: kind === 'delete' ? 'true' : `p."~hit" AND (${isMoved.join(' OR ')})`,
      sample: [],
    },
  })
}

/** Rows of the child whose parent is among the rows that are gone or changed. */
function childrenOf(walk: Walk, child: Relation, key: Constraint, change: ParentChange): string {
  return `SELECT c.* FROM ${walk.content.read(child)} AS c WHERE ${isReferring(key, change)}`
}

function isReferring(key: Constraint, change: ParentChange): string {
  return `EXISTS (SELECT 1 FROM ${change.link} AS p WHERE ${pairsOf(key, change)})`
}

/** `p` is the parent's row as it was, `c` the child's. */
function pairsOf({ columns, parentColumns = [] }: Constraint, { kind, changed }: ParentChange): string {
  const pairs = parentColumns.map((column, i) => {
    const name = kind === 'update' && changed?.has(column) ? oldName(column) : quoteIdentifier(column.name)
    const child = columns[i] as Column
    return `p.${name} ${equalityBetween(column.type, child.type)} c.${quoteIdentifier(child.name)}`
  })
  return [...pairs, ...(kind === 'update' ? ['p."~hit"'] : [])].join(' AND ')
}

async function cascadeDelete(
  walk: Walk,
  child: Relation,
  key: Constraint,
  change: ParentChange,
  depth: number,
): Promise<void> {
  const { chain } = walk.content
  const source = walk.content.read(child)
  const isGone = isReferring(key, change)
  const opaque = [...change.opaque]
  const triggers = FiredTriggers.of(walk, child, 'delete', new Set(), opaque)
  const marked =
    triggers &&
    chain.add(`${child.name}_deleted`, `SELECT c.*, ${isGone} AS "~hit" FROM ${source} AS c OFFSET 0`)
  const left = marked === undefined ? undefined : await triggers?.before(marked)
  if (left?.dropsOpaque !== undefined) opaque.push(left.dropsOpaque)
  const [from, goes, stays] = left
    ? [`${left.link} AS c`, 'c."~hit"', 'NOT c."~hit"']
    : [`${source} AS c`, isGone, `NOT ${isGone}`]
  const gone = chain.add(`${child.name}_gone`, `SELECT ${names(child)} FROM ${from} WHERE ${goes} OFFSET 0`)
  walk.watcher.deleted(child, { gone, before: source, hasCondition: true, by: key, opaque })
  walk.content.replace(child, `SELECT ${names(child)} FROM ${from} WHERE ${stays} OFFSET 0`)
  const [reason] = opaque
  if (reason !== undefined) walk.blur(child, reason)
  await followReferences(walk, child, { kind: 'delete', link: gone, opaque }, depth + 1)
  if (left) await triggers?.after(left.link)
}

/** SET NULL, SET DEFAULT, and CASCADE of a changed key. */
async function setReferences(
  walk: Walk,
  child: Relation,
  key: Constraint,
  change: ParentChange,
  action: 'cascade' | 'set null' | 'set default',
  depth: number,
): Promise<void> {
  const changed = new Set(key.columns)
  const triggers = FiredTriggers.of(walk, child, 'update', changed, change.opaque)
  const source = walk.content.read(child)
  const value = (column: Column, i: number) => {
    if (action === 'set null') return castTo('NULL', column.type, 'explicit')
    if (action === 'set default') return defaultOf(walk.content, column, child).sql
    const parentColumn = (key.parentColumns ?? [])[i] as Column
    return `(SELECT p.${quoteIdentifier(parentColumn.name)} FROM ${change.link} AS p WHERE ${pairsOf(key, change)} LIMIT 1)`
  }
  const isHit = isReferring(key, change)
  const list = child.columns.flatMap((column) => {
    const name = quoteIdentifier(column.name)
    const i = key.columns.indexOf(column)
    if (i < 0) return [`c.${name} AS ${name}`, ...(triggers ? [`c.${name} AS ${oldName(column)}`] : [])]
    return [
      `CASE WHEN c."~hit" THEN ${value(column, i)} ELSE c.${name} END AS ${name}`,
      `c.${name} AS ${oldName(column)}`,
    ]
  })
  const hits = `(SELECT c.*, ${isHit} AS "~hit" FROM ${source} AS c OFFSET 0) AS c`
  const made = walk.content.chain.add(
    `${child.name}_updated`,
    `SELECT ${list.join(', ')}, c."~hit" FROM ${hits} OFFSET 0`,
  )
  const before = await triggers?.before(made)
  const link = before?.link ?? made
  for (const column of before?.assigned.keys() ?? []) changed.add(column)
  walk.watcher.updated(child, {
    from: `${link} AS c`,
    alias: 'c',
    isHit: 'c."~hit"',
    changes: key.columns.map((column) => ({
      column,
      old: `c.${oldName(column)}`,
      now: `c.${quoteIdentifier(column.name)}`,
    })),
    hasCondition: true,
    by: key,
    opaque: change.opaque,
    opaqueHits: change.opaque,
  })
  walk.content.replace(child, `SELECT ${names(child)} FROM ${link} AS c`, { changed })
  const [reason] = change.opaque
  if (reason !== undefined) for (const column of changed) column.opaque = reason
  for (const [column, why] of before?.assigned ?? []) if (why !== undefined) column.opaque = why
  if (before?.dropsOpaque !== undefined) walk.blur(child, before.dropsOpaque)
  needInForce(walk, child, allRows(walk, child), (column) => changed.has(column))
  await followReferences(walk, child, { kind: 'update', link, changed, opaque: change.opaque }, depth + 1)
  await triggers?.after(link)
}

function names({ columns }: Relation): string {
  return columns.map(({ name }) => `c.${quoteIdentifier(name)}`).join(', ')
}
