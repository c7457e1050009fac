import { Judge, withoutRule } from '../checks/harmless/judge.js'
import { readServerCode } from '../checks/harmless/server-code.js'
import type { Reader } from '../domain/reader.js'
import { type RelationName, relationOfParts } from '../sql/names.js'
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
  // Nobody listens there.
  'pg_notify',
])

/**
 * Why a superuser may not work on a restored copy: what roles without rights have written there, and any statement may call,
 * is not known to be harmless. undefined when it is, as where there are tables with types and CHECKs of the server alone, or
 * triggers that keep a log.
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
  const noTables = await readClosedRelations(copy)
  let writes = false
  const mayWrite = ({ schema, name }: RelationName) => {
    writes = true
    return !ofTheServer.test(schema ?? name) && !noTables.has(name)
  }
  // Sessions have search paths of their own: a name may mean what any schema has of it.
  const judge = new Judge(
    code,
    rows.map(({ name }) => name as string),
    { mayWrite },
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
  if (!writes) return undefined
  // What they write comes to the triggers of a superuser, who may have them run what stands in a row.
  for (const trigger of await readTriggerFunctions(copy)) {
    const reason = judge.reasonAgainstFunction(trigger)
    if (reason !== undefined) return withoutRule(reason)
  }
  return undefined
}

/** A superuser may write into the catalog. Its tables are found by their names alone, whatever the search path. */
const ofTheServer = /^(pg_|information_schema$)/

/**
 * What is written by its name and is no plain table: a view may stand for a table of the catalog, and the tables of an
 * extension may tell it what to do.
 */
async function readClosedRelations(copy: Reader): Promise<ReadonlySet<string>> {
  const { rows } = await copy.query(
    `SELECT c.relname::text AS name FROM pg_catalog.pg_class c
      WHERE c.relkind IN ('v', 'f') OR c.oid IN (
        SELECT objid FROM pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND deptype = 'e')`,
  )
  return new Set(rows.map(({ name }) => name as string))
}

async function readTriggerFunctions(copy: Reader): Promise<RelationName[]> {
  const { rows } = await copy.query(
    `SELECT DISTINCT n.nspname::text AS schema, p.proname::text AS name
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
       JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE NOT t.tgisinternal ORDER BY 1, 2`,
  )
  return rows.map(({ schema, name }) => ({ schema: schema as string, name: name as string }))
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
