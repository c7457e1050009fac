import { quoteIdentifier, relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import { findColumn, findRelation, nameOf } from '../lookup.js'
import type { Column, ColumnType, Relation } from '../model.js'
import { named, shown } from '../named.js'
import { NotDeparsed } from '../tree.js'
import { typeOf } from '../types.js'
import { sampleOf } from '../walk.js'
import type { WatchedStatement } from '../watcher.js'
import { allOf } from './all-of.js'
import { amount, be, type LossContext, valuesLeft } from './context.js'
import { type Conversion, conversionOf } from './conversions.js'
import { copyNote, goingValues, keptMeasure, weighKept, wholeRows } from './kept.js'
import { keepValuesSql } from './proposals.js'
import { over } from './today.js'

/** ALTER COLUMN … TYPE: values that are cut, rounded, merged, or lose their time zone. */
export function watchTypes(context: LossContext, { kind, node }: WatchedStatement): void {
  if (kind !== 'AlterTableStmt') return
  const relation = findRelation(context.walk.catalog, relationOf(node.relation))
  if (relation?.live === undefined || relation.isEmpty || !/table/.test(relation.kind)) return
  for (const { AlterTableCmd: command } of node.cmds ?? []) {
    const column = command.subtype === 'AT_AlterColumnType' ? findColumn(relation, command.name) : undefined
    if (column?.liveName === undefined || column.generated) continue
    watchType(context, relation, column, command.def.ColumnDef)
    context.today.retype(column)
  }
}

function watchType(context: LossContext, relation: Relation, column: Column, def: Node): void {
  const { walk } = context
  let type: ColumnType
  let conversion: Conversion | undefined
  try {
    type = typeOf(walk.catalog, def.typeName)
    conversion = conversionOf(walk, relation, column, type, def.raw_default)
  } catch (error) {
    // The statement itself is left to the rehearsal then.
    if (error instanceof NotFollowed || error instanceof NotDeparsed) return
    throw error
  }
  if (!conversion) return
  const { measure, isAtMost } = valuesLeft(context, relation, column)
  const { isLost, join = '', losesTimeZone, opaque } = conversion
  const name = shown(relation, column.name)
  const types = `${wordsOf(column.type)} → ${wordsOf(type)}`
  const keep = keepValuesSql(walk.catalog, relation, column, context.today.keyOf(relation))
  const shared = {
    ...named(relation, [column]),
    sample: opaque === undefined && !isAtMost ? sampleOf(relation, [column]) : [],
    isAtMost,
    ...(opaque === undefined ? {} : { unknown: opaque }),
  }
  const fix = { fixSql: keep }
  const going = goingValues(context, relation, column, over(quoteIdentifier(relation.name)))
  if (losesTimeZone) {
    context.add({
      ...shared,
      measures: () => ({ lost: measure }),
      weigh: ({ lost }) => ({
        code: 'lost-time-zone',
        verdict: 'block',
        message: `${amount(lost, 'value', isAtMost)} of ${name} ${lost === 1 ? 'loses its' : 'lose their'} time zone (${types}): kept is the time of day in the session's TimeZone`,
        hint: 'Say which time zone is meant, so that it does not depend on who runs the migration.',
        fixSql: `ALTER TABLE ${nameOf(walk.catalog, relation)} ALTER COLUMN ${quoteIdentifier(column.name)} TYPE ${wordsOf(type)} USING ${quoteIdentifier(column.name)} AT TIME ZONE 'UTC';`,
      }),
    })
  }
  const isKnown = opaque === undefined && !isAtMost
  // USING may read other columns too.
  const from = `${def.raw_default ? walk.rowsOf(relation) : measure.from}${join}`
  const all = `${wholeRows(context, going, measure).from}${join}`
  const lost = isKnown ? { from, condition: allOf(measure.condition, isLost) } : measure
  context.add({
    ...shared,
    measures: () => ({ lost, ...keptMeasure(context, going, isKnown ? { ...lost, from: all } : undefined) }),
    weigh: ({ lost: count, notKept }) =>
      weighKept(
        {
          code: 'narrowing',
          verdict: isKnown ? 'block' : 'unknown',
          message: isKnown
            ? `${amount(count, 'value', false)} of ${name} ${be(count)} cut, rounded or merged (${types})${copyNote(context, going, count, notKept)}`
            : `${amount(count, 'value', true)} of ${name} may be cut, rounded or merged (${types}): ${opaque ?? 'rows of today cannot be told from new ones'}`,
          hint: 'Keep the values as they are in another column or table, or accept the loss.',
          ...fix,
        },
        notKept,
      ),
  })
}

function wordsOf({ object, modifiers, isArray, liveText }: ColumnType): string {
  return liveText ?? `${object.name}${modifiers}${isArray ? '[]' : ''}`
}
