/** A session that holds one of the two locks that keep deploys apart. */
export interface LockHolder {
  /** `migrate-guard`: the deploy lock of a guard. `prisma`: the one that every `prisma migrate` command takes. */
  readonly lock: 'migrate-guard' | 'prisma'
  /** The process id of the session on the server. */
  readonly pid: number
  readonly applicationName: string
  readonly user: string | null
  /** The client's address; null for a local socket, or where the role may not see it. */
  readonly client: string | null
  /** `2026-11-20 12:00:00 UTC`; null where the role may not see it. */
  readonly since: string | null
  /** `active`, `idle`, …; null where the role may not see it. */
  readonly state: string | null
  /** What a guard tells of itself; absent for others, and where the role may not see it. */
  readonly run?: LockingRun
}

/** A run that holds the deploy lock. */
export interface LockingRun {
  readonly runId: string
  /** `user@host`, as the machine of the run names them. */
  readonly by: string
  /** The process id of the guard on that machine. */
  readonly processId: number
  /** When it got the lock, by the server's clock; absent while it tries. */
  readonly since?: string
}

/** Who it is, in one line: run, user@host, role, address, process id, since when. */
export function describeHolder(holder: LockHolder): string {
  const { run, applicationName, user, client, pid } = holder
  const who = run
    ? `run ${run.runId} by ${run.by} (process ${run.processId})`
    : `"${applicationName || 'a session without a name'}"`
  const role = user === null ? '' : ` as "${user}"`
  return `${who}${role} from ${client ?? 'a local socket'} (pid ${pid}), since ${holder.since ?? 'when cannot be seen'}`
}
