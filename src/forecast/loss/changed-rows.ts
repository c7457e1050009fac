import type { Verdict } from '../../domain/finding.js'
import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { Column, Relation } from '../model.js'
import { named, shown } from '../named.js'
import { codeKinds, type Reach } from '../reach.js'
import { sampleOf } from '../walk.js'
import type { DeletedRows, UpdatedRows, WatchedStatement } from '../watcher.js'
import { allOf } from './all-of.js'
import { allToday, amount, be, type LossContext, rowsLeft, valuesLeft } from './context.js'
import { copyNote, goingRows, goingValues, keptMeasure, weighKept, wholeRows } from './kept.js'
import type { Weighed } from './loss.js'
import { keepRowsSql, keepValuesSql } from './proposals.js'
import { takenBy } from './taken.js'
import { over, todaysValue } from './today.js'
import { differs } from './values.js'

/** A DELETE with a condition that takes more than this share of the rows does not look meant. */
const largestShare = 0.5

/** DELETE, and the rows that its foreign keys delete along with it. */
export function watchDeleted(context: LossContext, relation: Relation, rows: DeletedRows): void {
  if (relation.live === undefined || relation.isEmpty) return
  const { walk, today } = context
  const { by, hasCondition } = rows
  const [unknown] = rows.opaque
  const isGone = unknown === undefined ? today.isThere(relation, over(goneAlias)) : undefined
  const isAtMost = isGone === undefined
  const exact = { from: `${rows.gone} AS ${goneAlias}`, condition: isGone ?? 'true' }
  const lost = unknown === undefined ? exact : allToday(relation).measure
  const total = {
    from: `${rows.before} AS ${allAlias}`,
    condition: today.isThere(relation, over(allAlias)) ?? 'true',
  }
  const keep = keepRowsSql(walk.catalog, relation)
  const going = goingRows(context, relation, over(goneAlias))
  const name = shown(relation)
  context.add({
    ...named(relation),
    sample: hasCondition && unknown === undefined ? sampleOf(relation, []) : [],
    isAtMost,
    ...(unknown === undefined ? {} : { unknown }),
    measures: () => ({
      lost,
      ...(unknown === undefined ? { total } : {}),
      ...keptMeasure(context, going, isAtMost ? undefined : lost),
    }),
    weigh: (counts) => {
      const { notKept } = counts
      const all = counts.total ?? counts.lost
      const note = unknown === undefined ? copyNote(context, going, counts.lost, notKept) : ''
      const some = `${amount(counts.lost, 'row', isAtMost)} of ${name} ${be(counts.lost)} deleted`
      const weighed = (): Weighed => {
        if (by) {
          return {
            code: 'cascade',
            verdict: unknown === undefined ? 'block' : 'unknown',
            message: `${some} along with what "${by.name}" refers to${unsaid(unknown)}${note}`,
            hint: `Delete them by name if they are meant to go, or give "${by.name}" another ON DELETE first.`,
          }
        }
        if (!hasCondition) {
          return {
            code: 'delete-without-where',
            verdict: 'block',
            message: `${some}: the DELETE has no WHERE${note}`,
            hint: 'Add the condition that is missing, or accept that all rows go.',
            fixSql: keep,
          }
        }
        const isMost = counts.lost > all * largestShare
        return {
          code: 'delete',
          verdict: unknown !== undefined ? 'unknown' : isMost ? 'block' : 'warn',
          message: unknown === undefined ? `${some}, of ${all}${note}` : `${some}${unsaid(unknown)}`,
          hint: 'Look at the rows that the condition finds.',
        }
      }
      return weighKept(weighed(), notKept)
    },
  })
}

