import type { LockWait, OtherSession, Traffic } from '../domain/traffic.js'
import { clean, formatMs, plural, shorten } from './words.js'

const longestQuery = 200

/** `pid 4711 (psql, anna@10.0.0.1), idle in transaction for 3 min 5 s` */
export function formatSession({
  pid,
  applicationName,
  user,
  client,
  state,
  stateAgeMs,
  query,
}: OtherSession): string {
  if (pid === 0) return 'a prepared transaction'
  const who = [applicationName, user && `${user}@${client ?? 'local'}`].filter(Boolean).map(clean).join(', ')
  const doing = state === null ? '' : `, ${state}${stateAgeMs === null ? '' : ` for ${formatMs(stateAgeMs)}`}`
  const text = query === undefined ? '' : `: ${shorten(clean(query), longestQuery)}`
  return `pid ${pid}${who ? ` (${who})` : ''}${doing}${text}`
}

/** The same with what the deploy waits for: `…; ACCESS EXCLUSIVE on public.orders`. */
export function formatBlocker({ session, relation, mode }: LockWait): string {
  const what = [mode, relation && `on ${clean(relation)}`].filter(Boolean).join(' ')
  return `${formatSession(session)}${what ? `; wanted: ${what}` : ''}`
}

/** What a person can do about a session that the deploy waits for. */
export function adviseOn({ pid, applicationName, state }: OtherSession): string {
  if (pid === 0) return 'end it with COMMIT PREPARED or ROLLBACK PREPARED'
  if (applicationName === 'autovacuum worker') return 'it gives way by itself, unless it prevents wraparound'
  if (state?.startsWith('idle in transaction'))
    return `commit or roll back there, or end it in SQL: SELECT pg_terminate_backend(${pid})`
  return `let it finish, or cancel it in SQL: SELECT pg_cancel_backend(${pid})`
}

/** What the deploy had to do with others, a line each; nothing when it met nobody. */
export function formatTraffic(traffic: Traffic): string[] {
  const { waitedFor, waitedForCount, madeWait, madeWaitCount, gaveWay, terminated, notSeen } = traffic
  const times = (wait: LockWait) => `${formatMs(wait.waitedMs)}: ${formatBlocker(wait)}`
  return [
    ...(notSeen === undefined
      ? []
      : [
          `NOT ALL WAITS WERE SEEN: the watch on other sessions was not there all the time: ${clean(notSeen)}`,
        ]),
    ...waitedFor.map((wait) => `the deploy waited ${times(wait)}`),
    ...moreThan(waitedFor, waitedForCount, 'that the deploy waited for'),
    ...madeWait.map((wait) => `waited for the deploy ${times(wait)}`),
    ...moreThan(madeWait, madeWaitCount, 'that waited for the deploy'),
    ...(gaveWay === 0 ? [] : [`the deploy gave way to others ${plural(gaveWay, 'time')}`]),
    ...terminated.map((session) => `ended by --terminate-blockers: ${formatSession(session)}`),
  ]
}

function moreThan(told: readonly LockWait[], count: number, which: string): string[] {
  const more = count - told.length
  return more > 0 ? [`${plural(more, 'more session')} ${which}`] : []
}
