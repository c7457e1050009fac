import type { CatalogObject, CatalogObjectKind } from '../../domain/catalog-object.js'
import type { Client } from '../connection.js'
import { withCanonicalTexts } from './canonical-session.js'
import { changedPrivilegesQuery } from './changed-privileges.js'
import { columnQueries } from './columns.js'
import { constraintQueries } from './constraints.js'
import { databaseQueries } from './databases.js'
import { extensionMembers, formatObjectQuery, type ServerVersion } from './fragments.js'
import { functionQueries } from './functions.js'
import { indexQueries } from './indexes.js'
import { machineryQueries } from './machinery.js'
import { compareObjects } from './order.js'
import { outwardQueries } from './outward.js'
import { relationQueries } from './relations.js'
import { addSequenceValues, withoutSequenceValues } from './sequence-values.js'
import { textSearchQueries } from './text-search.js'
import { triggerQueries } from './triggers.js'
import { typeQueries } from './types.js'

/** What to leave out of a reading. */
export interface ReadCatalogOptions {
  readonly ignore?: (object: CatalogObject) => boolean
  /** Where sequences stand is what the application moves on, and no migration; `false` leaves it out. */
  readonly sequenceValues?: boolean
}

/**
 * Reads every object of the database, sorted by kind and name, in one statement and one more for where sequences stand.
 * Needs no privilege beyond CONNECT; of a sequence that this role may not read, the value says so.
 *
 * Inside a transaction of the caller it sees what that transaction sees; otherwise it opens one of its own. The
 * definitions (`pg_get_…def`) and where sequences stand are always as of now, also in an older snapshot: so it is with
 * pg_dump.
 *
 * Objects of the server and of extensions are left out, except those on which somebody has changed privileges. Left out
 * too: information_schema, what no statement sets (statistics, sizes, collation versions), security labels, temporary objects, and where a
 * subscription connects to, which only superusers may read and which can hold a password.
 */
export async function readCatalogObjects(
  client: Client,
  { ignore = () => false, sequenceValues = true }: ReadCatalogOptions = {},
): Promise<CatalogObject[]> {
  return withCanonicalTexts(client, async () => {
    const objects = (await readRows(client)).map(
      ([kind, name, properties]): CatalogObject => ({ kind, name, properties }),
    )
    const kept = objects.filter((object) => !ignore(object))
    const complete = sequenceValues ? await addSequenceValues(client, kept) : withoutSequenceValues(kept)
    return complete.sort(compareObjects)
  })
}

/** An object with what it keeps when it is renamed. */
export interface IdentifiedObject extends CatalogObject {
  /** As `identityOf` makes it; absent for kinds that no statement renames. It means something in this database only. */
  readonly identity?: string
}

/**
 * The same objects, without where sequences stand, each with its identity: for many looks at one database of our own. The query is
 * prepared, for to plan it takes longer than to run it; a pooler might not stand that.
 */
export async function readIdentifiedObjects(client: Client): Promise<IdentifiedObject[]> {
  return withCanonicalTexts(client, async () => {
    const objects = (await readRows(client, { name: 'guard_catalog' })).map(
      ([kind, name, properties, identity]): IdentifiedObject => ({
        kind,
        name,
        properties,
        ...(identity === null ? {} : { identity }),
      }),
    )
    return withoutSequenceValues(objects).sort(compareObjects)
  })
}

type Row = [CatalogObjectKind, string, CatalogObject['properties'], string | null]

async function readRows(client: Client, named: { name?: string } = {}): Promise<Row[]> {
  const text = catalogQuery(await readVersion(client))
  const { rows } = await client.query({ ...named, text, rowMode: 'array' })
  return rows as unknown as Row[]
}

async function readVersion(client: Client): Promise<ServerVersion> {
  const { rows } = await client.query(
    "SELECT pg_catalog.current_setting('server_version_num')::int AS version",
  )
  return rows[0].version
}

/** One statement, so that all kinds are seen at one instant. */
function catalogQuery(version: ServerVersion): string {
  const queries = [
    ...relationQueries(),
    ...columnQueries(version),
    ...constraintQueries(version),
    ...indexQueries(),
    ...triggerQueries(),
    ...typeQueries(version),
    ...functionQueries(),
    ...machineryQueries(),
    ...textSearchQueries(),
    ...outwardQueries(version),
    ...databaseQueries(version),
  ]
  return `WITH ${extensionMembers}
    ${[...queries.map(formatObjectQuery), changedPrivilegesQuery].join('\nUNION ALL\n')}`
}
