import type { GoBackPlan, LostWrites, RestoredBeside } from '../domain/go-back.js'
import { clean, formatBytes, formatCount, formatMs, plural } from './words.js'

const mostTables = 30

/** What going back would do and what is lost by it, before anybody is asked. */
export function formatGoBackPlan(plan: GoBackPlan): string {
  const { leftHalf, runId, database, restoredName, snapshotAt, sizeBytes, lost, gone, disk, notAsBefore } =
    plan
  const lines = [
    `go back     to the backup of run ${runId}: "${database}" as it was at ${snapshotAt}`,
    `to do       restore the backup (${formatBytes(sizeBytes)}) into a new database "${restoredName}" on the same server, and prove it value for value`,
    ...leftHalf.map(
      (name) => `            "${name}", which a killed run has left half restored, is dropped first`,
    ),
    `            "${database}" is neither changed nor dropped; the commands that swap the two are printed, for you to run`,
    'lost by the swap, as far as the server has counted (what the migrations wrote is in it too):',
    ...lost.slice(0, mostTables).map((table) => `  - ${formatLost(table)}`),
    ...(lost.length > mostTables ? [`  - ${plural(lost.length - mostTables, 'more table')}`] : []),
    ...gone.slice(0, mostTables).map((table) => `  - ${table} is not there any more; the backup has it`),
    ...(lost.length + gone.length === 0 ? ['  - nothing was written since'] : []),
    ...(notAsBefore.length > 0
      ? ['not as before:', ...notAsBefore.map((difference) => `  - ${difference}`)]
      : []),
    `disk        ${disk}`,
    `connected   ${plan.otherSessions === 0 ? 'nobody else' : plural(plan.otherSessions, 'other session')} right now`,
  ]
  return lines.map(clean).join('\n')
}

function formatLost({ schema, table, inserted, updated, deleted, atLeast }: LostWrites): string {
  const counts = `${formatCount(inserted)} inserted, ${formatCount(updated)} updated, ${formatCount(deleted)} deleted`
  return `${schema}.${table}: ${atLeast ? 'the counters were set back, so at least ' : ''}${counts}`
}

/** What stands restored, and what is left to do. */
export function formatRestoredBeside({
  database,
  restoreMs,
  tables,
  rows,
  accepted,
  copied,
  next,
}: RestoredBeside): string {
  const lines = [
    `restored    "${database}": every value of ${plural(tables, 'table')} (${plural(rows, 'row')}) and every object is as in the snapshot${accepted.length > 0 ? ', but for what was accepted' : ''}; in ${formatMs(restoreMs)}`,
    ...accepted.map((difference) => `  - accepted: ${difference}`),
    ...copied.map((statement) => `  - copied: ${statement}`),
    'Nothing is swapped yet. To go back:',
  ].map(clean)
  const steps = next.flatMap(({ text, commands }, at) => [
    clean(`${at + 1}. ${text}`),
    // Cleaned, a command would be another one.
    ...commands.map((command) => `   ${command}`),
  ])
  return [...lines, ...steps].join('\n')
}
