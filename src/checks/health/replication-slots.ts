import type { Finding } from '../../domain/finding.js'
import { formatBytes } from '../../domain/quantities.js'
import type { Check, CheckContext } from '../check.js'

/** max_wal_size as the server comes: so much it keeps anyway. */
export const retainedBytes = 1024 ** 3

interface Slot {
  readonly name: string
  readonly type: string
  readonly active: boolean
  readonly lost: boolean
  /** Null when the slot keeps none. */
  readonly retainedBytes: number | null
}

/**
 * A slot keeps every byte of write-ahead log that its consumer has not confirmed, until the disk is full; what the deploy
 * writes comes on top: https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS
 */
export function replicationSlotsCheck(limitBytes: number): Check {
  return {
    code: 'replication-slot',
    title: 'every replication slot is in use and keeps up',
    steps: ['check', 'verify'],
    find: async (reader, { step }) => {
      const { rows } = await reader.query(`
        SELECT s.slot_name AS name, s.slot_type AS type, s.active, (s.wal_status = 'lost') IS TRUE AS lost,
               pg_catalog.pg_wal_lsn_diff(now.lsn, s.restart_lsn)::float8 AS "retainedBytes"
          FROM pg_catalog.pg_replication_slots s,
               (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                            ELSE pg_catalog.pg_current_wal_lsn() END AS lsn) AS now
         ORDER BY s.slot_name`)
      return (rows as unknown as Slot[]).flatMap((slot) => {
        const trouble = troubleOf(slot, limitBytes)
        return trouble === undefined ? [] : [findingFor(slot, trouble, step)]
      })
    },
  }
}

export const replicationSlots = replicationSlotsCheck(retainedBytes)

function troubleOf(slot: Slot, limitBytes: number): string | undefined {
  if (slot.lost) return 'has lost write-ahead log that its consumer still needs'
  if (slot.retainedBytes === null) return undefined
  const kept = `${formatBytes(slot.retainedBytes)} of write-ahead log`
  if (!slot.active) return `is not in use and keeps ${kept}`
  return slot.retainedBytes > limitBytes ? `is ${kept} behind` : undefined
}

function findingFor({ name, type }: Slot, trouble: string, step: CheckContext['step']): Finding {
  return {
    code: 'replication-slot',
    kind: 'health',
    verdict: 'warn',
    step,
    object: name,
    message: `the ${type} replication slot "${name}" ${trouble}`,
    hint: 'Start its consumer and let it catch up; when there is none any more, drop the slot with pg_drop_replication_slot().',
  }
}
