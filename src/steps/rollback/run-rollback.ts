// THE TARGET IS WRITTEN: the way back runs, and its migrations are noted as rolled back, in one transaction.
import type { CatalogObject } from '../../domain/catalog-object.js'
import { CheckError, DeployError, LockedError, VerificationError } from '../../domain/errors.js'
import { effect } from '../../effects/effect.js'
import { readCatalog } from '../../postgres/catalog.js'
import { formatCatalogDifference } from '../../postgres/catalog-fingerprint/format.js'
import { type Client, cutConnection, withConnection } from '../../postgres/connection.js'
import type { DeployLock } from '../../postgres/deploy-lock.js'
import { prismaLockKey } from '../../postgres/lock-holders.js'
import { assertLockedBy } from '../../prisma/engine-host/locked-by.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { readHistory } from '../../prisma/history.js'
import { quoteRelation } from '../../sql/names.js'
import { applicationName, type Tools, withTargetThroughout } from '../tools.js'
import { otherWays, wayOf } from './catalog-way.js'
import type { ChosenRollback } from './choose.js'
import type { RehearsedRollback } from './rehearse-rollback.js'

/**
 * Runs the way back and looks what became of it. The rows of the history end as `prisma migrate resolve --rolled-back` would leave
 * them, by the last statement of the same transaction: so that what the history says is what happened.
 * @param onUnchanged called when nothing of it was seen to be there
 * @returns the catalog of before
 * @throws DeployError `rollback-failed`, `rollback-unknown`
 */
export async function runRollbackOn(
  chosen: ChosenRollback,
  lock: DeployLock,
  onUnchanged: () => void,
  tools: Tools,
): Promise<readonly CatalogObject[]> {
  const before = await readObjects(tools)
  let problem: Error | undefined
  try {
    await runOnTarget(chosen, lock, tools)
  } catch (error) {
    problem = error as Error
    if (!(error instanceof LockedError)) await untilSessionIsGone(tools, problem)
  }
  if (!(await isNoted(chosen, tools))) {
    onUnchanged()
    if (problem instanceof LockedError) throw problem
    throw new DeployError(
      'rollback-failed',
      `nothing was taken back: ${problem?.message ?? 'the history does not say so'}`,
      {
        databaseUnchanged: true,
        hint: 'The transaction was rolled back. Correct the cause, then run the command again.',
        ...(problem ? { cause: problem } : {}),
      },
    )
  }
  return before
}

const mostWaitMs = 30_000

/**
 * A session whose connection was cut may still commit. It holds Prisma's lock until its end: who gets the lock sees how it ended.
 * @throws DeployError `rollback-unknown`
 */
async function untilSessionIsGone(tools: Tools, cause: Error): Promise<void> {
  await withTargetThroughout(tools, async (client) => {
    await client.query(`SET lock_timeout = ${mostWaitMs}`)
    await client.query('SELECT pg_catalog.pg_advisory_lock($1)', [prismaLockKey])
  }).catch((error: Error) => {
    throw new DeployError(
      'rollback-unknown',
      `how the rollback ended is not known: ${cause.message}; ${error.message}`,
      {
        databaseUnchanged: false,
        hint: 'Run npx migrate-guard status: it lists which migrations are applied, and the catalog goes with the history.',
        cause,
      },
    )
  })
}

function readObjects(tools: Tools): Promise<readonly CatalogObject[]> {
  return withTargetThroughout(tools, async (client) => (await readCatalog(client)).objects)
}

/**
 * Looks whether the catalog changed as it did on the copy.
 * @throws VerificationError `rollback-differs`
 */
export async function verifyRollback(
  rehearsed: RehearsedRollback,
  before: readonly CatalogObject[],
  tools: Tools,
): Promise<void> {
  const { missing, more } = otherWays(rehearsed.way, wayOf(before, await readObjects(tools)))
  const [first] = [...missing, ...more]
  if (first === undefined) return
  throw new VerificationError(
    'rollback-differs',
    `the migrations are taken back, and the catalog changed otherwise than on the copy: ${formatCatalogDifference(first)}`,
    {
      hint: 'Find out who else changed the schema meanwhile: npx migrate-guard drift names every difference.',
    },
  )
}

async function runOnTarget(
  { script, rowIds }: ChosenRollback,
  lock: DeployLock,
  tools: Tools,
): Promise<void> {
  const { settings, signal } = tools
  const { target, lockTimeoutMs, retries, statementTimeoutMs } = settings
  const session = {
    applicationName: applicationName(tools, 'rollback'),
    runsUserSql: true,
    parameters: { statement_timeout: String(statementTimeoutMs) },
  }
  await withConnection(target, session, async (client) => {
    const cut = () => cutConnection(client)
    signal.addEventListener('abort', cut, { once: true })
    try {
      if (signal.aborted) throw stopped()
      await takePrismaLock(client)
      await assertLockedBy(client, lock.pid)
      await effect('rollback.run', () =>
        runScript(client, `${script}\n${noteRolledBack(target.schema, rowIds)}`, {
          lockTimeoutMs,
          retries,
          onEvent: () => undefined,
        }),
      )
    } catch (error) {
      throw signal.aborted ? stopped() : error
    } finally {
      signal.removeEventListener('abort', cut)
    }
  })
}

function stopped(): CheckError {
  return new CheckError('interrupted', 'the run was cancelled', {
    hint: 'Run the command again when you are ready.',
  })
}

/** Fails where a row is not as it was when the rollback was planned: the transaction then leaves nothing. */
function noteRolledBack(schema: string, rowIds: readonly string[]): string {
  const table = quoteRelation(schema, '_prisma_migrations')
  const ids = rowIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')
  return `DO $guard$ DECLARE noted int; BEGIN
  UPDATE ${table} SET rolled_back_at = pg_catalog.now()
   WHERE id IN (${ids}) AND finished_at IS NOT NULL AND rolled_back_at IS NULL;
  GET DIAGNOSTICS noted = ROW_COUNT;
  IF noted <> ${rowIds.length} THEN RAISE EXCEPTION 'the migration history changed meanwhile'; END IF;
END $guard$;`
}

/** No bare prisma command deploys beside it; the lock goes with the connection. */
async function takePrismaLock(client: Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_catalog.pg_try_advisory_lock($1) AS taken', [prismaLockKey])
  if (rows[0].taken) return
  throw new LockedError('prisma-locked', "another session holds Prisma's migration lock", {
    hint: 'Wait for that prisma command to end and run the command again; npx migrate-guard lock shows the holder.',
  })
}

async function isNoted({ rowIds }: ChosenRollback, tools: Tools): Promise<boolean> {
  const history = await withTargetThroughout(tools, (client) =>
    readHistory(client, tools.settings.target.schema),
  )
  return rowIds.every((id) => history.some((row) => row.id === id && row.rolledBackAt !== null))
}
