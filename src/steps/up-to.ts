import { SettingsError } from '../domain/errors.js'
import { findNearMisses } from '../settings/near-misses.js'

/**
 * The names up to the last one that is wanted, in the order of the migrations.
 * @param names pending migrations, in their order
 * @param option what the name was given by, for the error
 * @throws SettingsError when it names no pending migration
 */
export function upTo(last: string | undefined, names: readonly string[], option: string): readonly string[] {
  if (last === undefined) return names
  const at = names.indexOf(last)
  if (at >= 0) return names.slice(0, at + 1)
  const [nearest] = findNearMisses(last, names)
  throw new SettingsError(
    'migration-not-pending',
    `${option} names "${last}", which is no pending migration`,
    {
      hint: nearest
        ? `Did you mean ${nearest}?`
        : names.length === 0
          ? 'Every migration has its row in the history already.'
          : `Name one of the pending migrations, from ${names[0]} to ${names.at(-1)}.`,
    },
  )
}