/** UPDATE, ON CONFLICT DO UPDATE, and the references that foreign keys set along with it. */
export function watchUpdated(context: LossContext, relation: Relation, rows: UpdatedRows): void {
  if (relation.live === undefined || relation.isEmpty) return
  const { walk, today } = context
  const { from, alias, isHit, hasCondition, by } = rows
  const [unknown] = rows.opaque
  const oldValues = new Map(rows.changes.map(({ column, old }) => [column, old]))
  const oldValueOf = (column: Column) => oldValues.get(column) ?? over(alias)(column)
  for (const { column, old, now } of rows.changes) {
    if (column.liveName === undefined || column.generated) continue
    const live = quoteIdentifier(column.liveName)
    // A value that an earlier statement has put there is none of today's.
    const isSame = `NOT (${differs(todaysValue(column), old, column.type)})`
    const isReplaced = today.isWritten(column) && today.isComparable(column)
    const isToday = today.isThere(relation, oldValueOf, isReplaced ? isSame : undefined)
    const isAtMost = isToday === undefined
    const isChanged = differs(old, now, column.type)
    const lost = { from, condition: allOf(isHit, `${old} IS NOT NULL`, isToday ?? 'true', isChanged) }
    const total = { from: rows.all ?? from, condition: `${old} IS NOT NULL` }
    const everything = { from: `${relation.live} AS t`, condition: `t.${live} IS NOT NULL` }
    const name = shown(relation, column.name)
    const keep = keepValuesSql(walk.catalog, relation, column, today.keyOf(relation))
    const going = goingValues(context, relation, column, oldValueOf)
    context.add({
      ...named(relation, [column]),
      sample: unknown === undefined ? sampleOf(relation, []).map((key) => `${alias}.${key}`) : [],
      isAtMost: isAtMost || unknown !== undefined,
      ...(unknown === undefined ? {} : { unknown }),
      measures: () =>
        unknown === undefined
          ? {
              lost,
              ...(hasCondition ? { total } : {}),
              ...keptMeasure(context, going, isAtMost ? undefined : lost),
            }
          : { lost: everything },
      weigh: (counts) => {
        const { notKept } = counts
        const most = isAtMost || unknown !== undefined
        const note = unknown === undefined ? copyNote(context, going, counts.lost, notKept) : ''
        const some = `${amount(counts.lost, 'value', most)} of ${name} ${be(counts.lost)} overwritten`
        const weighed = (): Weighed => {
          if (by) {
            return {
              code: 'cascade',
              verdict: unknown === undefined ? 'block' : 'unknown',
              message: `${some} along with what "${by.name}" refers to${unsaid(unknown)}${note}`,
              hint: 'Look at the rows whose reference changes.',
            }
          }
          if (!hasCondition) {
            return {
              code: 'update-without-where',
              verdict: unknown === undefined ? 'block' : 'unknown',
              message: `${some}: the UPDATE has no WHERE${unsaid(unknown)}${note}`,
              hint: 'Add the condition that is missing, or accept that the values are replaced.',
              fixSql: keep,
            }
          }
          const all = counts.total ?? counts.lost
          const verdict: Verdict = unknown !== undefined || counts.lost > all * largestShare ? 'warn' : 'info'
          return {
            code: 'update',
            verdict,
            message: unknown === undefined ? `${some}, of ${all}${note}` : `${some}${unsaid(unknown)}`,
            hint: 'Look at the rows that the condition finds.',
          }
        }
        // One with a condition that hits few is told and no more: it stays as quiet where the values are kept.
        const found = weighed()
        return found.verdict === 'info' ? found : weighKept(found, notKept)
      },
    })
  }
}

/** TRUNCATE, with CASCADE also of the tables that refer to it. */
export function watchTruncate(context: LossContext, { node }: WatchedStatement): void {
  const { catalog } = context.walk
  const named: Relation[] = (node.relations ?? []).flatMap(
    ({ RangeVar }: Node) => findRelation(catalog, relationOf(RangeVar)) ?? [],
  )
  for (const relation of named) watchEmptied(context, relation)
  if (node.behavior !== 'DROP_CASCADE') return
  const all = new Set(named)
  for (const relation of all) {
    for (const child of catalog.relations) {
      const key = child.constraints.find(({ parent }) => parent === relation)
      if (!key || all.has(child)) continue
      all.add(child)
      watchEmptied(context, child, key.name)
    }
  }
}

function watchEmptied(context: LossContext, relation: Relation, by?: string): void {
  if (relation.live === undefined || relation.isEmpty) return
  const { measure, isAtMost } = rowsLeft(context, relation)
  const keep = keepRowsSql(context.walk.catalog, relation)
  const going = goingRows(context, relation, over(quoteIdentifier(relation.name)))
  const rows = wholeRows(context, going, measure)
  context.add({
    ...named(relation),
    sample: [],
    isAtMost,
    measures: () => ({ lost: measure, ...keptMeasure(context, going, isAtMost ? undefined : rows) }),
    weigh: ({ lost, notKept }) =>
      weighKept(
        {
          code: by === undefined ? 'truncate' : 'cascade',
          verdict: 'block',
          message: `${amount(lost, 'row', isAtMost)} of ${shown(relation)} ${be(lost)} truncated${by === undefined ? '' : `, since "${by}" refers to a table that is`}${copyNote(context, going, lost, notKept)}`,
          hint: 'Keep the rows that are still needed, or accept that all go.',
          fixSql: keep,
        },
        notKept,
      ),
  })
}

