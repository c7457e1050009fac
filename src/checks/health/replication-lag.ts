import type { Finding } from '../../domain/finding.js'
import { formatBytes, formatMs, plural } from '../../domain/quantities.js'
import type { Check, CheckContext } from '../check.js'
import { notVisible } from './sessions.js'

/** Four segments of write-ahead log: a standby that keeps up is never so far behind. */
export const lagBytes = 64 * 1024 ** 2

/** For so long readers on the standby would go on seeing the schema of before. */
export const lagMs = 10_000

interface Receiver {
  readonly name: string
  readonly hidden: boolean
  readonly lagBytes: number | null
  readonly lagMs: number | null
}

/** Standbys and subscribers that have not yet replayed what the server has written. */
export function replicationLagCheck(limits: { readonly lagBytes: number; readonly lagMs: number }): Check {
  return {
    code: 'replication-lag',
    title: 'every standby and subscriber has caught up',
    steps: ['check', 'verify'],
    find: async (reader, { step }) => {
      const { rows } = await reader.query(`
        SELECT r.application_name AS name, r.state IS NULL AS hidden,
               pg_catalog.date_part('epoch', r.replay_lag) * 1000 AS "lagMs",
               pg_catalog.pg_wal_lsn_diff(now.lsn, COALESCE(r.replay_lsn, r.flush_lsn, r.sent_lsn))::float8 AS "lagBytes"
          FROM pg_catalog.pg_stat_replication r,
               (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                            ELSE pg_catalog.pg_current_wal_lsn() END AS lsn) AS now
         WHERE r.state IS DISTINCT FROM 'backup'
         ORDER BY 1`)
      const receivers = rows as unknown as Receiver[]
      const hidden = receivers.filter((receiver) => receiver.hidden).length
      const behind = receivers.filter(
        (receiver) => (receiver.lagBytes ?? 0) >= limits.lagBytes || (receiver.lagMs ?? 0) >= limits.lagMs,
      )
      const findings = behind.map((receiver) => findingFor(receiver, step))
      if (hidden === 0) return findings
      const message = `this role may not see how far ${plural(hidden, 'standby or subscriber')} ${hidden === 1 ? 'is' : 'are'} behind`
      return [...findings, await notVisible('pg_stat_replication', message, step, reader)]
    },
  }
}

export const replicationLag = replicationLagCheck({ lagBytes, lagMs })

function findingFor(receiver: Receiver, step: CheckContext['step']): Finding {
  const { name } = receiver
  const parts = [
    receiver.lagBytes === null ? '' : `${formatBytes(receiver.lagBytes)} of write-ahead log`,
    receiver.lagMs === null ? '' : formatMs(receiver.lagMs),
  ].filter(Boolean)
  return {
    code: 'replication-lag',
    kind: 'health',
    verdict: 'warn',
    step,
    object: name,
    message: `"${name}" is ${parts.join(' and ')} behind`,
    hint: 'Let it catch up first: until then its readers see the old schema, and a synchronous standby holds up every commit.',
  }
}
