import { ProjectError } from '../../domain/errors.js'
import type { MigrationFolder } from '../../domain/migration.js'
import { findNearMisses } from '../../settings/near-misses.js'

/**
 * The folder that somebody means: by its name, its path, or its name without the time before it where only one has that.
 * @returns it and all that come before it, in order
 * @throws ProjectError `migration-unknown`, `migration-ambiguous`
 */
export function findMigration(
  folders: readonly MigrationFolder[],
  given: string,
): { readonly folder: MigrationFolder; readonly earlier: readonly MigrationFolder[] } {
  const name = given.replace(/\/+(migration\.sql)?$/, '').replace(/^.*\//, '')
  const exact = folders.findIndex((folder) => folder.name === name)
  const named = folders.filter((folder) => folder.name.replace(/^\d+_/, '') === name)
  if (exact === -1 && named.length > 1) {
    throw new ProjectError('migration-ambiguous', `${named.length} migrations are called "${name}"`, {
      hint: `Give the whole name: ${named.map((folder) => folder.name).join(', ')}.`,
    })
  }
  const at = exact === -1 ? folders.indexOf(named[0] as MigrationFolder) : exact
  const folder = folders[at]
  if (folder) return { folder, earlier: folders.slice(0, at) }
  const [near] = findNearMisses(
    name,
    folders.map((one) => one.name),
  )
  throw new ProjectError('migration-unknown', `there is no migration "${name}" in the migrations folder`, {
    hint:
      near === undefined
        ? `Its folders are, the newest last: ${folders
            .slice(-3)
            .map((one) => one.name)
            .join(', ')}.`
        : `Did you mean ${near}?`,
  })
}
