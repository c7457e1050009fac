import { quoteIdentifier } from '../../sql/names.js'
import { findRelation } from '../lookup.js'
import type { Column, Relation, SequenceObject } from '../model.js'
import { named, shown } from '../named.js'
import { sampleOf } from '../walk.js'
import type { WatchedStatement } from '../watcher.js'
import { amount, be, type LossContext, rowsLeft, valuesLeft } from './context.js'
import { type Dropped, dependentsOf, droppedBy } from './drops.js'
import {
  copyNote,
  type Going,
  goingRows,
  goingToday,
  goingValues,
  keptMeasure,
  weighKept,
  wholeRows,
} from './kept.js'
import type { DroppedColumn } from './lineage.js'
import type { Measure, Weighed } from './loss.js'
import {
  keepRowsSql,
  keepValuesSql,
  renameColumnSql,
  renameTableSql,
  retypeSql,
  setAsideSql,
} from './proposals.js'
import { over } from './today.js'

/** What DROP … and ALTER TABLE … DROP COLUMN take away. */
export async function watchDrops(context: LossContext, statement: WatchedStatement): Promise<void> {
  const isCascade =
    statement.node.behavior === 'DROP_CASCADE' ||
    statement.node.cmds?.some(
      ({ AlterTableCmd }: WatchedStatement['node']) => AlterTableCmd.behavior === 'DROP_CASCADE',
    )
  for (const dropped of await droppedBy(context.walk, statement)) {
    for (const { relation, column } of dropped.columns) {
      if (isCascade && !dropped.by) watchDependents(context, relation, column)
      watchColumn(context, relation, column, dropped.by)
    }
    for (const relation of dropped.relations) {
      if (isCascade) watchDependents(context, relation)
      watchTable(context, relation, dropped.by)
    }
    for (const sequence of dropped.sequences) watchSequence(context, sequence, dropped.by)
  }
}

function watchColumn(context: LossContext, relation: Relation, column: Column, by: Dropped['by']): void {
  if (relation.live === undefined || column.liveName === undefined || relation.isEmpty) return
  if (!/table/.test(relation.kind) || relation.kind === 'foreign table') return
  const { walk, lineage, today } = context
  const dropped = lineage.dropped(relation, column)
  const { measure, isAtMost } = valuesLeft(context, relation, column)
  const { going, rows } = goingOf(context, relation, column, measure)
  const name = display(relation, column.name)
  const keep = keepValuesSql(walk.catalog, relation, column, today.keyOf(relation))
  const isGenerated = column.generated !== undefined
  context.add({
    ...named(relation, [column]),
    sample: isAtMost ? [] : sampleOf(relation, [column]),
    isAtMost,
    measures: () => ({ lost: measure, ...keptMeasure(context, going, isAtMost ? undefined : rows) }),
    weigh: ({ lost, notKept }) => {
      const what = `${amount(lost, 'value', isAtMost)} of ${name} ${be(lost)} dropped`
      if (isGenerated)
        return {
          code: 'drop-column',
          verdict: 'info',
          message: `${what}; the server computes them from other columns`,
        }
      const note = copyNote(context, going, lost, notKept)
      return weighKept(columnLoss(context, dropped, what, by, { keep, note }), notKept)
    },
  })
}

/** What is looked for in other places, and the rows that it is read from. */
function goingOf(
  context: LossContext,
  relation: Relation,
  column: Column,
  measure: Measure,
): { going: Going; rows: Measure } {
  const todays = context.today.isWritten(column) && goingToday(context, relation, column, measure)
  if (todays) return { going: todays.going, rows: todays.lost }
  const going = goingValues(context, relation, column, over(quoteIdentifier(relation.name)))
  return { going, rows: going.key ? measure : wholeRows(context, going, measure) }
}

function columnLoss(
  { walk, lineage }: LossContext,
  dropped: DroppedColumn,
  what: string,
  by: Dropped['by'],
  { keep, note }: { keep: string; note: string },
): Weighed {
  const { relation, name } = dropped
  const said = `${what}${by ? ` with the ${wordsOf[by.code]} "${by.name}"` : ''}${note}`
  const readded = lineage.readdedAs(dropped)
  if (readded) {
    const isSame =
      readded.type.object === dropped.type.object && readded.type.isArray === dropped.type.isArray
    return {
      code: 'drop-and-re-add-column',
      verdict: 'block',
      message: `${said}, and line ${readded.place.line} adds the column again${lineage.isFilled(readded) ? '' : ', empty'}`,
      hint: isSame
        ? 'Leave out the DROP and the ADD, and change the column in place where it differs; or keep the values first.'
        : `Change the type in place instead of dropping the column and adding it again: ${retypeSql(walk.catalog, relation, name, readded.type)} Or keep the values first.`,
      fixSql: keep,
    }
  }
  const renamed = by ? undefined : lineage.renamedTo(dropped)
  if (renamed && note === '') {
    return {
      code: 'probable-rename-column',
      verdict: 'block',
      message: `${said}, and line ${renamed.place.line} adds "${renamed.name}" of the same type${renamed.hasDefault ? ' with a default' : ', empty'}: probably a rename`,
      hint: `If it is a rename, write in the place of the DROP and the ADD: ${renameColumnSql(walk.catalog, relation, name, renamed.name)} If not, keep the values first.`,
      fixSql: keep,
    }
  }
  return {
    code: by?.code ?? 'drop-column',
    verdict: 'block',
    message: said,
    hint: 'Copy the values to where they are needed before the column is dropped, or accept the loss.',
    fixSql: keep,
  }
}

