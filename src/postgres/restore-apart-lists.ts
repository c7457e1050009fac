import { join } from 'node:path'
import { writePrivateFile } from '../effects/private-files.js'
import type { ClientTool } from './client-tools.js'
import { comesLast, isLeftOutBy, type LeftOut, listContents, numberOf, waitsForRows } from './restore-list.js'
import { fillsView } from './restore-views.js'

/** Entries that go together, and who restores them. */
export interface Batch {
  readonly by: 'maker' | 'restorer'
  readonly list: string
}

/** Paths of lists for `pg_restore --use-list`, in the order in which they are restored; absent where nothing is in one. */
export interface ApartLists {
  /** Tables and what they need, without rows: as few batches as the order allows. */
  readonly schema: readonly Batch[]
  /** Rows, indexes, constraints. */
  readonly rest: string | undefined
  /** The lines that fill materialized views. */
  readonly views: readonly string[]
  /** Constraints that must wait for all rows. */
  readonly last: string | undefined
  /** Comments, publications and subscriptions: nothing in them is evaluated. */
  readonly remarks: string | undefined
  readonly grants: string | undefined
  readonly eventTriggers: string | undefined
  /** Numbers of all entries in them. */
  readonly restored: ReadonlySet<string>
}

const isRemark = /^\d+; \d+ \d+ (?:COMMENT |SECURITY LABEL |PUBLICATION |SUBSCRIPTION )/
const isGrant = /^\d+; \d+ \d+ (?:ACL |DEFAULT ACL )/

/**
 * Writes the contents of a dump into lists for two roles.
 * @param forMaker numbers of the entries that only a superuser may restore
 * @param folder a private one, for the lists
 */
export async function writeApartLists(
  tool: ClientTool,
  dump: string,
  leftOut: readonly LeftOut[],
  forMaker: ReadonlySet<string>,
  folder: string,
): Promise<ApartLists> {
  const isLeftOut = isLeftOutBy(leftOut)
  const contents = (await listContents(tool, dump, [])).filter((line) => !isLeftOut(line))
  const preData = new Set(await listContents(tool, dump, ['--section=pre-data']))
  const isEventTrigger = (line: string) => comesLast.test(line)
  const isApart = (line: string) => isRemark.test(line) || isGrant.test(line) || isEventTrigger(line)
  const write = async (name: string, lines: readonly string[]) => {
    if (lines.length === 0) return undefined
    const path = join(folder, `restore-${name}`)
    await writePrivateFile(path, lines.join('\n'))
    return path
  }
  const schema: Batch[] = []
  const first = contents.filter((line) => preData.has(line) && !isApart(line))
  for (const { by, lines } of inBatches(first, forMaker)) {
    const list = await write(`schema-${schema.length}`, lines)
    if (list !== undefined) schema.push({ by, list })
  }
  const rest = contents.filter((line) => !preData.has(line) && !fillsView(line) && !isApart(line))
  const remarks = contents.filter((line) => isRemark.test(line) && !isEventTrigger(line))
  return {
    schema,
    views: contents.filter(fillsView),
    rest: await write(
      'rest',
      rest.filter((line) => !waitsForRows.test(line)),
    ),
    last: await write(
      'last',
      rest.filter((line) => waitsForRows.test(line)),
    ),
    remarks: await write('remarks', remarks),
    grants: await write(
      'grants',
      contents.filter((line) => isGrant.test(line)),
    ),
    eventTriggers: await write('event-triggers', contents.filter(isEventTrigger)),
    restored: new Set(contents.map(numberOf)),
  }
}

function inBatches(
  lines: readonly string[],
  forMaker: ReadonlySet<string>,
): { by: Batch['by']; lines: string[] }[] {
  const batches: { by: Batch['by']; lines: string[] }[] = []
  for (const line of lines) {
    const by = forMaker.has(numberOf(line)) ? 'maker' : 'restorer'
    const batch = batches.at(-1)
    if (batch?.by === by) batch.lines.push(line)
    else batches.push({ by, lines: [line] })
  }
  return batches
}
