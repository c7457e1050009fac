import type { CatalogDifference } from '../domain/catalog-object.js'
import { diffCatalogObjects } from '../postgres/catalog-fingerprint/diff.js'
import { foldTableParts } from '../postgres/catalog-fingerprint/fold.js'
import type { Client } from '../postgres/connection.js'
import { quoteIdentifier } from '../sql/names.js'
import { altersBack } from './alters.js'
import { type CatalogState, definitionIn, keyOf, readState } from './catalog-state.js'
import { createOf } from './creates.js'
import { dropOf, dropRank } from './drops.js'
import { defaultPrivilegesBack } from './privileges.js'
import { renamesBack } from './renames.js'
import { settle } from './settle.js'
import type { Step } from './step.js'

/** What takes one statement back. */
export interface Inverse {
  /** In the order in which they run, without semicolons; tried on the database where the statement had run. */
  readonly statements: readonly string[]
  /** What is not as before when they have run. */
  readonly left: readonly CatalogDifference[]
  /** The server's words for what it refused to take back. */
  readonly problems: readonly string[]
}

/** A table that is made again gets its parts in the next pass, and those what was said of them in one more. */
const mostPasses = 6

/**
 * Finds what takes back a statement that has just run: names first, then what is new goes, what has changed changes back, and
 * what is gone is made again. Everything is tried at once, and what the server then shows to be different still is the next
 * thing to take back. Leaves the database as it found it.
 * @param client inside of a transaction or not
 */
export async function findInverse(
  client: Client,
  before: CatalogState,
  after: CatalogState,
  { home, isConcurrent }: { readonly home: string; readonly isConcurrent: boolean },
): Promise<Inverse> {
  const isNested = client.getTransactionStatus() === 'T'
  // The file may have set a path or a role of its own; what takes it back runs in a session that has neither.
  const settings = `RESET ROLE; SET LOCAL search_path = ${quoteIdentifier(home)}`
  await client.query(`${isNested ? 'SAVEPOINT guard_inverse' : 'BEGIN'}; ${settings}`)
  try {
    const statements: string[] = []
    let problems: readonly string[] = []
    let state = after
    const run = async (steps: readonly Step[]) => {
      if (steps.length === 0) return false
      const settled = await settle(client, steps)
      problems = settled.problems
      statements.push(...settled.statements)
      if (settled.statements.length > 0) state = await readState(client, home)
      return settled.statements.length > 0
    }
    await run(renamesBack(before, after))
    for (let pass = 0; pass < mostPasses; pass += 1) {
      const steps = stepsBack(before, state, { isConcurrent, isFirst: pass === 0 })
      if (!(await run(steps))) break
    }
    const left = foldTableParts(
      diffCatalogObjects(before.objects, state.objects),
      before.objects,
      state.objects,
    )
    return { statements, left, problems: left.length === 0 ? [] : problems }
  } finally {
    await client
      .query(isNested ? 'ROLLBACK TO guard_inverse; RELEASE guard_inverse' : 'ROLLBACK')
      .catch(() => undefined)
  }
}

/** One pass over what differs. What is part of something that is new or gone waits for it. */
function stepsBack(
  before: CatalogState,
  now: CatalogState,
  { isConcurrent, isFirst }: { isConcurrent: boolean; isFirst: boolean },
): Step[] {
  const others = isFirst ? replaced(before, now) : []
  const isOther = new Set(others.map(keyOf))
  const same = diffCatalogObjects(before.objects, now.objects).filter((one) => !isOther.has(keyOf(one)))
  const differences = foldTableParts([...same, ...others], before.objects, now.objects)
  // The sequence of a serial column is there before its table, whose default names it.
  const sequences = same.filter(
    (one) => one.change === 'removed' && one.kind === 'sequence' && !differences.includes(one),
  )
  const inOrder = [...differences, ...sequences].toSorted(
    (one, other) => dropRank(one.kind) - dropRank(other.kind),
  )
  const drops = inOrder
    .filter(({ change }) => change === 'added')
    .filter(({ kind }) => kind !== 'default privileges')
    .map((one) => dropOf(one, definitionIn(now, one), isConcurrent))
  const creates = inOrder
    .toReversed()
    .filter(({ change }) => change === 'removed')
    .map((one) => createOf(one, definitionIn(before, one), isConcurrent))
  const alters = differences
    .filter(({ change, kind }) => change === 'changed' || kind === 'default privileges')
    .flatMap((one) => alter(one, before, now))
  return [...drops, ...alters, ...creates].filter((step) => step !== undefined)
}

function alter({ kind, name, properties = [] }: CatalogDifference, before: CatalogState, now: CatalogState) {
  if (kind === 'default privileges') {
    const of = (state: CatalogState) => state.byKey.get(keyOf({ kind, name }))?.properties.privileges
    return defaultPrivilegesBack(name, of(before), of(now))
  }
  const kept = properties.filter(({ property }) => property !== 'position')
  if (kept.length === 0) return []
  return altersBack({
    kind,
    name,
    properties: kept,
    before: definitionIn(before, { kind, name }),
    now: definitionIn(now, { kind, name }),
    columns: [...now.definitions.values()].filter(({ column }) => column !== undefined),
  })
}

/** What holds rows or values, and is another thing of the same name by now: the new one goes, and the old one is made again. */
const holdsData: ReadonlySet<string> = new Set(['table', 'column', 'materialized view', 'sequence'])

function replaced(before: CatalogState, now: CatalogState): CatalogDifference[] {
  return before.objects.flatMap((old): CatalogDifference[] => {
    if (!holdsData.has(old.kind) || old.identity === undefined) return []
    const other = now.byKey.get(keyOf(old))
    const isOther = other !== undefined && other.identity !== old.identity
    if (!isOther || now.byIdentity.has(old.identity)) return []
    const { kind, name } = old
    return [
      { kind, name, change: 'added' },
      { kind, name, change: 'removed' },
    ]
  })
}
