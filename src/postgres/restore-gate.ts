import { Judge, withoutRule } from '../checks/harmless/judge.js'
import { readServerCode } from '../checks/harmless/server-code.js'
import { RehearsalError } from '../domain/errors.js'
import type { Reader } from '../domain/reader.js'
import { formatRelation } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import type { ClientTool } from './client-tools.js'
import { computesWithoutRows, evaluatedByRestore } from './restore-evaluated.js'
import { readRestoreScript, type ScriptEntry } from './restore-script.js'

/** Judges, on a server that is not ours alone, what a restore would run there. */
export interface RestoreGate {
  /** Numbers of entries that make tables and compute something at that; they and what needs them come after the others. */
  readonly late: ReadonlySet<string>
  /** When everything but those is made. @throws RehearsalError `not-harmless` */
  beforeLate(copy: Reader): Promise<void>
  /** When tables and functions are there, and no row. @throws RehearsalError `not-harmless` */
  beforeRows(copy: Reader): Promise<void>
}

const nothing = async () => undefined

/**
 * Opens the gate for a dump. On a server that others use, too, the restore runs as the role that deploys; what another role
 * has written and a restore computes (CHECKs, domains, generated columns, indexes, partition keys, materialized views)
 * would run with the rights of that one. Where everything belongs to roles that are trusted, nothing is judged.
 *
 * Judged is what the dump holds, by the functions that it has made on the copy: the target may have others by now.
 * @param trusted names of roles for whom the deploying role stands in anyway
 * @throws RehearsalError `restore-failed` when the dump cannot be read, `not-harmless` when a part of it cannot
 */
export async function openRestoreGate(
  tool: ClientTool,
  dump: string,
  trusted: readonly string[],
): Promise<RestoreGate> {
  const entries = [...(await readRestoreScript(tool, dump)).values()]
  const owners = entries.flatMap(({ owner }) => owner?.role ?? [])
  const others = [...new Set(owners)].filter((role) => !trusted.includes(role))
  if (others.length === 0) return { late: new Set(), beforeLate: nothing, beforeRows: nothing }
  const unread = entries.find(({ trees }) => trees === undefined)
  if (unread)
    throw notHarmless(`entry ${unread.id} of the dump`, 'it is nested too deeply to be read', others)
  const late = findLate(entries)
  const judge = async (reader: Reader, judged: readonly ScriptEntry[], coming: ReadonlySet<string>) => {
    const judge = new Judge(await readServerCode(reader), [], { coming })
    for (const one of treesOf(judged).flatMap(evaluatedByRestore)) {
      const reason = judge.reasonAgainstTrees(one)
      if (reason !== undefined) throw notHarmless(one.what, withoutRule(reason), others)
    }
  }
  const ofLate = entries.filter(({ id }) => late.has(id))
  return {
    late,
    beforeLate: (copy) => judge(copy, ofLate, namesMadeBy(ofLate)),
    beforeRows: (copy) => judge(copy, entries, new Set()),
  }
}

function notHarmless(what: string, reason: string, others: readonly string[]): RehearsalError {
  const names = others.slice(0, 3).map((name) => `"${name}"`)
  return new RehearsalError(
    'not-harmless',
    `the restore would run ${what} on a server that others use: ${reason}; ${names.join(', ')} may have written it`,
    {
      hint: 'Rehearse locally (--rehearsal local), where what is restored has no rights; or give what it calls to the role that deploys, after a look at it.',
    },
  )
}

function treesOf(entries: readonly ScriptEntry[]): Node[] {
  return entries.flatMap(({ trees }) => trees ?? [])
}

/** What computes something while it is made, and all that needs it. */
function findLate(entries: readonly ScriptEntry[]): ReadonlySet<string> {
  const enums = new Set(
    treesOf(entries).flatMap(({ CreateEnumStmt }) =>
      CreateEnumStmt ? [keyOf(CreateEnumStmt.typeName)] : [],
    ),
  )
  const isEnum = (type: Parameters<typeof formatRelation>[0]) => enums.has(formatRelation(type))
  const late = new Set(
    entries
      .filter(({ trees = [] }) => trees.some((tree) => computesWithoutRows(tree, isEnum)))
      .map(({ id }) => id),
  )
  // An entry may stand before one that it needs in no dump, so one way through them finds all.
  for (const { id, dependencies } of entries) if (dependencies.some((other) => late.has(other))) late.add(id)
  return late
}

/** Names of functions that are not there yet, and of what else would call one. */
function namesMadeBy(entries: readonly ScriptEntry[]): ReadonlySet<string> {
  return new Set(
    treesOf(entries).flatMap(({ CreateFunctionStmt, DefineStmt }) => {
      const name: Node[] | undefined = CreateFunctionStmt?.funcname ?? DefineStmt?.defnames
      return name?.at(-1)?.String.sval ?? []
    }),
  )
}

function keyOf(parts: readonly Node[]): string {
  return parts.map((part) => part.String?.sval).join('.')
}