function watchTable(context: LossContext, relation: Relation, by: Dropped['by']): void {
  const holdsRows = relation.kind === 'table' || relation.kind === 'partitioned table'
  if (relation.live === undefined || relation.isEmpty || !holdsRows) return
  const { walk, lineage } = context
  const { place } = walk
  const { measure, isAtMost } = rowsLeft(context, relation)
  const { name } = relation
  const keep = keepRowsSql(walk.catalog, relation, by?.code === 'drop-schema' ? by.name : undefined)
  const going = goingRows(context, relation, over(quoteIdentifier(name)))
  const rows = wholeRows(context, going, measure)
  context.add({
    ...named(relation),
    sample: [],
    isAtMost,
    measures: () => ({ lost: measure, ...keptMeasure(context, going, isAtMost ? undefined : rows) }),
    weigh: ({ lost, notKept }) => {
      const reason = by ? ` with the ${wordsOf[by.code]} "${by.name}"` : ' with the table'
      const note = copyNote(context, going, lost, notKept)
      const what = `${amount(lost, 'row', isAtMost)} of ${shown(relation)} ${be(lost)} dropped${reason}${note}`
      const renamed = by || note !== '' ? undefined : lineage.renamedTableTo(relation, place)
      if (renamed) {
        return {
          code: 'probable-rename-table',
          verdict: 'block',
          message: `${what}, and line ${renamed.place.line} creates "${renamed.name}" with mostly the same columns${lineage.isEmpty(renamed) ? ', empty' : ''}: probably a rename`,
          hint: `If it is a rename, write in the place of the DROP and the CREATE: ${renameTableSql(walk.catalog, relation, renamed.name)} If not, keep the rows first.`,
          fixSql: keep,
        }
      }
      const again = lineage.recreatedAt(relation, place)
      return weighKept(
        {
          code: by?.code ?? 'drop-table',
          verdict: 'block',
          message: `${what}${again ? `, and line ${again.place.line} creates it again${lineage.isEmpty(again) ? ', empty' : ''}` : ''}`,
          hint: `Set the table aside instead and drop it later: ${setAsideSql(walk.catalog, relation)} Or copy its rows first, or accept the loss.`,
          fixSql: keep,
        },
        notKept,
      )
    },
  })
}

/** Where a counter stands is data too: started again, it gives numbers that are in use. */
function watchSequence(context: LossContext, sequence: SequenceObject, by: Dropped['by']): void {
  if (sequence.live === undefined) return
  const isSerials = sequence.ownedBy !== undefined
  const measure = { from: `${sequence.live} AS s`, condition: 's.is_called' }
  context.add({
    object: sequence.name,
    sample: ['s.last_value'],
    isAtMost: false,
    measures: () => ({ lost: measure }),
    weigh: () => ({
      code: by?.code ?? 'drop-sequence',
      // That of a serial column goes when the column counts no more.
      verdict: isSerials ? 'info' : 'warn',
      message: `where the sequence "${sequence.name}" stands is lost`,
      hint: 'If another sequence takes its place, start it after the last value of this one.',
    }),
  })
}

/** What CASCADE takes along and no statement names. No data goes with it, but the application may miss it. */
function watchDependents(context: LossContext, relation: Relation, column?: Column): void {
  const { walk } = context
  if (relation.live === undefined || !findRelation(walk.catalog, relation)) return
  const dependents = dependentsOf(walk, relation, column)
  if (dependents.length === 0) return
  context.add({
    ...named(relation, column && [column]),
    sample: [],
    isAtMost: false,
    measures: () => ({ lost: { from: '(SELECT 1) AS one', condition: 'true' } }),
    weigh: () => ({
      code: 'cascade',
      verdict: 'warn',
      message: `CASCADE also drops ${listOf(dependents)}`,
      hint: 'Drop by name what is meant to go, and leave CASCADE out: then nothing else can go along.',
    }),
  })
}

const wordsOf = { 'drop-schema': 'schema', 'drop-type': 'type', 'drop-extension': 'extension' } as const

function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function display(relation: Relation, column: string): string {
  return shown(relation, column)
}