/** A statement that is left to the rehearsal: what it may take is all there is. */
export function watchNotFollowed(
  context: LossContext,
  { kind, node, sql }: WatchedStatement,
  reason: string,
  reach: Reach,
): void {
  const { catalog } = context.walk
  const add = (relation: Relation | undefined, code: string, verb: string) => {
    if (relation?.live === undefined || relation.isEmpty) return
    context.add({
      ...named(relation),
      sample: [],
      isAtMost: true,
      unknown: reason,
      measures: () => ({ lost: allToday(relation).measure }),
      weigh: ({ lost }) => ({
        code,
        // Most of what code overwrites is filled in; a statement that is not followed may replace every value.
        verdict: code === 'update' && kind !== 'UpdateStmt' && kind !== 'MergeStmt' ? 'warn' : 'unknown',
        message: `${amount(lost, 'row', true)} of ${shown(relation)} ${be(lost)} ${verb}${unsaid(reason)}`,
        hint: 'Rehearse the migration on a copy, which shows what is lost.',
      }),
    })
  }
  const addColumn = (relation: Relation, column: Column) => {
    if (relation.live === undefined || column.liveName === undefined || relation.isEmpty) return
    const { measure } = valuesLeft(context, relation, column)
    context.add({
      ...named(relation, [column]),
      sample: [],
      isAtMost: true,
      unknown: reason,
      measures: () => ({ lost: measure }),
      weigh: ({ lost }) => ({
        code: 'drop-column',
        verdict: 'unknown',
        message: `${amount(lost, 'value', true)} of ${shown(relation, column.name)} ${be(lost)} dropped${unsaid(reason)}`,
        hint: 'Rehearse the migration on a copy, which shows what is lost.',
      }),
    })
  }
  if (kind === 'DeleteStmt') add(findRelation(catalog, relationOf(node.relation)), 'delete', 'deleted')
  if (kind === 'UpdateStmt') add(findRelation(catalog, relationOf(node.relation)), 'update', 'overwritten')
  if (kind === 'MergeStmt') {
    const deletes = node.mergeWhenClauses?.some(
      ({ MergeWhenClause }: Node) => MergeWhenClause.commandType === 'CMD_DELETE',
    )
    add(
      findRelation(catalog, relationOf(node.relation)),
      deletes ? 'delete' : 'update',
      deletes ? 'deleted' : 'overwritten',
    )
  }
  if (dataKinds.has(kind)) return
  for (const { relation, column, code, verb } of takenBy(
    catalog,
    codeKinds.has(kind) ? reach.texts : reach.texts.filter((text) => text !== sql),
  )) {
    if (column === undefined) add(relation, code, verb)
    else addColumn(relation, column)
  }
  if (reach.mayWriteAny) addAnything(context, kind.replace(/Stmt$/, '').toUpperCase(), reason)
}

/** A file that cannot be read. */
export function watchNotRead(context: LossContext, reason: string): void {
  addAnything(context, context.walk.place.migration, reason)
}

/** What runs a text that it makes itself may take anything. */
function addAnything(context: LossContext, object: string, reason: string): void {
  const { line } = context.walk.place
  context.add({
    object,
    sample: [],
    isAtMost: true,
    unknown: reason,
    measures: () => ({ lost: { from: '(SELECT 1) AS one', condition: 'true' } }),
    weigh: () => ({
      code: 'not-looked-at',
      verdict: 'unknown',
      message: `whether line ${line} takes away data that is there was not looked at: ${reason}`,
      hint: 'Read what it does to rows, or rehearse it on a copy; then accept it by name.',
    }),
  })
}

const dataKinds: ReadonlySet<string> = new Set(['InsertStmt', 'DeleteStmt', 'UpdateStmt', 'MergeStmt'])

function unsaid(reason: string | undefined): string {
  return reason === undefined ? '' : `; which of them is not known: ${reason}`
}

const goneAlias = '"~gone"'
const allAlias = '"~all"'
