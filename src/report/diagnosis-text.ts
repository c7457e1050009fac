import type { Diagnosis, MigrationStanding, Resolution, UnfinishedMigration } from '../domain/diagnosis.js'
import { formatStanding } from './standing-text.js'
import { clean } from './words.js'

/** What `migrate-guard status` says of the state; empty when there is nothing to say. */
export function formatDiagnosis({ unfinished, run, prismaLock, deployLock }: Diagnosis): string[] {
  return [
    ...(run ? [`state       after run ${run.runId}: ${formatStanding(run.standing)}`] : []),
    ...unfinished.map(
      ({ name, startedAt }) =>
        `unfinished  P3009: "${name}" was started at ${startedAt} and never finished; what of it is there, and what to do: npx migrate-guard resolve`,
    ),
    ...(prismaLock ? [`locked      Prisma's migration lock is held by ${prismaLock}`] : []),
    ...(deployLock ? [`locked      the deploy lock is held by ${deployLock}`] : []),
  ].map(clean)
}

/** What is there and what would be done, before anybody is asked. */
export function formatResolution(
  { name, startedAt }: UnfinishedMigration,
  standing: MigrationStanding,
  resolution: Resolution,
): string {
  const lines = [
    `migration   "${name}", started at ${startedAt} and never finished (P3009)`,
    `in the database  ${formatMigrationStanding(standing)}`,
    ...standing.evidence.map((line) => `  - ${line}`),
    ...standing.invalidIndexes.map((index) => `  - index ${index} is not valid`),
    `to do       ${formatAction(name, resolution)}`,
  ]
  return lines.map(clean).join('\n')
}

/** How much of one migration is in the database. */
export function formatMigrationStanding({ kind, statements, why }: MigrationStanding): string {
  switch (kind) {
    case 'none':
      return 'nothing of it'
    case 'all':
      return 'all of it'
    case 'part':
      return `its first ${statements === 1 ? 'statement' : `${statements} statements`}`
    case 'unknown':
      return `unknown: ${why}`
  }
}

function formatAction(name: string, resolution: Resolution): string {
  const drop =
    'dropIndexes' in resolution && resolution.dropIndexes.length > 0
      ? `drop the invalid index ${resolution.dropIndexes.join(', ')} (DROP INDEX CONCURRENTLY), then `
      : ''
  switch (resolution.kind) {
    case 'nothing':
      return 'nothing'
    case 'mark-rolled-back':
      return `${drop}mark "${name}" as rolled back in the migration history; the next deploy runs it again`
    case 'mark-applied':
      return `${drop}mark "${name}" as applied in the migration history`
    case 'run-rest':
      return `${drop}run "${name}" from statement ${resolution.from} to its end, then mark it as applied`
    case 'refuse':
      return 'nothing: what is not known is not guessed'
  }
}
