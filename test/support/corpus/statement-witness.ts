import type pg from 'pg'
import type { LockMode } from '../../../src/domain/lock-mode.js'
import type { ForecastFile } from '../../../src/forecast/file.js'
import type { LockClaim } from '../../../src/forecast/locks/claim.js'
import { setsTransaction } from '../../../src/sql/transaction-rules.js'
import type { StatementWatch } from '../forecast.js'
import {
  differencesOf,
  type Known,
  locksOf,
  newFiles,
  newReads,
  readsOf,
  relationsOf,
  type Witness,
} from '../lock-watch.js'

/** What one statement of a chain did, in a transaction that others have run in before it. */
interface Seen extends Witness {
  readonly at: string
  readonly before: readonly Known[]
  readonly heldBefore: ReadonlyMap<string, LockMode>
  readonly ownFiles: ReadonlySet<string>
}

/** Looks, after each statement, at what its transaction holds, has read and has put into a new file. */
export class StatementWitness implements StatementWatch {
  readonly #seen: Seen[] = []
  #before: Known[] = []
  #reads = new Map<string, number>()
  /** By oid, because a statement may change names. */
  #held = new Map<string, LockMode>()
  #atBegin = new Map<string, string>()
  #pid = 0
  #isWatching = false
  /** What was there before the first file. */
  #live: ReadonlySet<string> | undefined

  constructor(
    private readonly client: pg.Client,
    private readonly serverVersion: number,
  ) {}

  async beforeFile({ statements }: ForecastFile, isWhole: boolean): Promise<void> {
    // SET TRANSACTION must come before any question of ours.
    this.#isWatching = isWhole && !statements.some(setsTransaction)
    if (!this.#isWatching) return
    const { rows } = await this.client.query('SELECT pg_catalog.pg_backend_pid() AS pid')
    this.#pid = rows[0].pid
    this.#before = await this.#relations()
    this.#atBegin = new Map(this.#before.map(({ oid, file }) => [oid, file]))
    this.#live ??= new Set(this.#before.map(({ oid }) => oid))
    this.#reads = await readsOf(this.client)
    this.#held = new Map()
  }

  async afterStatement(at: string): Promise<void> {
    if (!this.#isWatching) return
    // Nobody else waits for the TOAST table of a table that the files make, and none is claimed. One that is rewritten
    // gets another TOAST table.
    const live = new Set(this.#before.filter(({ oid }) => this.#live?.has(oid)).map(({ name }) => name))
    const before = this.#before.filter(
      ({ name }) => !name.startsWith('toast ') || live.has(name.replace(/^toast (index )?of /, '')),
    )
    const byOid = await locksOf(
      this.client,
      this.#pid,
      before.map(({ oid, file }) => ({ oid, file, name: oid })),
    )
    const after = await this.#relations()
    const reads = await readsOf(this.client)
    const named = (held: ReadonlyMap<string, LockMode>) =>
      new Map(before.flatMap(({ oid, name }) => (held.has(oid) ? [[name, held.get(oid) as LockMode]] : [])))
    this.#seen.push({
      at,
      before,
      locks: named(byOid),
      heldBefore: named(this.#held),
      ownFiles: new Set(
        before.filter(({ oid, file }) => this.#atBegin.get(oid) !== file).map(({ name }) => name),
      ),
      newFiles: newFiles(before, after),
      reads: newReads(before, this.#reads, reads),
    })
    this.#before = after
    this.#reads = reads
    const afterOids = new Set(after.map(({ oid }) => oid))
    // What the statement has made is locked by it too; the next statement finds that lock.
    this.#held = await locksOf(
      this.client,
      this.#pid,
      after.map(({ oid, file }) => ({ oid, file, name: oid })),
    )
    for (const oid of this.#held.keys()) if (!afterOids.has(oid)) this.#held.delete(oid)
  }

  /** The server also puts keywords into quotes; the claims do not know which words are. */
  async #relations(): Promise<Known[]> {
    const relations = await relationsOf(this.client)
    return relations.map((one) => ({
      ...one,
      name: one.name.replaceAll(/"([a-z_][a-z0-9_$]*)"/g, '$1').replace(/\bpg_temp_\d+\./, 'pg_temp.'),
    }))
  }

  /**
   * Where the claims of the statements that really ran differ from what they did, one line each.
   * @param seenOnTwin of the others the claims are what the text tells
   */
  differences(claims: ReadonlyMap<string, readonly LockClaim[]>, seenOnTwin: ReadonlySet<string>): string[] {
    return this.#seen.flatMap(({ at, before, heldBefore, ownFiles, ...witness }) =>
      differencesOf(claims.get(at) ?? [], witness, this.serverVersion, {
        heldBefore,
        ownFiles,
        isByText: !seenOnTwin.has(at),
        nameOf: (claim) => nameBefore(claim, before),
      }).map((line) => `${at}: ${line}`),
    )
  }
}

/**
 * What the target of a claim was called when the statement came to it. The model's object has its last name by now; the
 * claim keeps the one that it had, without a schema where the search path led to it.
 */
function nameBefore({ target, name }: LockClaim, before: readonly Known[]): string {
  const known = (oid: number | undefined) =>
    oid === undefined ? undefined : before.find((one) => one.oid === String(oid))?.name
  const schema =
    target.kind === 'sequence'
      ? target.sequence.schema
      : target.kind === 'composite type'
        ? target.type.schema
        : target.relation.schema
  const quoted = name.replace(/^TOAST (table|index) of /, '')
  const inLastSchema = qualified(quoted, schema)
  // It may have been moved since.
  const isThere = before.some((one) => one.name === inLastSchema)
  const own = isThere ? inLastSchema : qualified(quoted, 'public')
  switch (target.kind) {
    case 'relation':
      return known(target.relation.oid) ?? own
    case 'index':
      return known(target.index.oid) ?? own
    case 'toast':
    case 'toast index':
      return `${target.kind} of ${known(target.relation.oid) ?? own}`
    case 'sequence':
      return known(target.sequence.oid) ?? own
    case 'composite type':
      return own
  }
}

/** `"name"` or `"schema"."name"` as the server's `format('%I.%I')` has it. */
function qualified(quoted: string, schema: string): string {
  const parts = [...quoted.matchAll(/"((?:[^"]|"")*)"/g)].map(([, part = '']) => part.replaceAll('""', '"'))
  const [first = '', second] = parts
  return second === undefined ? `${bare(schema)}.${bare(first)}` : `${bare(first)}.${bare(second)}`
}

function bare(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
