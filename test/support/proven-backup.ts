import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isProven, type ProvenBackup } from '../../src/domain/backup.js'
import type { Plan } from '../../src/domain/plan.js'
import type { TargetAddress } from '../../src/domain/target.js'
import { withConnection } from '../../src/postgres/connection.js'
import { readTargetIdentity } from '../../src/postgres/identity.js'
import { withRehearsalDatabase } from '../../src/postgres/rehearsal-database/open.js'
import type { RehearsalDatabase, RehearsalPlace } from '../../src/postgres/rehearsal-database/request.js'
import { type Snapshot, takeSnapshot } from '../../src/postgres/snapshot.js'
import { backup } from '../../src/steps/backup.js'
import { type RestoredBackup, restoreBackup } from '../../src/steps/rehearsal/restore-backup.js'
import type { Tools } from '../../src/steps/tools.js'

/** What the steps backup and rehearse work with, of a run of their own. */
export interface BackupRun {
  readonly plan: Plan
  readonly tools: Tools
  /** Makes the guard's own backup of what the snapshot shows. */
  backUp(snapshot: Snapshot): Promise<ProvenBackup>
  /** Restores it and compares it with its manifest; `work` looks at the copy while it is there. */
  restore<T>(
    backup: ProvenBackup,
    options: RestoreOptions,
    work: (database: RehearsalDatabase, restored: RestoredBackup) => Promise<T>,
  ): Promise<T>
}

export interface RestoreOptions {
  readonly place: RehearsalPlace
  /** More options for pg_restore, to make a copy that is not exact. */
  readonly restoreWith?: readonly string[]
}

/** Lends a run with its folders for the database of the address. */
export async function withBackupRun<T>(
  target: TargetAddress,
  work: (run: BackupRun) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'guard-test-backup-'))
  const tools = {
    settings: { target, jobs: 2, accept: [] },
    screen: { print: () => undefined, progress: () => undefined },
    signal: new AbortController().signal,
    runId: '20261120T043400Z-shop',
    runFolder: folder,
    scratchFolder: await mkdtemp(join(folder, 'scratch-')),
  } as unknown as Tools
  try {
    return await withConnection(
      target,
      { applicationName: 'test target', readOnly: true },
      async (client) => {
        const targetIdentity = await readTargetIdentity(client, target)
        const plan = { target: targetIdentity } as Plan
        return work({
          plan,
          tools,
          backUp: async (snapshot) => {
            const made = await backup(plan, snapshot, tools)
            if (!isProven(made)) throw new Error('no backup was made')
            return made
          },
          restore: (made, { place, restoreWith = [] }, look) =>
            withRehearsalDatabase(
              {
                place,
                target,
                targetIdentity,
                targetClient: client,
                runId: tools.runId,
                signal: tools.signal,
              },
              async (database) => {
                const { restorable } = database
                const options = [...restorable.options, ...restoreWith]
                const worse = { ...database, restorable: { ...restorable, options } }
                return look(database, await restoreBackup(worse, plan, made, tools))
              },
            ),
        })
      },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Backs up, restores and compares, all of it with the steps' own functions. */
export async function proveBackup<T>(
  target: TargetAddress,
  options: RestoreOptions,
  work: (database: RehearsalDatabase, restored: RestoredBackup) => Promise<T>,
): Promise<T> {
  return withBackupRun(target, async (run) => {
    const snapshot = await takeSnapshot(target, { applicationName: 'test snapshot' })
    const made = await run.backUp(snapshot).finally(() => snapshot.release())
    return run.restore(made, options, work)
  })
}
