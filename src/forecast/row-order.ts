import type { Outcome, Questions } from './questions.js'
import type { Requirement } from './requirement.js'

/**
 * Puts what one statement is refused for into the order in which the server comes to it: an INSERT that brings several
 * rows is refused by the first row that something stands in the way of, whatever stands in the way of the later ones.
 * Asks only where several things do.
 */
export async function inRowOrder(
  outcomes: ReadonlyMap<Requirement, Outcome>,
  questions: Questions,
): Promise<ReadonlyMap<Requirement, Outcome>> {
  const entries = [...outcomes]
  const first = entries.find(([{ mayPass }, { kind }]) => kind === 'violated' && mayPass === undefined)
  if (!first?.[0].isAskedRowByRow) return outcomes
  const slots = entries.flatMap(([{ place, mayPass, isAskedRowByRow }, outcome], slot) =>
    place === first[0].place && isAskedRowByRow && mayPass === undefined && outcome.kind === 'violated'
      ? [slot]
      : [],
  )
  if (slots.length < 2) return outcomes
  const rows = new Map<number, number>()
  for (const slot of slots) {
    const [requirement] = entries[slot] as [Requirement, Outcome]
    rows.set(slot, (await questions.firstRow(requirement)) ?? Number.POSITIVE_INFINITY)
  }
  const sorted = [...slots].sort(
    (one, other) => Math.sign((rows.get(one) ?? 0) - (rows.get(other) ?? 0)) || one - other,
  )
  const ordered = [...entries]
  slots.forEach((slot, i) => {
    ordered[slot] = entries[sorted[i] as number] as [Requirement, Outcome]
  })
  return new Map(ordered)
}
