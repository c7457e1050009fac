import type { CatalogTimeline } from '../../domain/catalog-timeline.js'
import type { MigrationOutcome } from '../../domain/deployment.js'
import type { CatalogExpectation } from '../../domain/migration.js'
import type { EngineName } from '../../domain/plan.js'
import { type Catalog, compareCatalogs } from '../../postgres/catalog.js'
import { foldTableParts } from '../../postgres/catalog-fingerprint/fold.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import type { CatalogJudgement } from './judge-catalog.js'

/** So many objects that differ are named in the evidence. */
const namedObjects = 10

/** What its row in the history tells of one migration. */
export function describeRow({ name, outcome, historyRow }: MigrationOutcome, engine: EngineName): string {
  if (outcome === 'not-run') return `"${name}" was not started by this run`
  if (outcome === 'applied')
    return `the history row of "${name}" from this run is finished and has the planned checksum`
  if (historyRow === 'finished')
    return `the history row of "${name}" is finished, but the ${engine} engine did not run it to its end`
  return `"${name}" was started by this run and has no finished history row`
}

/** What the objects tell that the rehearsal saw change. */
export function describeJudgement(judgement: CatalogJudgement, { points }: CatalogTimeline): string[] {
  const { places, moved, foreign, byOthers } = judgement
  const objects = (names: readonly string[]) =>
    `${names.slice(0, namedObjects).join(', ')}${names.length > namedObjects ? ` and ${names.length - namedObjects} more` : ''}`
  const fits = places.map((place) => {
    const point = points[place - 1]
    if (point === undefined) return 'before the deploy'
    const { migration, statements } = point
    return statements === undefined
      ? `after "${migration}"`
      : `after statement ${statements} of "${migration}"`
  })
  return [
    fits.length > 0
      ? `every object that the rehearsal saw change is as ${fits.join(', and as ')}`
      : 'the objects that the rehearsal saw change are as at no step of it',
    ...(moved.length > 0 && fits.length === 0 ? [`not as before: ${objects(moved)}`] : []),
    ...(foreign.length > 0 ? [`as at no step of the rehearsal: ${objects(foreign)}`] : []),
    ...(byOthers.length > 0 ? [`changed by somebody else meanwhile: ${objects(byOthers)}`] : []),
  ]
}

/** How the catalog differs from before. */
export function describeCatalog(before: Catalog, after: Catalog): string[] {
  if (after.hash === before.hash) return ['the catalog is the same as before the deploy']
  const differences = foldTableParts(compareCatalogs(before, after), before.objects, after.objects)
  const more = differences.length - namedObjects
  return [
    'the catalog differs from the one before the deploy',
    ...differences
      .slice(0, namedObjects)
      .map((difference) => `in the catalog: ${formatCatalogDifference(difference)}`),
    ...(more > 0 ? [`in the catalog: ${more} more ${more === 1 ? 'difference' : 'differences'}`] : []),
  ]
}

/** An object that is not as its statement says. */
export function describeUnmet({
  kind,
  relation,
  name,
  present,
  migration,
  line,
}: CatalogExpectation): string {
  const object = name ? `${kind} ${name} on ${relation}` : `${kind} ${relation}`
  return `${object} is ${present ? 'not there' : 'still there'} (${migration}, line ${line})`
}
