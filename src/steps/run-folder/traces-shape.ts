import { listOf, namesTo, nestedTo, nullOr, object, text, variants, whole } from '../../domain/shape.js'
import { digits } from './plan-shape.js'

/** Deeper than anything that the catalog of a server is written down as. */
const properties = namesTo(nestedTo(16))

/** CatalogObject, as in catalog.json, catalog-before.json and rehearsed-catalog.json. */
export const catalogShape = listOf(object({ kind: text, name: text, properties }))

const point = { migration: text }

/** CatalogTimeline, rehearsed-steps.json */
export const timelineShape = object({
  points: listOf(object(point, { statements: whole })),
  objects: listOf(
    object({
      kind: text,
      name: text,
      versions: listOf(object({ at: whole, properties: nullOr(properties) })),
    }),
  ),
})

const ofStatement = object({ statement: whole })

/** EngineEvent, one line of events.ndjson; one that this version does not know tells nothing. */
export const eventShape = variants(
  'type',
  Object.fromEntries(
    Object.entries({
      'migration-started': object({ statements: whole, mode: text }),
      'transaction-started': object({ transactionId: digits, serverStart: text, attempt: whole }),
      'statement-started': object({ statement: whole, line: whole, summary: text }, { cannotGiveWay: text }),
      'locks-taken': object({
        before: whole,
        tables: listOf(object({ schema: text, name: text, mode: text })),
      }),
      'statement-finished': ofStatement,
      'history-row': object({ rowId: text }),
      refused: object({ message: text }),
      'statement-failed': object({ message: text }, { statement: whole, line: whole, sqlstate: text }),
      retry: object({ attempt: whole, sqlstate: text, reason: text }, { statement: whole }),
    }).map(([type, shape]) => [type, withCommon(shape)]),
  ),
  withCommon(object({ type: text })),
)

function withCommon(shape: ReturnType<typeof object>): ReturnType<typeof object> {
  const common = object({ at: text, migration: text })
  return (value, at) => common(value, at) ?? shape(value, at)
}
