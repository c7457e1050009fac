import type { CatalogModel, Column, PublicationObject, PublishedTable, Relation } from './model.js'
import type { Question } from './requirement.js'
import type { Walk } from './walk.js'

/** Why the server lets nobody change the rows of a published table. */
interface Obstacle {
  readonly sqlstate: string
  readonly message: string
}

/**
 * UPDATE and DELETE of a published table need columns that tell the subscribers which row is meant. The server looks when
 * the statement begins, whether it hits a row or not: https://www.postgresql.org/docs/current/logical-replication-publication.html
 *
 * @param rows the rows for whose sake the server runs the statement, in a trigger or a foreign key; for the statement of
 * a file there need be none
 */
export function needReplicaIdentity(
  walk: Walk,
  relation: Relation,
  change: 'update' | 'delete',
  { onlyItself = false, rows }: { onlyItself?: boolean; rows?: Extract<Question, { kind: 'rows' }> } = {},
): void {
  const parts = onlyItself ? [relation] : familyOf(relation)
  for (const part of parts) {
    const obstacle = obstacleOf(walk.catalog, part, change)
    if (obstacle === undefined) continue
    const { sqlstate, message } = obstacle
    walk.need({
      code: 'no-replica-identity',
      sqlstate,
      object: part.name,
      title: rows ? `no row makes the server ${change} rows of "${part.name}", for it ${message}` : message,
      question: rows ?? { kind: 'certain', message },
      opaque: [],
      comesFirst: true,
      // The server opens the partitions alone that the condition leaves.
      ...(part === relation ? {} : { mayPass: `${message}, where the statement comes to this part` }),
    })
    return
  }
}

function familyOf(relation: Relation): Relation[] {
  const parts = relation.children.flatMap(familyOf)
  return relation.kind === 'partitioned table' ? parts : [relation, ...parts]
}

function obstacleOf(
  catalog: CatalogModel,
  relation: Relation,
  change: 'update' | 'delete',
): Obstacle | undefined {
  if (relation.kind !== 'table' || relation.isTemporary || relation.isUnlogged) return undefined
  const publications = catalog.publications.filter(
    (one) => one.publishes[change] && publishes(one, relation) !== undefined,
  )
  if (publications.length === 0) return undefined
  const verb = change === 'update' ? 'update' : 'delete from'
  const refused = `cannot ${verb} table "${relation.name}" because`
  const identity = identityOf(relation)
  for (const publication of publications) {
    const reason = unfit(publishes(publication, relation), identity)
    if (reason !== undefined)
      return { sqlstate: '42P10', message: `${refused} publication "${publication.name}" ${reason}` }
  }
  if (identity !== undefined) return undefined
  return {
    sqlstate: '55000',
    message: `${refused} it does not have a replica identity and publication "${publications[0]?.name}" publishes ${change}s`,
  }
}

/** What a publication publishes of a table; undefined when nothing. */
function publishes(publication: PublicationObject, relation: Relation): PublishedTable | undefined {
  const { isForAllTables, schemas, tables, isViaRoot } = publication
  const line = [relation, ...ancestorsOf(relation)]
  if (isForAllTables || line.some(({ schema }) => schemas.has(schema))) return {}
  const named = line.filter((one) => tables.has(one))
  const [own] = isViaRoot ? named.slice(-1) : named
  if (own === undefined) return undefined
  // Without publish_via_partition_root a list or condition of the parent says nothing about its partitions.
  return own === relation || isViaRoot ? tables.get(own) : {}
}

function ancestorsOf(relation: Relation): Relation[] {
  if (!relation.isPartition) return []
  return relation.parents.flatMap((parent) => [parent, ...ancestorsOf(parent)])
}

/** Every column for FULL; undefined when nothing tells the rows apart. */
function identityOf(relation: Relation): ReadonlySet<Column> | 'full' | undefined {
  const { replicaIdentity, indexes, constraints } = relation
  if (replicaIdentity === 'full') return 'full'
  if (replicaIdentity === 'nothing') return undefined
  const key = constraints.find(({ kind, isDeferrable }) => kind === 'primary key' && !isDeferrable)
  const index = replicaIdentity ?? key?.index
  if (replicaIdentity && !indexes.some((one) => one === replicaIdentity && one.isValid)) return undefined
  if (!replicaIdentity && !key) return undefined
  return new Set(index?.keys.flatMap(({ column }) => column ?? []) ?? key?.columns)
}

/** What a list of columns or a condition has against the columns that tell the rows apart. */
function unfit(
  table: PublishedTable | undefined,
  identity: ReturnType<typeof identityOf>,
): string | undefined {
  const own = identity ?? new Set<Column>()
  const chosen = [...(table?.filtersBy ?? [])].find((column) => own !== 'full' && !own.has(column))
  if (chosen) return `chooses rows by column "${chosen.name}", which is not part of its replica identity`
  const { columns } = table ?? {}
  if (columns === undefined) return undefined
  const isWhole = own !== 'full' && [...own].every((column) => columns.has(column))
  return isWhole ? undefined : 'leaves out columns of its replica identity'
}
