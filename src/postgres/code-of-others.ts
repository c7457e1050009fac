import { Judge, withoutRule } from '../checks/harmless/judge.js'
import { readServerCode } from '../checks/harmless/server-code.js'
import type { Reader } from '../domain/reader.js'
import { relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'
import type { ScriptEntry } from './restore-script.js'

/** They act, but on nothing than the copy: the server's own that every table with a serial key calls, and their like. */
const insideTheCopy = new Set([
  'nextval',
  'setval',
  'currval',
  'lastval',
  'txid_current',
  'pg_current_xact_id',
])

/**
 * Why a superuser may not work on a restored copy: what roles without rights have written there, and any statement may call,
 * is not known to be harmless. undefined when it is, as where there are tables with types and CHECKs of the server alone.
 * @param copy reads the copy, on which everything is restored
 * @param others names of the roles that own something and are no superusers
 */
export async function reasonAgainstCodeOf(
  others: readonly string[],
  entries: readonly ScriptEntry[],
  copy: Reader,
): Promise<string | undefined> {
  if (others.length === 0) return undefined
  if (entries.some(({ trees }) => trees === undefined)) return 'a part of it is nested too deeply to be read'
  const read = await readServerCode(copy)
  const code = {
    ...read,
    actingNames: new Set([...read.actingNames].filter((name) => !insideTheCopy.has(name))),
  }
  const { rows } = await copy.query(
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'",
  )
  // Sessions have search paths of their own: a name may mean what any schema has of it.
  const judge = new Judge(
    code,
    rows.map(({ name }) => name as string),
  )
  const reasons = function* () {
    yield judge.reasonAgainstTrees({
      trees: entries.flatMap(({ trees = [] }) => trees.flatMap(expressionsIn)),
      relations: code.relations.filter(({ isForeign }) => !isForeign),
      types: code.types,
    })
    for (const { trees = [], owner } of entries) {
      if (owner && !others.includes(owner.role)) continue
      for (const { CreateFunctionStmt } of trees)
        if (CreateFunctionStmt)
          yield judge.reasonAgainstFunction(relationOfParts(CreateFunctionStmt.funcname))
    }
  }
  for (const reason of reasons()) if (reason !== undefined) return withoutRule(reason)
  return undefined
}

/** What a statement that defines something computes later: its expressions, and what a rule does instead. */
function expressionsIn(tree: unknown): Node[] {
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([kind, node]) => {
    // Functions are judged by their bodies.
    if (kind === 'CreateFunctionStmt') return expressionsIn(node.parameters)
    if (/^(FuncCall|A_Expr|TypeCast|SubLink|CaseExpr|SelectStmt)$/.test(kind)) return [{ [kind]: node }]
    return kind === 'actions' ? [...node] : expressionsIn(node)
  })
}
