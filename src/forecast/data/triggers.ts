import { findFunctions } from '../lookup.js'
import type { Column, Relation, TriggerObject } from '../model.js'
import { writes } from '../rewrite.js'
import type { Walk } from '../walk.js'

/** What the triggers of a relation do when a statement writes to it. */
export interface TriggerEffects {
  /** There are triggers, but no row for them: the statement changes nothing today. */
  readonly hitsNothing: boolean
  /** Columns that a BEFORE trigger sets. */
  readonly assigned: readonly Column[]
  /** Name of the trigger that does. */
  readonly trigger: string
}

const none: TriggerEffects = { hitsNothing: false, assigned: [], trigger: '' }

/**
 * Reads the functions of the triggers that a statement fires. One that only sets columns of the new row makes those
 * unknown; one that writes or raises leaves the statement to the rehearsal, and what it writes unknown.
 *
 * @param countRows how many rows the statement hits; asked only where there is a trigger
 */
export async function triggerEffects(
  walk: Walk,
  relation: Relation,
  event: 'insert' | 'update' | 'delete',
  changed: ReadonlySet<Column>,
  countRows: () => Promise<number | undefined>,
): Promise<TriggerEffects> {
  const fired = relation.triggers.filter((trigger) => fires(trigger, event, changed))
  if (fired.length === 0) return none
  if ((await countRows()) === 0)
    return { ...none, hitsNothing: fired.every(({ isForEachRow }) => isForEachRow) }
  const assigned: Column[] = []
  for (const trigger of fired) assigned.push(...followTrigger(walk, relation, trigger))
  return { hitsNothing: false, assigned, trigger: fired[0]?.name ?? '' }
}

function fires(
  { isEnabled, events, columns }: TriggerObject,
  event: 'insert' | 'update' | 'delete',
  changed: ReadonlySet<Column>,
): boolean {
  if (!isEnabled || !events.includes(event)) return false
  return event !== 'update' || columns.length === 0 || columns.some((column) => changed.has(column))
}

function followTrigger(
  walk: Walk,
  relation: Relation,
  { name, timing, functionName }: TriggerObject,
): Column[] {
  const body = findFunctions(walk.catalog, functionName)[0]?.body
  if (body === undefined) {
    walk.doubt(`what trigger "${name}" does is not in the catalog`, relation.name)
    walk.blur(relation, `trigger "${name}"`)
    return []
  }
  if (writes(body) || /\braise\s+(exception|sqlstate)|\braise\s*;|\bassert\b|\bperform\b/i.test(body)) {
    walk.doubt(`trigger "${name}" writes or raises`, relation.name)
    blurWritten(walk, body, `trigger "${name}" writes it`)
  }
  if (timing !== 'before') return []
  if (/\breturn\s+null\b/i.test(body)) {
    walk.blur(relation, `trigger "${name}" may leave rows out`)
    return []
  }
  const set = [...body.matchAll(/\bnew\s*\.\s*("(?:[^"]|"")+"|[a-z_][a-z0-9_]*)\s*:?=(?!=)/gi)].map(
    ([, column = '']) => (column.startsWith('"') ? column.slice(1, -1) : column.toLowerCase()),
  )
  if (/\bnew\s*:?=|\binto\s+(strict\s+)?new\b/i.test(body)) return [...relation.columns]
  return relation.columns.filter((column) => set.includes(column.name))
}

/** What a text writes to: every relation that it names, to be on the safe side. */
export function blurWritten(walk: Walk, text: string, reason: string): void {
  const words = new Set(text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [])
  for (const relation of walk.catalog.relations) {
    if (words.has(relation.name) || words.has(relation.name.toLowerCase())) walk.blur(relation, reason)
  }
}
