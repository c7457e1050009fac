import type { CatalogExpectation, PendingMigration } from '../../domain/migration.js'
import type { Catalog } from '../../postgres/catalog.js'
import { leavesTrace } from '../statement-traces.js'
import { describeUnmet } from './describe-evidence.js'
import type { FoundTraces } from './migration-traces.js'

/** What the catalog held before the deploy, and what the statements name and is not there now. */
export interface CatalogSeen {
  readonly before: Catalog
  readonly expectations: readonly CatalogExpectation[]
  readonly unmet: readonly CatalogExpectation[]
  /** Where unqualified names live. */
  readonly schema: string
}

/** These commit by themselves on their way: what is there of them does not tell the rest. */
const commitsOnItsWay = new Set(['DoStmt', 'CallStmt'])

/**
 * Where the engine was gone before the server could tell how a statement ended, or the server has forgotten it: the objects
 * that it names tell it. A statement outside a transaction block, a block with its COMMIT, or a file that runs in one
 * transaction takes effect whole or not at all.
 */
export function settleLostStatement(
  { name, execution, statements }: PendingMigration,
  found: FoundTraces,
  { before, expectations, unmet, schema }: CatalogSeen,
): FoundTraces {
  const { least, most } = found
  if (most <= least) return found
  const isWholeFile = execution.mode === 'all-or-nothing'
  const lost = statements.slice(least, most)
  const kept = statements.filter((statement) => !lost.includes(statement))
  if (!isWholeFile && lost.some(({ kind }) => commitsOnItsWay.has(kind))) return found
  const lines = new Set(lost.map(({ line }) => line))
  if (kept.some(({ line }) => lines.has(line))) return found

  const known = new Set(before.objects.filter(isWhole).map((object) => plain(object.name)))
  const telling = expectations.filter(
    (one) => one.migration === name && lines.has(one.line) && known.has(nameOf(one, schema)) !== one.present,
  )
  const missing = telling.filter((one) => unmet.includes(one))
  if (telling.length === 0 || (missing.length > 0 && missing.length < telling.length)) return found
  const [first] = telling
  const where = isWholeFile ? `"${name}"` : `line ${first?.line} of "${name}"`
  if (missing.length === 0) {
    return {
      ...found,
      traces: most === statements.length ? 'all' : 'part',
      least: most,
      evidence: [...found.evidence, `${where} took effect: every object that it names is as it makes it`],
    }
  }
  return {
    ...found,
    traces: statements.slice(0, least).some(leavesTrace) ? 'part' : 'none',
    most: least,
    evidence: [...found.evidence, `${where} has left no trace: ${missing.map(describeUnmet).join(', ')}`],
  }
}

/** An index that is not valid is no index yet. */
function isWhole({ kind, properties }: Catalog['objects'][number]): boolean {
  return kind !== 'index' || properties.valid !== false
}

function plain(name: string): string {
  return name.replaceAll('"', '')
}

/** As the catalog fingerprint names it. */
function nameOf({ kind, schema, relation, name = '' }: CatalogExpectation, usual: string): string {
  const qualified = `${schema ?? usual}.${relation}`
  if (kind === 'relation' || kind === 'index') return qualified
  return kind === 'column' ? `${qualified}.${name}` : `${name} on ${qualified}`
}
