import { type DownMade, type DownWritten, isOnlyOrder, verdictOf } from '../domain/down.js'
import { formatCatalogDifference } from '../postgres/catalog-fingerprint/format.js'
import { clean, plural } from './words.js'

/** What became of a down script, in lines for people. */
export function formatDownWritten(written: DownWritten): string {
  const { migration, file, isWritten, statements } = written
  return [
    `down        ${clean(migration)}: ${plural(statements, 'statement')}`,
    ...formatDownProof(written),
    ...(isWritten ? [`written     ${clean(file)}`] : []),
  ].join('\n')
}

/** What became of a new migration, in lines for people. */
export function formatCreated(
  created: DownWritten & { readonly sql: string; readonly sortsBefore?: string },
): string {
  const { migration, file, isWritten, statements, sortsBefore } = created
  const folder = file.replace(/\/down\.sql$/, '')
  return [
    `created     ${clean(folder)}: ${statements === 0 ? 'nothing to change, so migration.sql is empty' : plural(statements, 'statement')}`,
    ...(sortsBefore === undefined
      ? []
      : [
          `  it sorts before ${clean(sortsBefore)}, so that a fresh database runs it first: rename one of the two`,
        ]),
    ...(statements === 0 ? [] : formatDownProof(created)),
    `written     ${['migration.sql', ...(isWritten ? ['down.sql'] : []), 'checks/'].join(', ')}`,
    `next        read ${clean(migration)}/migration.sql; what must hold for the data goes into checks/before`,
  ].join('\n')
}

/** What is known of a way back: the proof, and what nothing brings back. */
export function formatDownProof(made: DownMade): string[] {
  const { proof, irreversible } = made
  const moved = proof.differences.filter(isOnlyOrder)
  const other = proof.differences.filter((one) => !isOnlyOrder(one))
  const again = proof.again.filter((one) => !isOnlyOrder(one))
  return [
    `proof       ${proofWords[verdictOf(made)]}`,
    ...(proof.downFails === undefined ? [] : [`  it does not run: ${clean(proof.downFails)}`]),
    ...irreversible.map(
      ({ line, why, remedy }) => `  irreversible, line ${line}: ${clean(why)}; ${clean(remedy)}`,
    ),
    ...other.map((one) => `  after down ${clean(formatCatalogDifference(one))}`),
    ...(moved.length === 0
      ? []
      : [`  columns at another place in their table: ${clean(moved.map(({ name }) => name).join(', '))}`]),
    ...(proof.againFails === undefined
      ? []
      : [`  a second run of the migration fails: ${clean(proof.againFails)}`]),
    ...again.map((one) => `  after a second run ${clean(formatCatalogDifference(one))}`),
  ]
}

const proofWords = {
  exact: 'exact: up, down and up again on an empty database, compared object by object',
  named: 'not exact: up, down and up again on an empty database leave what is named here',
  wrong: 'it does not lead back',
} as const
