import type { Plan } from '../domain/plan.js'
import type { EngineEvent } from '../prisma/engine-events.js'

/** Whether cancelling what runs now leaves nothing behind; a reason to tell when it would. */
export type GivingWay = { readonly possible: true } | { readonly possible: false; readonly why?: string }

/**
 * Only what the server undoes as a whole may be cancelled for the sake of others.
 * @param events what our engine has told so far; nothing of Prisma's own
 */
export function mayGiveWay({ engine, pending }: Plan, events: readonly EngineEvent[]): GivingWay {
  if (engine === 'hosted') return mayHostGiveWay(events)
  const partly = pending.find(({ execution }) => execution.mode !== 'all-or-nothing')
  return partly === undefined
    ? { possible: true }
    : { possible: false, why: `Prisma's own engine may leave "${partly.name}" half applied` }
}

/** The same where it is our engine that runs the file: it tells where it is. */
export function mayHostGiveWay(events: readonly EngineEvent[]): GivingWay {
  const begun = events.findLast((event) => event.type === 'migration-started')
  const last = events.at(-1)
  if (begun === undefined || last === undefined || isBetween(last)) return { possible: false }
  if (begun.mode === 'all-or-nothing') return { possible: true }
  if (last.type !== 'statement-started') return { possible: false }
  const { cannotGiveWay, statement, migration } = last
  return cannotGiveWay === undefined
    ? { possible: true }
    : { possible: false, why: `statement ${statement} of "${migration}": ${cannotGiveWay}` }
}

/** Nothing of a migration runs then, only Prisma's own notes in its history. */
function isBetween({ type }: EngineEvent): boolean {
  return type === 'migration-finished' || type === 'retry' || type === 'transaction-rolled-back'
}
