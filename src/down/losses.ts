import type { Loss } from '../domain/down.js'
import { foldTableParts } from '../postgres/catalog-fingerprint/fold.js'
import { dataKinds } from '../sql/data-kinds.js'
import { formatRelation, relationOf } from '../sql/names.js'
import { nodesIn } from '../sql/nodes.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import { type CatalogState, definitionIn, type keyOf } from './catalog-state.js'

const fromBackup = 'only the backup of before the deploy has them'

/**
 * What of a statement cannot be taken back.
 * @param start the catalog as it was before the first statement of the migration: what that made itself holds no rows of anybody
 */
export function lossesOf(
  statement: ParsedStatement,
  start: CatalogState,
  before: CatalogState,
  after: CatalogState,
): Loss[] {
  return [...lossesOfKind(statement, start, before), ...lossesInCatalog(start, before, after)]
}

function lossesOfKind({ kind, node }: ParsedStatement, start: CatalogState, before: CatalogState): Loss[] {
  if (dataKinds.has(kind) || kind === 'CopyStmt') return lossOfData(kind, node, start, before)
  switch (kind) {
    case 'DoStmt':
    case 'CallStmt':
      return [
        {
          why: 'what code does depends on the rows that it meets, and here it met none',
          remedy: 'write by hand what takes it back, or restore the backup',
        },
      ]
    case 'SelectStmt':
      return callsFunction(node)
        ? [{ why: 'what a function writes is not seen here', remedy: 'write by hand what takes it back' }]
        : []
    default:
      return reachesServer.test(kind)
        ? [{ why: 'it reaches beyond this database', remedy: 'take it back on the server, by hand' }]
        : []
  }
}

const reachesServer =
  /^(CreateRole|AlterRole|AlterRoleSet|DropRole|GrantRole|AlterSystem|Createdb|Dropdb|AlterDatabase|AlterDatabaseSet|CreateTableSpace|DropTableSpace|CreateSubscription|AlterSubscription|DropSubscription)Stmt$/

function lossOfData(kind: string, node: Node, start: CatalogState, before: CatalogState): Loss[] {
  const tables: Node[] = node.relations?.map((one: Node) => one.RangeVar) ?? [node.relation]
  const concerned = tables.flatMap((table) => oldTable(table, node, start, before) ?? [])
  if (concerned.length === 0) return []
  const of = concerned.join(', ')
  switch (kind) {
    case 'InsertStmt':
    case 'CopyStmt':
      return [{ why: `the rows that it adds to ${of} stay`, remedy: 'delete them by hand' }]
    case 'UpdateStmt':
      return [{ why: `the values of ${of} from before it are gone`, remedy: fromBackup }]
    case 'MergeStmt':
      return [{ why: `the rows of ${of} from before it are gone`, remedy: fromBackup }]
    default:
      return [{ why: `the rows that it deletes from ${of} are gone`, remedy: fromBackup }]
  }
}

/** The name of a table that holds rows from before the migration; undefined for one that the migration itself made. */
function oldTable(table: Node, node: Node, start: CatalogState, before: CatalogState): string | undefined {
  const { name, schema } = relationOf(table)
  const found = [...before.definitions].find(
    ([, one]) =>
      one.own === name &&
      one.on === undefined &&
      (schema === undefined || before.definitions.get(one.parent)?.own === schema),
  )
  // What is not found may be anything.
  if (found === undefined) return formatRelation({ name, ...(schema === undefined ? {} : { schema }) })
  const [identity, definition] = found
  if (!start.definitions.has(identity)) return undefined
  const written: string[] = (node.targetList ?? []).map((one: Node) => one.ResTarget?.name)
  // An UPDATE of columns that the migration added takes nothing away.
  const isOfNewOnly =
    written.length > 0 && written.every((column) => isNewColumn(identity, column, start, before))
  return isOfNewOnly ? undefined : definition.name
}

function isNewColumn(table: string, column: string, start: CatalogState, before: CatalogState): boolean {
  const found = [...before.definitions].find(
    ([, { own, parent, column: is }]) => is && parent === table && own === column,
  )
  return found !== undefined && !start.definitions.has(found[0])
}

const harmless: ReadonlySet<string> = new Set(['set_config', 'current_setting'])

function callsFunction(node: Node): boolean {
  const names = [...nodesIn(node)].flatMap(({ FuncCall }) => FuncCall?.funcname?.at(-1)?.String?.sval ?? [])
  return names.some((name) => !harmless.has(name))
}

/** Rows and values go with what held them, whichever statement dropped it, and also what CASCADE took. */
function lossesInCatalog(start: CatalogState, before: CatalogState, after: CatalogState): Loss[] {
  const wasThere = new Set(start.byIdentity.keys())
  const gone = before.objects.filter(
    ({ identity }) => identity !== undefined && wasThere.has(identity) && !after.byIdentity.has(identity),
  )
  const folded = foldTableParts(
    gone.map(({ kind, name }) => ({ kind, name, change: 'removed' as const })),
    before.objects,
    after.objects,
  )
  return [
    ...folded.flatMap(({ kind, name }): Loss[] => lossOfObject(kind, shown(before, { kind, name }))),
    ...changedTypes(wasThere, before, after),
  ]
}

function shown(state: CatalogState, key: Parameters<typeof keyOf>[0]): string {
  return definitionIn(state, key)?.name ?? key.name
}

function lossOfObject(kind: string, name: string): Loss[] {
  switch (kind) {
    case 'table':
      return [{ why: `table ${name} comes back without its rows`, remedy: fromBackup }]
    case 'column':
      return [{ why: `column ${name} comes back without its values`, remedy: fromBackup }]
    case 'sequence':
      return [{ why: `sequence ${name} begins anew`, remedy: 'set it by setval to what the column has' }]
    default:
      return []
  }
}

function changedTypes(wasThere: ReadonlySet<string>, before: CatalogState, after: CatalogState): Loss[] {
  return [...before.definitions].flatMap(([identity, { name, column }]): Loss[] => {
    const now = after.definitions.get(identity)?.column
    if (!wasThere.has(identity) || !column || !now || column.type === now.type) return []
    if (column.type.replace(/\(.*$/s, '') === now.type.replace(/\(.*$/s, '')) return []
    return [
      {
        why: `column ${name} goes back to ${column.type} from the values that it has as ${now.type}`,
        remedy: 'where that conversion was not exact, only the backup has the old ones',
      },
    ]
  })
}
