import type pg from 'pg'
import { claimsOf } from '../../src/forecast/from-twin/lock-claims.js'
import { Mirror } from '../../src/forecast/from-twin/mirror.js'
import { pairWithTwin } from '../../src/forecast/from-twin/pair.js'
import { readLiveCatalog } from '../../src/forecast/live-catalog.js'
import type { LockClaim } from '../../src/forecast/locks/claim.js'
import type { CatalogModel } from '../../src/forecast/model.js'
import type { ParsedStatement } from '../../src/sql/parser.js'
import type { Ran, Twin } from '../../src/twin/twin.js'
import { asGuard } from './as-guard.js'
import { LockWatch } from './lock-watch.js'
import { parse } from './parse.js'
import { createTestDatabase } from './test-database.js'
import { twinOf } from './twin.js'

/** A database with rows, and a twin without, whose objects are known to be those of the database. */
export interface Pair {
  readonly client: pg.Client
  readonly watch: LockWatch
  readonly catalog: CatalogModel
  readonly twin: Twin
}

export async function pairOf(setup: string): Promise<Pair> {
  return pairOver(await (await createTestDatabase({ sql: setup })).client())
}

/** The same over a database that is there. */
export async function pairOver(client: pg.Client): Promise<Pair> {
  const catalog = await asGuard(client, () => readLiveCatalog(client, 'public'))
  const twin = await twinOf(client)
  const mirror = new Mirror('public')
  const read = await twin.look((reader) => mirror.read(reader))
  const { difference } = pairWithTwin(catalog, read)
  if (difference !== undefined) throw new Error(difference)
  return { client, watch: await LockWatch.over(client), catalog, twin }
}

/** Runs a statement on the twin and takes it back. */
export async function runOn(twin: Twin, statement: ParsedStatement): Promise<Ran> {
  const mark = await twin.mark()
  const ran = await twin.run(statement)
  await mark.undo()
  return ran
}

/** What the twin shows that a statement locks; it must show something. */
export async function claimsOnTwin(sql: string, { catalog, twin }: Pair): Promise<LockClaim[]> {
  const [statement] = parse(sql) as [ParsedStatement]
  const ran = await runOn(twin, statement)
  if (twin.lost !== undefined || !ran.locks)
    throw new Error(`${sql} was not seen: ${twin.lost ?? ran.undone ?? ran.refusal?.message}`)
  return claimsOf(statement, catalog, { ran }) as LockClaim[]
}
