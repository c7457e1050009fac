import { describeHolder, type LockHolder } from '../domain/lock-holder.js'
import { clean } from './words.js'

/** A holder, and the other sessions of its run, each with what the server says that it does. */
export interface SeenHolder extends LockHolder {
  readonly sessions: readonly { readonly applicationName: string; readonly state: string | null }[]
}

const lockNames = { 'migrate-guard': 'deploy lock', prisma: "prisma's lock" } as const
const labelLength = 13

/** Both locks, each with its holder or `nobody`, and what the holder does. */
export function formatLockHolders(holders: readonly SeenHolder[]): string {
  const lines = (['migrate-guard', 'prisma'] as const).flatMap((lock) => {
    const held = holders.filter((holder) => holder.lock === lock)
    const texts = held.length === 0 ? ['nobody'] : held.flatMap(formatHolder)
    return texts.map((text, i) =>
      `${(i === 0 ? lockNames[lock] : '').padEnd(labelLength)}  ${text}`.trimEnd(),
    )
  })
  return lines.join('\n')
}

function formatHolder(holder: SeenHolder): string[] {
  const doing = (state: string | null) => state ?? 'what it does cannot be seen by your role'
  return [
    clean(describeHolder(holder)),
    `its session is: ${doing(holder.state)}`,
    ...holder.sessions.map(
      ({ applicationName, state }) => `of the same run: "${clean(applicationName)}", ${doing(state)}`,
    ),
  ]
}
