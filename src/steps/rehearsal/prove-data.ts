import type { TableFingerprint } from '../../domain/fingerprint.js'
import type { TableLineage } from '../../domain/lineage.js'
import type { TableProof } from '../../domain/rehearsal.js'
import type { Client } from '../../postgres/connection.js'
import { readFingerprintRequests } from '../../postgres/fingerprint/read-requests.js'
import type { FingerprintRequest } from '../../postgres/fingerprint/request.js'
import { fingerprintTables } from '../../postgres/fingerprint/tables.js'
import { isUntouchedSince } from '../../postgres/untouched-rows.js'
import { proveTable } from './data-proof.js'

type Clients = readonly [Client, ...Client[]]

/** A table as it is before the migrations, and the columns by which its rows will be known again afterwards. */
export interface KnownTable {
  readonly before: TableFingerprint
  readonly lineage: TableLineage | undefined
  /** Today's names; empty where no key outlives the migrations. */
  readonly key: readonly string[]
}

/**
 * Prepares the proof, before the migrations run: where they take or change the key of a table, its values are taken once
 * more without it, so that before and after can be compared.
 * @param taken the fingerprints of all tables, each seeded with its own key
 */
export async function knowTables(
  clients: Clients,
  taken: readonly TableFingerprint[],
  lineages: readonly TableLineage[],
): Promise<KnownTable[]> {
  const known = taken.map((before): KnownTable => {
    const lineage = lineages.find(({ schema, table }) => schema === before.schema && table === before.table)
    return { before, lineage, key: before.key.every((name) => outlives(name, lineage)) ? before.key : [] }
  })
  const keyless = known.filter(({ before, key }) => before.key.length > key.length)
  if (keyless.length === 0) return known
  const requests = await readFingerprintRequests(clients[0])
  const again = await fingerprintTables(
    clients,
    keyless.map(({ before }) => ({ ...requestFor(requests, before), key: [] })),
  )
  return known.map((one) => {
    const at = keyless.indexOf(one)
    return at === -1 ? one : { ...one, before: again[at] as TableFingerprint }
  })
}

function outlives(name: string, lineage: TableLineage | undefined): boolean {
  const column = lineage?.columns.find((one) => one.column === name)
  return column === undefined || (column.now !== undefined && column.rewrittenBy.length === 0)
}

/**
 * Proves table by table what became of the data, after the migrations.
 * @param taken the fingerprints of all tables as they are now, each seeded with its own key
 * @param begunAt the moment before the migrations
 */
export async function proveTables(
  clients: Clients,
  known: readonly KnownTable[],
  taken: readonly TableFingerprint[],
  begunAt: string,
): Promise<TableProof[]> {
  const requests = await readFingerprintRequests(clients[0])
  const wanted = known.map((one) => {
    const now = nameNow(one)
    const found = taken.find(({ schema, table }) => schema === now?.schema && table === now.table)
    const key = one.key.map((name) => columnNow(name, one.lineage))
    return { ...one, found, key, isComparable: found !== undefined && isSame(found.key, key) }
  })
  const others = wanted.filter(({ found, isComparable }) => found && !isComparable)
  const again = await fingerprintTables(
    clients,
    others.map(({ found, key }) => withKey(requestFor(requests, found as TableFingerprint), key)),
  )
  const changed = wanted.filter(({ found, lineage }) => found && lineage && lineage.rowsChangedBy.length > 0)
  const untouched = await fingerprintTables(
    clients,
    changed.map(({ found, key }) => ({
      ...withKey(requestFor(requests, found as TableFingerprint), key),
      condition: isUntouchedSince(begunAt),
    })),
  )
  return wanted.map((one) => {
    const { before, lineage, found } = one
    const at = others.indexOf(one)
    return proveTable({
      before,
      lineage,
      after: at === -1 ? found : again[at],
      untouched: untouched[changed.indexOf(one)],
    })
  })
}

function nameNow({ before, lineage }: KnownTable): { schema: string; table: string } | undefined {
  return lineage ? lineage.now : before
}

function columnNow(name: string, lineage: TableLineage | undefined): string {
  return lineage?.columns.find(({ column }) => column === name)?.now ?? name
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, i) => name === other[i])
}

function requestFor(
  requests: readonly FingerprintRequest[],
  { schema, table }: TableFingerprint,
): FingerprintRequest {
  const request = requests.find((one) => one.schema === schema && one.table === table)
  if (request === undefined) throw new Error(`table ${schema}.${table} is not there any more`)
  return request
}

function withKey(request: FingerprintRequest, key: readonly string[]): FingerprintRequest {
  return {
    ...request,
    key: key.flatMap((name) => request.columns.filter((column) => column.name === name)),
  }
}
