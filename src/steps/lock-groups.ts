import { join } from 'node:path'
import type { LockGroup } from '../domain/lock-group.js'
import type { Plan } from '../domain/plan.js'
import { writePrivateFile } from '../effects/private-files.js'
import type { LockGroupsFile } from '../prisma/engine-host/lock-first.js'
import type { Tools } from './tools.js'

/** Tells our engine which locks to take up front; gives where, and nothing when there are none. */
export async function writeLockGroups(
  { pending }: Plan,
  { scratchFolder }: Tools,
): Promise<{ readonly lockFirstFile?: string }> {
  const groups: LockGroupsFile = Object.fromEntries(
    pending.flatMap(({ name, lockFirst = [] }) => (lockFirst.length > 0 ? [[name, lockFirst]] : [])),
  )
  if (Object.keys(groups).length === 0) return {}
  const lockFirstFile = join(scratchFolder, 'lock-first.json')
  await writePrivateFile(lockFirstFile, JSON.stringify(groups))
  return { lockFirstFile }
}

/** The plan with the locks that are taken up front. Its hash does not name them, and Prisma's own engine takes none. */
export function withLockGroups(plan: Plan, lockFirst: ReadonlyMap<string, readonly LockGroup[]>): Plan {
  if (plan.engine !== 'hosted') return plan
  const pending = plan.pending.map((migration) => {
    const groups = lockFirst.get(migration.name)
    return groups ? { ...migration, lockFirst: groups } : migration
  })
  return Object.freeze({ ...plan, pending })
}
